import { close, fstatSync, open, read } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#shared/errors.ts';
import { KiB, second } from '#shared/units.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { FileRef } from '../ports/library.ts';
import { isInside } from '../../disk/is-inside.ts';
import { isVersion } from '../../disk/file-version.ts';
import { readFlagsNoFollow } from '../../disk/read-flags.ts';
import { partVersion, type PartialFile } from '../transfers/passing-on/shared-downloads.ts';
import type { BlockPart } from './batch-parts.ts';
import { SmallReads } from './small-reads.ts';

const openFile = promisify(open);
const closeFile = promisify(close);

/** Files up to this are read in trips of many, and not kept open. */
const smallFileBytes = 256 * KiB;
const keepOpenMs = 5 * second;
const filesKeptOpen = 64;

interface Handle {
  readonly file: FileRef;
  readonly fd: Promise<number>;
  users: number;
  idleSince: number;
}

/**
 * Files being sent, kept open between blocks. Every read looks whether the file is still the version that was asked for:
 * a changed file gives nothing, never bytes under an old id.
 */
export class OpenFiles {
  readonly #handles = new Map<string, Handle>();
  readonly #now: () => number;
  readonly #small: SmallReads;
  #sweeper: NodeJS.Timeout | null = null;

  constructor(hasher: Pick<Hasher, 'readSmall'>, now: () => number) {
    this.#small = new SmallReads(hasher);
    this.#now = now;
  }

  /** Fills `into` from `position`. False when the file is gone, not where it belongs, shorter or another version. */
  read(file: FileRef | PartialFile, position: number, into: Uint8Array<SharedArrayBuffer>): Promise<boolean> {
    return file.bytes <= smallFileBytes ? this.#small.read(file, position, into) : this.#readLarge(file, position, into);
  }

  /** Fills `into` with parts of small files, one after the other. Resolves with the files that were not what they should be. */
  readParts(parts: readonly BlockPart[], into: Uint8Array<SharedArrayBuffer>): Promise<readonly FileRef[]> {
    return this.#small.readParts(parts, into);
  }

  async #readLarge(file: FileRef | PartialFile, position: number, into: Uint8Array): Promise<boolean> {
    const handle = this.#take(file);
    try {
      const fd = await handle.fd;
      let filled = 0;
      while (filled < into.length) {
        const count = await readSome(fd, into, filled, position + filled);
        if (count === 0) return false;
        filled += count;
      }
      // No trip to another thread: right after a read the system knows this of an open file, wherever that lies.
      const stats = fstatSync(fd, { bigint: true });
      return 'verified' in file && file.isArriving ? file.version === partVersion(stats) : isVersion(file.version, stats);
    } catch {
      // Not there or not readable now: whoever asked hears that it is gone.
      return false;
    } finally {
      handle.users--;
      handle.idleSince = this.#now();
    }
  }

  async close(): Promise<void> {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    const all = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.all(all.map(closeHandle));
  }

  #take(file: FileRef): Handle {
    const key = `${file.diskPath}\0${file.version}`;
    const known = this.#handles.get(key);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const handle: Handle = { file, fd: openInside(file), users: 1, idleSince: 0 };
    handle.fd.catch(() => { this.#handles.delete(key); });
    this.#handles.set(key, handle);
    if (this.#handles.size > filesKeptOpen) this.#sweep(0);
    this.#sweeper ??= setInterval(() => { this.#sweep(keepOpenMs); }, keepOpenMs).unref();
    return handle;
  }

  #sweep(idleMs: number): void {
    const before = this.#now() - idleMs;
    for (const [key, handle] of this.#handles) {
      if (handle.users > 0 || handle.idleSince > before) continue;
      this.#handles.delete(key);
      void closeHandle(handle);
    }
  }
}

/** Links on the way are followed, as when the file was listed, but must not lead outside of what it belongs to. */
async function openInside({ diskPath, inside }: FileRef): Promise<number> {
  const real = join(await realpath(dirname(diskPath)), basename(diskPath));
  if (!isInside(inside, real)) throw new AppError('not-found', { name: diskPath });
  return openFile(real, readFlagsNoFollow);
}

/** A handle that never opened has nothing to close. */
const closeHandle = (handle: Handle): Promise<void> => handle.fd.then(closeFile, () => undefined);

const readSome = (fd: number, into: Uint8Array, at: number, position: number): Promise<number> => new Promise((resolve, reject) => {
  read(fd, into, at, into.length - at, position, (error, count) => { if (error === null) resolve(count); else reject(error); });
});
