import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { AppError } from '#shared/errors.ts';
import { levelCode, storeError } from '../disk/store/store-errors.ts';
import { dataPaths, ensureDataDir } from './data-dir.ts';

/** One node per data directory, held until `release`. */
export interface DataDirLock {
  release(): Promise<void>;
}

/** What the system itself locks; it outlives everything else in the folder, or two could hold a lock each. */
const systemLock = 'LOCK';

/**
 * Takes the data directory for this process. An empty store does it, because it holds a lock of the system, which ends
 * with its process however that ends; Node has no call for one. Two nodes in one process exclude each other too. Rejects
 * with `node-already-running`, `no-permission`, `disk-full`, `not-a-folder` or `disk-error`.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  await ensureDataDir(dataDir);
  const folder = dataPaths(dataDir).lock;
  // The store would make it, too, and not say what keeps it from that.
  await ensureDataDir(folder);
  try {
    return await take(folder).catch((error: unknown) => (levelCode(error) === 'LEVEL_CORRUPTION' ? mend(folder) : Promise.reject(error)));
  } catch (error) {
    if (levelCode(error) === 'LEVEL_LOCKED') throw new AppError('node-already-running', { path: dataDir }, { cause: error });
    throw storeError(error, folder);
  }
}

/** Nobody holds a damaged one, and whoever mends it at the same time loses nothing: there is never anything in it. */
async function mend(folder: string): Promise<DataDirLock> {
  for (const name of await readdir(folder)) if (name !== systemLock) await rm(join(folder, name), { force: true });
  return take(folder);
}

async function take(folder: string): Promise<DataDirLock> {
  const holder = new ClassicLevel(folder);
  await holder.open();
  return { release: () => holder.close() };
}
