import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { KiB, MiB, type Bytes } from '#shared/units.ts';
import { isInside } from '#main/disk/is-inside.ts';

/** Names of ours beside what is unfinished, and trial files of a volume's first use. */
export const passingName = /(\.(part|progress|progress\.new|progress\.lock(~[^/]*)?)|(^|\/)\.distrishare-[^/]*)$/;

const hashOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
export const hashOfFile = (path: string): string => hashOf(readFileSync(path));

/** Files and folders below a folder, by path from there; folders end in `/`. */
export function pathsBelow(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const found: string[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      found.push(relative(folder, path) + (entry.isDirectory() ? '/' : ''));
      if (entry.isDirectory()) walk(path);
    }
  };
  walk(folder);
  return found;
}

/** A path that leads through a link is another name of what the user's files know by one alone. */
export function underOneName(path: string): string {
  const folder = dirname(path);
  if (folder === path) return path;
  return join(existsSync(folder) ? realpathSync(folder) : underOneName(folder), basename(path));
}

/**
 * What one person has put and changed by hand on a machine: the model that the disk is compared with. Every change is one that
 * others see whole or not at all, so that each content a file ever had is known (`everHad`).
 */
export class UserFiles {
  /** Hash of each file that is the user's. */
  readonly own = new Map<string, string>();
  /** Where the user did something by hand, so that nobody can say what must lie there. */
  readonly touched = new Set<string>();
  /** Hashes of everything that files of a name have ever held, on all machines. */
  readonly #everHad: Map<string, Set<string>>;
  readonly #random: () => number;
  readonly #staging: string;
  #number = 0;

  constructor(staging: string, random: () => number, everHad: Map<string, Set<string>>) {
    this.#staging = staging;
    this.#random = random;
    this.#everHad = everHad;
  }

  one<T>(choice: readonly T[]): T | undefined {
    return choice[Math.floor(this.#random() * choice.length)];
  }

  ownBelow(folder: string): string[] {
    return [...this.own.keys()].filter((path) => isInside(folder, path));
  }

  /** Whole at once: written elsewhere and moved there, as many programs save. */
  put(path: string, data: Buffer): void {
    mkdirSync(dirname(path), { recursive: true });
    const staged = join(this.#staging, `staged ${this.#number++}`);
    writeFileSync(staged, data);
    this.#isOn(path, hashOf(data));
    renameSync(staged, path);
    this.#mine(path, hashOf(data));
  }

  randomData(largest: Bytes): Buffer {
    const kind = this.#random();
    const bytes = kind < 0.08 ? 0 : kind < 0.6 ? Math.floor(this.#random() * 40 * KiB) : kind < 0.9 ? Math.floor(this.#random() * 900 * KiB) : Math.floor(this.#random() * largest);
    return this.#fill(bytes);
  }

  dataOf(bytes: Bytes): Buffer {
    return this.#fill(bytes);
  }

  /** Not compressible, and nobody else's. */
  noise(bytes: Bytes): Buffer {
    return randomBytes(bytes);
  }

  /** Nothing but a hole with a few bytes in it. */
  putSparse(path: string, bytes: Bytes): void {
    mkdirSync(dirname(path), { recursive: true });
    const staged = join(this.#staging, `staged ${this.#number++}`);
    writeFileSync(staged, this.#fill(64));
    truncateSync(staged, bytes);
    const hash = hashOfFile(staged);
    this.#isOn(path, hash);
    renameSync(staged, path);
    this.#mine(path, hash);
  }

  #fill(bytes: Bytes): Buffer {
    const data = Buffer.alloc(bytes);
    for (let at = 0; at + 4 <= bytes; at += 4 * KiB) data.writeUInt32LE(Math.floor(this.#random() * 2 ** 32), at);
    return data;
  }

  /** A few bytes in the middle, at the end, or less of it: a state, and the next one. */
  changeInPlace(path: string): void {
    const fd = openSync(path, 'r+');
    try {
      const { size } = fstatSync(fd);
      const kind = this.#random();
      const data = readFileSync(fd);
      const extra = this.#fill(1 + Math.floor(this.#random() * 3 * KiB));
      const cut = Math.floor(this.#random() * size);
      const next = kind < 0.35 ? Buffer.concat([data, extra]) : kind < 0.6 ? data.subarray(0, cut) : Buffer.concat([data.subarray(0, cut), Buffer.from('!'), data.subarray(cut + 1)]);
      this.#isOn(path, hashOf(next));
      if (kind < 0.35) writeSync(fd, extra, 0, extra.length, size);
      else if (kind < 0.6) ftruncateSync(fd, cut);
      else writeSync(fd, '!', cut);
    } finally {
      closeSync(fd);
    }
    this.#mine(path, hashOfFile(path));
  }

  move(from: string, to: string): void {
    if (existsSync(to)) return;
    mkdirSync(dirname(to), { recursive: true });
    for (const path of lstatSync(from).isDirectory() ? pathsBelow(from).filter((each) => !each.endsWith('/')) : ['']) {
      const hash = this.own.get(join(from, path));
      if (hash !== undefined) this.#isOn(join(to, path), hash);
    }
    renameSync(from, to);
    this.touched.add(from).add(to);
    const moved = [...this.own].filter(([path]) => path === from || isInside(from, path));
    for (const [path] of moved) this.own.delete(path);
    for (const [path, hash] of moved) this.#mine(path === from ? to : join(to, relative(from, path)), hash);
  }

  /** A received file that is moved is the user's from then on. */
  adopt(path: string): void {
    const hash = hashOfFile(path);
    this.#isOn(path, hash);
    this.#mine(path, hash);
  }

  remove(path: string): void {
    rmSync(path, { recursive: true, force: true });
    this.touched.add(path);
    for (const own of [...this.own.keys()]) if (own === path || isInside(path, own)) this.own.delete(own);
  }

  isTouched(path: string): boolean {
    const real = underOneName(path);
    return [...this.touched].some((each) => each === real || isInside(each, real));
  }

  /** The user's files that are not as the user left them. */
  damaged(): string[] {
    return [...this.own].flatMap(([path, hash]) => (!existsSync(path) ? [`${path} is gone`] : hashOfFile(path) === hash ? [] : [`${path} is another one`]));
  }

  #isOn(path: string, hash: string): void {
    const name = basename(path);
    const known = this.#everHad.get(name) ?? new Set();
    this.#everHad.set(name, known.add(hash));
  }

  #mine(path: string, hash: string): void {
    this.own.set(path, hash);
    this.touched.add(path);
  }
}

/** Names as people, and people who want to break something, give them. */
export const oddNames = ['plain.txt', 'ünïcødé 日本語 🎈.dat', '-rf --help.txt', 'a.part', 'x.progress', 'CON', 'trailing dot.', 'what?*.txt', "quote'\".md", '.hidden', 'name (2).txt', 'é'.repeat(100), 'back\\slash', 'colon:here', '\u202egpj.exe', 'tab\there', '%41%2f', '100% #1;&'];
export const largestBytes = 6 * MiB;
