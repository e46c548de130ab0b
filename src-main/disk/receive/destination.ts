import { sep } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { safeName } from '#shared/names.ts';
import type { Bytes } from '#shared/units.ts';
import { isPieceSize } from '#main/core/content/piece-size.ts';
import type { FileTarget } from '#main/node/ports/receiver.ts';
import { diskError, systemCode } from '../disk-error.ts';
import type { Files, Folder } from '../files.ts';
import { isInside } from '../is-inside.ts';
import type { ReceiveWorld } from './receive-world.ts';

function assertSafe(names: readonly string[]): void {
  if (names.length > limits.content.folderDepth) throw new AppError('too-deep', { name: names.at(-1) ?? '' });
  for (const name of names) {
    if (safeName(name).changed.length > 0) throw new AppError('bad-argument', { argument: 'path', detail: name });
  }
}

/** Refuses targets that no correct caller makes; the numbers come from a peer in the end. */
export function assertTarget({ path, bytes, pieceBytes, root, layer }: FileTarget): void {
  assertSafe(path);
  const isSize = Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= limits.content.fileBytes;
  if (path.length === 0 || !isSize || !isPieceSize(pieceBytes)) throw new AppError('bad-argument', { name: 'target' });
  if ((root !== null && root.length !== 32) || (root === null && layer !== null)) throw new AppError('bad-argument', { name: 'root' });
}

/** A folder opened below a base, and the folders that got new names on the way. */
export interface Destination {
  readonly folder: Folder;
  /** Real path of the base. */
  readonly base: string;
  /** Paths (components below the base) of folders in which a folder was made: to be synced some time. */
  readonly changed: readonly (readonly string[])[];
}

function openOrMake(files: Files, folder: Folder, name: string, make: boolean): { next: Folder; isNew: boolean } {
  try {
    return { next: files.openSubfolder(folder, name), isNew: false };
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT' || !make) throw thrown;
  }
  try {
    files.makeFolder(folder, name);
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
  }
  return { next: files.openSubfolder(folder, name), isNew: true };
}

/**
 * Opens the folder `path` below `base`, making what is missing if `make`. Links are followed as long as they stay inside
 * the base. Rejects with `folder-gone`, `no-permission` (also for a way out), `not-a-folder`, `disk-error`.
 */
export function openDestination(files: Files, base: string, path: readonly string[], make: boolean): Destination {
  assertSafe(path);
  const opened: Folder[] = [];
  const changed: (readonly string[])[] = [];
  let where = base;
  try {
    let folder = files.openFolder(base);
    opened.push(folder);
    const root = folder.path;
    for (const [depth, name] of path.entries()) {
      where = `${folder.path}${sep}${name}`;
      const { next, isNew } = openOrMake(files, folder, name, make);
      opened.push(next);
      if (!isInside(root, next.path)) throw new AppError('no-permission', { path: where, detail: 'leads outside' });
      if (isNew) changed.push(path.slice(0, depth));
      folder = next;
    }
    opened.pop();
    return { folder, base: root, changed };
  } catch (thrown) {
    throw diskError(thrown, where, 'folder-gone');
  } finally {
    for (const folder of opened) files.closeFolder(folder);
  }
}

/** Whether the volume of a base is away: then nothing of ours is beneath its mount point, and nothing is to be made there. */
export function isBaseAway({ isAway }: Pick<ReceiveWorld, 'isAway'>, base: string): boolean {
  try {
    return isAway(base);
  } catch (thrown) {
    throw diskError(thrown, base, 'folder-gone');
  }
}

/** As `openDestination`, making what is missing; but nothing beneath the mount point of a volume that is away: throws `folder-gone`. */
export function makeDestination(world: Pick<ReceiveWorld, 'files' | 'isAway'>, base: string, path: readonly string[]): Destination {
  if (isBaseAway(world, base)) throw new AppError('folder-gone', { path: base });
  return openDestination(world.files, base, path, true);
}

/** Throws `folder-gone` when an opened folder was moved, deleted or led outside its base since. */
export function assertStillThere(files: Files, { folder, base }: Pick<Destination, 'folder' | 'base'>): void {
  let now: string;
  try {
    now = files.whereIs(folder);
  } catch (thrown) {
    throw diskError(thrown, folder.path, 'folder-gone');
  }
  if (now !== folder.path || !isInside(base, now)) throw new AppError('folder-gone', { path: folder.path });
}

/** Throws `disk-full` unless `wanted` bytes fit and the reserve stays. */
export function assertRoom(files: Files, folder: Folder, wanted: Bytes, reserve: Bytes): void {
  const free = files.freeBytes(folder) - reserve;
  if (wanted > free) throw new AppError('disk-full', { path: folder.path, wanted, free: Math.max(0, free) });
}
