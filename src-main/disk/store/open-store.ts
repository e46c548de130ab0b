import { access, mkdir, readFile, readdir, rename, rm, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { diskError } from '../disk-error.ts';
import { Store } from './store.ts';
import { damageMark, levelCode, storeError } from './store-errors.ts';

/** Raised whenever older programs could not read what this one writes. */
const storeVersion = 2;
/** The version stands in a file of its own: LevelDB writes as soon as it opens, and a newer store must stay untouched. */
const versionFile = 'VERSION';

export interface OpenedStore {
  readonly store: Store;
  /** What happened to a damaged store. `set-aside`: it lies at `movedTo` and this one is empty; rescan everything. */
  readonly recovery: { readonly kind: 'none' } | { readonly kind: 'repaired' } | { readonly kind: 'set-aside'; readonly movedTo: string };
}

/**
 * Opens or creates the store in `path`. A damaged one is repaired, and set aside as `PATH.damaged-N` when that is
 * hopeless; nothing is ever deleted. `freeBytes` tells the room on its volume. Rejects with `node-already-running`, `newer-data`, `no-permission`, `disk-full`, `disk-error`.
 */
export async function openStore(path: string, freeBytes: (path: string) => Promise<Bytes> = freeBytesAt): Promise<OpenedStore> {
  await prepareFolder(path);
  await refuseNewer(path);
  if (!(await isDamaged(path))) {
    try {
      return { store: await openAt(path), recovery: { kind: 'none' } };
    } catch (error) {
      if (levelCode(error) !== 'LEVEL_CORRUPTION') throw storeError(error, path);
    }
  }
  return recover(path, freeBytes);
}

async function openAt(path: string): Promise<Store> {
  // Small buffers: the store of a node with 100,000 files stays a matter of tens of megabytes of memory. LevelDB maps each open table of 2 MB as a whole,
  // and what of it was read stays in memory: 74 open files, its least, are 64 tables.
  const database = new ClassicLevel<string, string | Uint8Array>(path, {
    keyEncoding: 'utf8', valueEncoding: 'view', cacheSize: 8 * MiB, writeBufferSize: 4 * MiB, maxOpenFiles: 74,
  });
  await database.open();
  try {
    await noteVersion(path);
  } catch (error) {
    await database.close();
    throw diskError(error, path, 'folder-gone');
  }
  return new Store(database);
}

/** Never half written, and not at every start: one that a full disk or a kill left empty would let an older program in. */
async function noteVersion(path: string): Promise<void> {
  if ((await readVersion(path)) === storeVersion) return;
  const file = join(path, versionFile);
  await writeFile(`${file}.new`, `${storeVersion}\n`);
  await rename(`${file}.new`, file);
}

async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw new AppError(code === 'EACCES' || code === 'EPERM' ? 'no-permission' : code === 'ENOSPC' ? 'disk-full' : 'disk-error', { path }, { cause: error });
  }
}

/** NaN when none was noted. */
async function readVersion(path: string): Promise<number> {
  const text = await readFile(join(path, versionFile), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new AppError('disk-error', { path }, { cause: error });
  });
  return Number.parseInt(text, 10);
}

async function refuseNewer(path: string): Promise<void> {
  const version = await readVersion(path);
  if (version > storeVersion) throw new AppError('newer-data', { path, version });
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

/** Marked as damaged, or data without the file that names it: LevelDB would take that for a new store and drop the rest. */
async function isDamaged(path: string): Promise<boolean> {
  if (await exists(join(path, damageMark))) return true;
  if (await exists(join(path, 'CURRENT'))) return false;
  return (await readdir(path)).some((name) => /^MANIFEST-|\.(ldb|sst|log)$/.test(name));
}

const freeBytesAt = (path: string): Promise<Bytes> => statfs(path).then(({ bavail, bsize }) => bavail * bsize, () => Infinity);

async function bytesIn(path: string): Promise<Bytes> {
  const sizes = await Promise.all((await readdir(path)).map((name) => stat(join(path, name)).then(({ size }) => size, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What the user can put right; the store may be whole. */
const notItsFault: ReadonlySet<ErrorCode> = new Set(['node-already-running', 'disk-full', 'no-permission']);

async function recover(path: string, freeBytes: (path: string) => Promise<Bytes>): Promise<OpenedStore> {
  // A repair writes logs anew as tables. One that there is no room for it puts away all the same, and nobody reads it again.
  if ((await freeBytes(path)) < (await bytesIn(path))) throw new AppError('disk-full', { path });
  try {
    await ClassicLevel.repair(path);
    const store = await openAt(path);
    await unlink(join(path, damageMark)).catch(() => undefined);
    if (await isReadable(store)) return { store, recovery: { kind: 'repaired' } };
    await store.close();
  } catch (error) {
    const failure = storeError(error, path);
    if (notItsFault.has(failure.code)) throw failure;
  }
  const movedTo = await setAside(path);
  try {
    await prepareFolder(path);
    return { store: await openAt(path), recovery: { kind: 'set-aside', movedTo } };
  } catch (error) {
    // The next start would take an empty one for all there is, and tell nobody.
    await rm(path, { recursive: true, force: true });
    await rename(movedTo, path);
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
