import { access, mkdir, readFile, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { AppError } from '#shared/errors.ts';
import { MiB } from '#shared/units.ts';
import { Store } from './store.ts';
import { damageMark, levelCode, storeError } from './store-errors.ts';

/** Raised whenever older programs could not read what this one writes. */
export const storeVersion = 2;
/** The version stands in a file of its own: LevelDB writes as soon as it opens, and a newer store must stay untouched. */
const versionFile = 'VERSION';

export interface OpenedStore {
  readonly store: Store;
  /** What happened to a damaged store. `set-aside`: it lies at `movedTo` and this one is empty; rescan everything. */
  readonly recovery: { readonly kind: 'none' } | { readonly kind: 'repaired' } | { readonly kind: 'set-aside'; readonly movedTo: string };
}

/**
 * Opens or creates the store in `path`. A damaged one is repaired, and set aside as `PATH.damaged-N` when that is
 * hopeless; nothing is ever deleted. Rejects with `node-already-running`, `newer-data`, `no-permission`, `disk-full`, `disk-error`.
 */
export async function openStore(path: string): Promise<OpenedStore> {
  await prepareFolder(path);
  await refuseNewer(path);
  if (!(await isDamaged(path))) {
    try {
      return { store: await openAt(path), recovery: { kind: 'none' } };
    } catch (error) {
      if (levelCode(error) !== 'LEVEL_CORRUPTION') throw storeError(error, path);
    }
  }
  return recover(path);
}

async function openAt(path: string): Promise<Store> {
  // Small buffers: the store of a node with 100,000 files stays a matter of tens of megabytes of memory. LevelDB maps each open table of 2 MB as a whole,
  // and what of it was read stays in memory: 74 open files, its least, are 64 tables.
  const database = new ClassicLevel<string, string | Uint8Array>(path, {
    keyEncoding: 'utf8', valueEncoding: 'view', cacheSize: 8 * MiB, writeBufferSize: 4 * MiB, maxOpenFiles: 74,
  });
  await database.open();
  await writeFile(join(path, versionFile), `${storeVersion}\n`);
  return new Store(database);
}

async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw new AppError(code === 'EACCES' || code === 'EPERM' ? 'no-permission' : code === 'ENOSPC' ? 'disk-full' : 'disk-error', { path }, { cause: error });
  }
}

async function refuseNewer(path: string): Promise<void> {
  const text = await readFile(join(path, versionFile), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new AppError('disk-error', { path }, { cause: error });
  });
  const version = Number.parseInt(text, 10);
  if (version > storeVersion) throw new AppError('newer-data', { path, version });
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

/** Marked as damaged, or data without the file that names it: LevelDB would take that for a new store and drop the rest. */
async function isDamaged(path: string): Promise<boolean> {
  if (await exists(join(path, damageMark))) return true;
  if (await exists(join(path, 'CURRENT'))) return false;
  return (await readdir(path)).some((name) => /^MANIFEST-|\.(ldb|sst|log)$/.test(name));
}

async function recover(path: string): Promise<OpenedStore> {
  try {
    await ClassicLevel.repair(path);
    const store = await openAt(path);
    await unlink(join(path, damageMark)).catch(() => undefined);
    if (await isReadable(store)) return { store, recovery: { kind: 'repaired' } };
    await store.close();
  } catch (error) {
    if (levelCode(error) === 'LEVEL_LOCKED') throw storeError(error, path);
  }
  const movedTo = await setAside(path);
  await prepareFolder(path);
  try {
    return { store: await openAt(path), recovery: { kind: 'set-aside', movedTo } };
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Repair keeps damaged blocks in place; reading through once finds them. */
async function isReadable(store: Store): Promise<boolean> {
  try {
    await store.readThrough();
    return true;
  } catch {
    // Whatever it is, this store cannot be read to its end.
    return false;
  }
}

async function setAside(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const target = `${path}.damaged-${number}`;
    if (await exists(target)) continue;
    try {
      await rename(path, target);
      return target;
    } catch (error) {
      throw new AppError('store-damaged', { path }, { cause: error });
    }
  }
}
