import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/**
 * The built page by path, `index.html` and what it loads; empty when it has not been built. All of it is read at once: what can be asked for is
 * what is in this table, so no path of a request ever reaches the disk.
 */
export async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((entry) => entry.isFile() && extname(entry.name) in types).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [relative(folder, path).replaceAll(sep, '/'), { type: types[extname(path)] ?? '', bytes: await readFile(path) }] as const)));
}
