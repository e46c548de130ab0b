import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '#shared/errors.ts';
import type { CallResult } from '#shared/api/contract.ts';
import { systemCode } from '../disk/disk-error.ts';
import { diskError } from './data-dir.ts';

const listedAtMost = 5000;
const byName = new Intl.Collator(undefined, { numeric: true });

/** A path as somebody types it. A node may run anywhere, so what does not begin at the root begins at home. */
function typedPath(path: string): string {
  const home = homedir();
  return resolve(home, path === '~' || /^~[/\\]/.test(path) ? join(home, path.slice(1)) : path);
}

const missing = (error: unknown, path: string): AppError => {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' ? new AppError('file-missing', { path }) : diskError(error, path);
};

/** What lies at a path that somebody typed. Rejects with `file-missing`, `no-permission`, `disk-error`, and for devices and the like with `not-a-folder`. */
export async function findLocal(typed: string): Promise<CallResult<'local.find'>> {
  const path = typedPath(typed);
  const found = await stat(path).catch((error: unknown) => { throw missing(error, path); });
  if (!found.isFile() && !found.isDirectory()) throw new AppError('not-a-folder', { path });
  return { path, kind: found.isFile() ? 'file' : 'folder' };
}

/** Folders (and files) of this machine, for choosing what to share or where to save. Hidden ones are left out. */
export async function listLocal(path: string, withFiles: boolean): Promise<CallResult<'local.list'>> {
  const folder = typedPath(path);
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw systemCode(error) === 'ENOTDIR' ? diskError(error, folder) : missing(error, folder);
  });
  const shown = found.filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || (withFiles && entry.isFile())))
    .toSorted((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || byName.compare(a.name, b.name));
  const entries = await Promise.all(shown.slice(0, listedAtMost).map(async (entry) => {
    const full = join(folder, entry.name);
    // A file that vanished since is listed without a size; choosing it says what is wrong.
    const bytes = entry.isFile() ? await stat(full).then((stats) => stats.size, () => 0) : 0;
    return { name: entry.name, path: full, kind: entry.isDirectory() ? 'folder' as const : 'file' as const, bytes };
  }));
  const parent = dirname(folder);
  return { path: folder, parent: parent === folder ? null : parent, entries, truncated: shown.length > listedAtMost };
}
