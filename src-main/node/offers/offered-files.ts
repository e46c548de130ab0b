import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { BigIntStats } from 'node:fs';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { WireFile } from '#shared/protocol/control.ts';
import { compareNames } from '#shared/protocol/manifest.ts';
import { isInside } from '../../disk/is-inside.ts';
import { fileVersion } from '../../disk/file-version.ts';
import { isUnfinished } from '../../disk/observe.ts';
import { volumeKindOf } from '../../disk/volume/volume-kind.ts';
import { diskError } from '../data-dir.ts';
import type { FileRef } from '../ports/library.ts';
import type { OfferSource } from './offer-records.ts';

const executableBits = 0o111n;

/** Whether something on this machine, by its real path, is never given to anybody. */
type IsPrivate = (path: string) => boolean;

/** What an offered path is now. Rejects with `file-missing`, `no-permission`, `name-not-shareable`, `too-deep` or, for what is private, `bad-argument`; `onLeftOut` hears of each link and special file in a folder, by its path as it would be sent. */
export async function describeOffered(path: string, isPrivate: IsPrivate, onLeftOut: (path: string) => void): Promise<{ kind: 'file' | 'folder'; bytes: number; files: number }> {
  const stats = await statOffered(path);
  const real = await realOf(path);
  if (isPrivate(real)) throw new AppError('bad-argument', { argument: 'path', detail: path });
  if (stats.isFile()) return { kind: 'file', bytes: Number(stats.size), files: 1 };
  let bytes = 0;
  let files = 0;
  for await (const file of walkFolder(real, offeredName(path), null, isPrivate, onLeftOut)) {
    bytes += file.bytes;
    if (file.kind === 'file') files++;
  }
  return { kind: 'folder', bytes, files };
}

async function statOffered(path: string): Promise<BigIntStats> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  if (!stats.isFile() && !stats.isDirectory()) throw new AppError('not-shareable', { name: path });
  return stats;
}

/** Node shows bytes that are no text as U+FFFD, and nothing has the name made of it. */
function unreadable(error: unknown, path: string): AppError {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return diskError(error, path);
  return path.includes('\ufffd') ? new AppError('name-not-shareable', { name: path }) : new AppError('file-missing', { path });
}

const realOf = (path: string): Promise<string> => realpath(path).catch((error: unknown) => { throw diskError(error, path); });

/** One page of everything in an offer, in the order of its names; `next` continues after the last path. */
export async function listOffered(sources: readonly OfferSource[], cursor: string | undefined, limit: number, isPrivate: IsPrivate): Promise<{ files: WireFile[]; next: string | null }> {
  const files: WireFile[] = [];
  const after = cursor?.split('/') ?? null;
  let pathBytes = 0;
  for (const source of sources.toSorted((a, b) => compareNames(a.name, b.name))) {
    const order = after === null ? 1 : compareNames(source.name, after[0] ?? '');
    if (order < 0 || (order === 0 && after?.length === 1 && source.kind === 'file')) continue;
    const rest = order === 0 && after !== null ? after.slice(1) : null;
    for await (const file of walkSource(source, rest, isPrivate)) {
      files.push(file);
      pathBytes += Buffer.byteLength(file.path);
      if (files.length === limit || pathBytes > limits.browse.pathBytes) return { files, next: file.path };
    }
  }
  return { files, next: null };
}

async function* walkSource(source: OfferSource, after: readonly string[] | null, isPrivate: IsPrivate): AsyncGenerator<WireFile> {
  if (source.kind === 'folder') {
    yield* walkFolder(await realOf(source.path), source.name, after, isPrivate);
    return;
  }
  const stats = await statOffered(source.path);
  if (stats.isFile()) yield wireFile(source.name, stats);
}

const wireFile = (path: string, stats: BigIntStats): WireFile => ({
  path, kind: 'file', bytes: Number(stats.size), modifiedAt: Math.max(0, Number(stats.mtimeMs)), executable: (stats.mode & executableBits) !== 0n, contentId: null,
});

/** Files below a folder, given by its real path, depth first, names in order; an empty folder comes as itself. `after` skips all up to that path. */
async function* walkFolder(path: string, prefix: string, after: readonly string[] | null, isPrivate: IsPrivate, onLeftOut?: (path: string) => void): AsyncGenerator<WireFile> {
  const here = (name: string): string => (prefix === '' ? name : `${prefix}/${name}`);
  const found = (await readdir(path, { withFileTypes: true }).catch((error: unknown) => { throw unreadable(error, path); })).filter((entry) => {
    if (isPrivate(join(path, entry.name))) return false;
    const isSent = entry.isFile() || entry.isDirectory();
    if (!isSent) onLeftOut?.(here(entry.name));
    return isSent;
  });
  const areUnfinished = await Promise.all(found.map(async (entry) => entry.isFile() && (await isUnfinished(join(path, entry.name)))));
  const entries = found.filter((_, at) => areUnfinished[at] === false).toSorted((a, b) => compareNames(a.name, b.name));
  if (entries.length === 0 && after === null) yield { path: prefix, kind: 'folder', bytes: 0, modifiedAt: 0, executable: false, contentId: null };
  for (const entry of entries) {
    const order = after === null ? 1 : compareNames(entry.name, after[0] ?? '');
    if (order < 0) continue;
    const sentAs = here(entry.name);
    if (sentAs.split('/').length > limits.content.folderDepth) throw new AppError('too-deep', { name: entry.name });
    if (entry.isDirectory()) {
      const rest = order === 0 && after !== null ? after.slice(1) : null;
      if (order === 0 && rest?.length === 0) continue;
      yield* walkFolder(join(path, entry.name), sentAs, rest, isPrivate, onLeftOut);
    } else if (order > 0) {
      yield wireFile(sentAs, await statOffered(join(path, entry.name)));
    }
  }
}

/** The file an offered path names. Rejects with `not-found` for anything outside the offer, links included, and for what is private. */
export async function openOffered(sources: readonly OfferSource[], path: string, isPrivate: IsPrivate): Promise<FileRef> {
  const [name, ...rest] = path.split('/');
  const source = sources.find((candidate) => candidate.name === name);
  if (source === undefined || rest.some((part) => part === '' || part === '.' || part === '..' || part.includes(sep) || part.includes('\0'))) throw new AppError('not-found', { name: path });
  const diskPath = join(source.path, ...rest);
  const stats = await statOffered(diskPath).catch(() => { throw new AppError('not-found', { name: path }); });
  const [inside, real] = await Promise.all([realpath(source.path), realpath(diskPath)]);
  // A folder on the way that is a link would lead elsewhere.
  if (!stats.isFile() || !isInside(inside, real) || isPrivate(real)) throw new AppError('not-found', { name: path });
  return {
    share: null, path, diskPath, inside, bytes: Number(stats.size), modifiedAt: Math.max(0, Number(stats.mtimeMs)),
    executable: (stats.mode & executableBits) !== 0n, version: fileVersion(stats, await volumeKindOf(dirname(diskPath))), contentId: null,
  };
}

export const offeredName = (path: string): string => basename(path) || path;
