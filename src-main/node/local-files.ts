import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '#shared/errors.ts';
import type { CallResult } from '#shared/api/contract.ts';
import { diskError } from './data-dir.ts';

const listedAtMost = 5000;
const byName = new Intl.Collator(undefined, { numeric: true });

/** Folders (and files) of this machine, for choosing what to share or where to save. Hidden ones are left out. */
export async function listLocal(path: string, withFiles: boolean): Promise<CallResult<'local.list'>> {
  const folder = path === '' ? homedir() : resolve(path);
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'ENOENT' ? new AppError('file-missing', { path: folder }) : diskError(error, folder);
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
