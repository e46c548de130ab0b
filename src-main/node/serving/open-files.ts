import { close, constants, fstat, open, read, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { second } from '#shared/units.ts';
import type { FileRef } from '../ports/library.ts';
import { fileVersion } from '../../disk/file-version.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = (fd: number): Promise<BigIntStats> => new Promise((resolve, reject) => {
  fstat(fd, { bigint: true }, (error, stats) => { if (error === null) resolve(stats); else reject(error); });
});

/** A link put in the file's place since it was looked up must not lead elsewhere; Windows has no such flag. */
const readOnly = constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW);
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
  #sweeper: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Fills `into` from `position`. False when the file is gone, shorter or another version. */
  async read(file: FileRef, position: number, into: Uint8Array): Promise<boolean> {
    const handle = this.#take(file);
    try {
      const fd = await handle.fd;
      let filled = 0;
      while (filled < into.length) {
        const count = await readSome(fd, into, filled, position + filled);
        if (count === 0) return false;
        filled += count;
      }
      return fileVersion(await statFile(fd)) === file.version;
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
    const handle: Handle = { file, fd: openFile(file.diskPath, readOnly), users: 1, idleSince: 0 };
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

/** A handle that never opened has nothing to close. */
const closeHandle = (handle: Handle): Promise<void> => handle.fd.then(closeFile, () => undefined);

const readSome = (fd: number, into: Uint8Array, at: number, position: number): Promise<number> => new Promise((resolve, reject) => {
  read(fd, into, at, into.length - at, position, (error, count) => { if (error === null) resolve(count); else reject(error); });
});
