import { lstat, opendir } from 'node:fs/promises';
import type { BigIntStats, Dir } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError, type ErrorInfo } from '#shared/errors.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';
import { systemCode } from './disk-error.ts';
import { fileVersion } from './file-version.ts';
import type { VolumeKind } from './files.ts';
import { volumeKindOf } from './volume/volume-kind.ts';

/** What is seen on disk at a path. */
export type Observed =
  | { readonly kind: 'file'; readonly bytes: Bytes; readonly modifiedAt: Timestamp; readonly executable: boolean; readonly version: string }
  /** `disk`: number of the device that it lies on. */
  | { readonly kind: 'folder'; readonly modifiedAt: Timestamp; readonly disk: string }
  | { readonly kind: 'problem'; readonly error: ErrorInfo; readonly version: string | null }
  /** Nothing, or nothing to share: a link, or a download of ours that is not finished. */
  | { readonly kind: 'absent' };

const absent: Observed = { kind: 'absent' };
const ownerMayExecute = 0o100n;
/** `lstat` calls under way at once for one folder; more only fill the thread pool's queue. */
const atOnce = 64;

const isGone = (code: string | null): boolean => code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
const isForbidden = (code: string | null): boolean => code === 'EACCES' || code === 'EPERM';

/** Looks at one path without following a link. Never rejects: what cannot be read is a problem. */
export const observe = (path: string): Promise<Observed> => observeOn(() => volumeKindOf(dirname(path)), path);

/** `kind`: of the volume that its folder lies on. */
async function observeOn(kind: () => Promise<VolumeKind>, path: string): Promise<Observed> {
  const name = basename(path);
  try {
    const stats = await lstat(path, { bigint: true });
    if (stats.isFile()) return (await isUnfinished(path)) ? absent : fileFrom(stats, await kind());
    if (stats.isDirectory()) return { kind: 'folder', modifiedAt: millis(stats), disk: String(stats.dev) };
    return stats.isSymbolicLink() ? absent : problem('not-shareable', { name }, null);
  } catch (error) {
    const code = systemCode(error);
    if (isGone(code)) return absent;
    if (code === 'ENAMETOOLONG') return problem('name-too-long', { name }, null);
    return problem(isForbidden(code) ? 'no-permission' : 'disk-error', { path }, null);
  }
}

const problem = (code: ErrorInfo['code'], params: NonNullable<ErrorInfo['params']>, version: string | null): Observed => ({ kind: 'problem', error: { code, params }, version });

const millis = (stats: BigIntStats): Timestamp => Math.max(0, Number(stats.mtimeMs));

const fileFrom = (stats: BigIntStats, volume: VolumeKind): Observed => ({
  kind: 'file', bytes: Number(stats.size), modifiedAt: millis(stats), executable: (stats.mode & ownerMayExecute) !== 0n, version: fileVersion(stats, volume),
});

/** Names that only files of ours have while something is being received (part-names.ts): notes, locks, small files. */
const passing = /\.progress\.(new|lock(~[^/]*)?)$|\.[0-9a-f]{16}(-\d+)?\.part$/;

/** Whether a path is never shared, whatever lies there: it comes and goes with something that is received. */
export const isPassing = (path: string): boolean => passing.test(path);

/** `NAME.part` and `NAME.progress` side by side are a download of ours that is not finished; alone they are files like others. */
export async function isUnfinished(path: string): Promise<boolean> {
  if (isPassing(path)) return true;
  for (const sibling of unfinishedSiblings(path)) if (await lstat(sibling).then(() => true, () => false)) return true;
  return false;
}

/** The files of which one beside this one makes an unfinished download of it; none for all other names. */
export function unfinishedSiblings(path: string): readonly string[] {
  const stem = path.replace(/\.(part|progress)$/, '');
  if (path.endsWith('.part')) return [`${stem}.progress`, `${stem}.progress.lock`];
  return path.endsWith('.progress') ? [`${stem}.part`] : [];
}

export type NamedObserved = readonly [name: string, state: Observed];

/**
 * What a folder holds, in the disk's order, in batches. Rejects with `file-missing`, `no-permission` or `disk-error` when
 * the folder itself cannot be read, and with the signal's reason.
 */
export async function* observeFolder(folder: string, signal: AbortSignal): AsyncGenerator<readonly NamedObserved[], void, undefined> {
  const dir = await open(folder);
  const volume = volumeKindOf(folder);
  let names: string[] = [];
  try {
    for (let next = await read(dir, folder); next !== null; next = await read(dir, folder)) {
      names.push(next);
      if (names.length < atOnce) continue;
      signal.throwIfAborted();
      yield await observeAll(folder, names, volume);
      names = [];
    }
    if (names.length > 0) yield await observeAll(folder, names, volume);
  } finally {
    await dir.close();
  }
}

const observeAll = (folder: string, names: readonly string[], volume: Promise<VolumeKind>): Promise<NamedObserved[]> =>
  Promise.all(names.map(async (name) => {
    const state = await observeOn(() => volume, join(folder, name));
    // Node shows bytes that are not UTF-8 as U+FFFD, and a file of the name made of it does not exist.
    return [name, state.kind === 'absent' && name.includes('\ufffd') ? problem('name-not-shareable', { name }, null) : state] as const;
  }));

function folderError(error: unknown, path: string): AppError {
  const code = systemCode(error);
  return new AppError(isGone(code) ? 'file-missing' : isForbidden(code) ? 'no-permission' : 'disk-error', { path }, { cause: error });
}

async function open(folder: string): Promise<Dir> {
  try {
    return await opendir(folder, { bufferSize: 512 });
  } catch (error) {
    throw folderError(error, folder);
  }
}

async function read(dir: Dir, folder: string): Promise<string | null> {
  try {
    return (await dir.read())?.name ?? null;
  } catch (error) {
    throw folderError(error, folder);
  }
}
