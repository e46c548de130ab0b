import { open, realpath } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.map': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.webp': 'image/webp', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
};

/**
 * The file a URL path means inside a folder, or null. Only plain names are looked up, and where links lead must still
 * be inside.
 */
async function locate(folder: string, pathname: string): Promise<string | null> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname === '/' ? '/index.html' : pathname);
  } catch {
    // Not valid percent-encoding: no file of ours is called like this.
    return null;
  }
  const components = decoded.slice(1).split('/');
  if (!components.every((name) => /^[\w][\w.@-]*$/.test(name))) return null;
  try {
    const [inside, file] = await Promise.all([realpath(folder), realpath(join(folder, ...components))]);
    return file.startsWith(inside + sep) ? file : null;
  } catch {
    // Not there; the caller says 404.
    return null;
  }
}

/** Whoever asked went away: a browser does when a page is closed or loaded anew. */
const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** Sends a file of the built UI, as far as it is wanted. False when there is no such file, and nothing was sent. */
export async function sendStatic(response: ServerResponse, folder: string, pathname: string, headOnly: boolean): Promise<boolean> {
  const file = await locate(folder, pathname);
  if (file === null) return false;
  const handle = await open(file, 'r');
  try {
    const info = await handle.stat();
    if (!info.isFile()) return false;
    response.writeHead(200, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Content-Length': info.size,
      // The build puts a hash of the content into the names of what lies in assets/.
      'Cache-Control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    if (headOnly) response.end();
    else await pipeline(handle.createReadStream({ autoClose: false }), response).catch((error: unknown) => { if (!isGone(error)) throw error; });
    return true;
  } finally {
    await handle.close();
  }
}
