import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KiB, MiB } from '#shared/units.ts';
import { foundAt, type Found, type SourceFile } from './many-files.ts';

/** What a user may find. */
export interface Sight {
  /** Came, under their own names. */
  readonly there: readonly SourceFile[];
  /** Not there in any form, and not said to be done. */
  readonly awaited: readonly SourceFile[];
  readonly isDone: (file: SourceFile) => boolean;
  readonly isFree: (path: string) => boolean;
}

/** Somebody who works in a folder into which others download, whenever nobody downloads: changes what came and puts own files, also where others are to come. */
export class UserAtWork {
  /** What lies there by the user's hand, by path; none of it may be touched. */
  readonly own = new Map<string, Found>();
  /** Files that were changed when they were recorded as done: they are the user's now, and not fetched again. */
  readonly kept = new Set<SourceFile>();
  /** Files that the user put there as they are at the source. */
  readonly brought = new Set<SourceFile>();
  readonly #folder: string;
  readonly #source: string;
  readonly #random: () => number;
  #number = 0;

  constructor(folder: string, source: string, random: () => number) {
    this.#folder = folder;
    this.#source = source;
    this.#random = random;
  }

  act(sight: Sight): void {
    this.#change(this.#one(sight.there.filter((file) => !sight.isDone(file))), sight);
    this.#change(this.#one(sight.there), sight);
    this.#put(this.#one(sight.awaited));
    this.#put(this.#one(sight.awaited.filter(({ bytes }) => bytes > 64 * KiB)));
    this.#putBeside(this.#one(sight.awaited.filter(({ bytes }) => bytes > 1 * MiB)), sight);
    this.#bring(this.#one(sight.awaited));
    this.#write(`own ${this.#number++}.${this.#random() < 0.5 ? 'part' : 'txt'}`, 100);
  }

  /** In place, or by a new file as many editors do; of the same length or another one. */
  #change(file: SourceFile | undefined, { isDone }: Sight): void {
    if (file === undefined || this.own.has(file.path)) return;
    const bytes = this.#random() < 0.5 ? file.bytes : 333;
    if (bytes === 0) return;
    if (isDone(file)) this.kept.add(file);
    if (this.#random() < 0.5) return this.#write(file.path, bytes);
    const passing = join(this.#folder, 'passing');
    writeFileSync(passing, randomBytes(bytes));
    renameSync(passing, join(this.#folder, file.path));
    this.#note(file.path);
  }

  #put(file: SourceFile | undefined): void {
    if (file === undefined || this.own.has(file.path)) return;
    this.#write(file.path, this.#random() < 0.5 ? Math.max(1, file.bytes) : 222);
  }

  /** Where an unfinished file has its part. */
  #putBeside(file: SourceFile | undefined, { isFree }: Sight): void {
    if (file !== undefined && isFree(`${file.path}.part`)) this.#write(`${file.path}.part`, 77);
  }

  #bring(file: SourceFile | undefined): void {
    if (file === undefined || this.own.has(file.path)) return;
    this.#makeFolderOf(file.path);
    copyFileSync(join(this.#source, file.path), join(this.#folder, file.path));
    this.brought.add(file);
    this.#note(file.path);
  }

  #write(path: string, bytes: number): void {
    this.#makeFolderOf(path);
    writeFileSync(join(this.#folder, path), randomBytes(bytes));
    this.#note(path);
  }

  #makeFolderOf(path: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
  }

  #note(path: string): void {
    this.own.set(path, foundAt(join(this.#folder, path)));
  }

  #one<T>(choice: readonly T[]): T | undefined {
    return choice[Math.floor(this.#random() * choice.length)];
  }
}
