import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rm, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { dataPaths, diskError } from '../data-dir.ts';

/** Files lie here until they are whole. */
const incomingFolder = '.incoming';

export interface Staged {
  /** The file (or empty folder) itself. */
  readonly path: string;
  /** What was handed over as a whole: the file, or the top folder it is in. */
  readonly root: string;
}

/**
 * Copies of what has no path on this machine (dropped onto the web page, pasted from another program), in `DATA/outbox/BATCH/PATH`, from where they can
 * be sent or shared. A file appears whole or not at all and never replaces another. Every way to put something here rejects with `already-exists`,
 * `disk-full`, `no-permission`, `disk-error`, or what `write` rejects with. Paths are safe ones (`safePath`).
 */
export class Outbox {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = dataPaths(dataDir).outbox;
  }

  /** Removes what an earlier run left unfinished; nothing may be on its way here. */
  async sweep(): Promise<void> {
    await rm(join(this.#folder, incomingFolder), { recursive: true, force: true });
  }

  /** An empty folder; one that is there already will do. */
  putFolder(batch: string, path: readonly string[]): Promise<Staged> {
    return this.#put(batch, path, async (target) => { await mkdir(target, { recursive: true, mode: 0o700 }); });
  }

  /** A file of so many bytes, which `write` writes. */
  putFile(batch: string, path: readonly string[], bytes: Bytes, write: (file: FileHandle) => Promise<void>): Promise<Staged> {
    return this.#put(batch, path, async (target) => {
      const incoming = join(this.#folder, incomingFolder);
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await requireFreeSpace(incoming, bytes);
      const aside = join(incoming, randomBytes(12).toString('hex'));
      try {
        const file = await open(aside, 'wx', 0o600);
        await write(file).finally(() => file.close());
        await placeWhole(aside, target);
      } finally {
        await rm(aside, { force: true });
      }
    });
  }

  async #put(batch: string, path: readonly string[], put: (target: string) => Promise<void>): Promise<Staged> {
    const top = join(this.#folder, batch);
    const target = join(top, ...path);
    try {
      await put(target);
    } catch (error) {
      throw error instanceof AppError ? error : diskError(error, target);
    }
    return { path: target, root: join(top, path[0] ?? '') };
  }
}

async function requireFreeSpace(folder: string, bytes: Bytes): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + limits.transfer.diskReserveBytes) throw new AppError('disk-full', { path: folder });
}

/** Gives a whole file its name unless something has it already; volumes without hard links copy. */
async function placeWhole(aside: string, target: string): Promise<void> {
  try {
    await link(aside, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw new AppError('already-exists', { name: target }, { cause: error });
    try {
      await copyFile(aside, target, constants.COPYFILE_EXCL);
    } catch (failed) {
      if (failed instanceof Error && 'code' in failed && failed.code === 'EEXIST') throw new AppError('already-exists', { name: target }, { cause: failed });
      await unlink(target).catch(() => undefined); // A copy that broke off; the error itself goes on.
      throw failed;
    }
  }
}
