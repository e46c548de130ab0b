import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BrowserContext } from 'playwright-core';

const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/** Builds the UI as for its developers: Vue then says in the console what is wrong with it. */
export async function buildDevPage(folder: string): Promise<void> {
  process.env['NODE_ENV'] = 'development';
  const { build } = await import('vite');
  // Bundled, this lies in out/campaign.
  const configFile = join(import.meta.dirname, '../../vite.config.ts');
  await build({ configFile, mode: 'development', logLevel: 'error', build: { outDir: folder, emptyOutDir: true, minify: false } });
}

/** Puts this UI in the place of the one that nodes serve; cookies, keys and the content policy stay the node's. */
export async function serveDevPage(context: BrowserContext, folder: string): Promise<void> {
  await context.route((url) => url.pathname === '/' && url.search === '', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    return route.fulfill(response.status() === 200 ? { response, body: await readFile(join(folder, 'index.html'), 'utf8') } : { response });
  });
  await context.route((url) => url.pathname.startsWith('/assets/'), async (route) => {
    const { pathname } = new URL(route.request().url());
    const body = await readFile(join(folder, pathname)).catch(() => null);
    // The first page behind an address that a node printed is its own.
    return body === null ? route.continue() : route.fulfill({ contentType: types[extname(pathname)] ?? 'application/octet-stream', body });
  });
}
