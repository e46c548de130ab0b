import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { Protocol, Session } from 'electron';
import { uiOrigin, uiScheme } from './ui-address.ts';

/** Nothing inline, nothing from elsewhere, nothing made from text; style attributes only, which virtual lists set. As the web page has it (web/guard.ts). */
const contentPolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "style-src-attr 'unsafe-inline'", "img-src 'self' blob:", "font-src 'self'", "connect-src 'self'",
  "worker-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.woff2': 'font/woff2', '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
};

/** Must run before the app is ready. */
export function declareUiScheme(protocol: Protocol): void {
  protocol.registerSchemesAsPrivileged([{ scheme: uiScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/** The file of the UI a URL names; null when it names anything outside the folder. */
export function fileOfUrl(folder: string, text: string): string | null {
  try {
    const url = new URL(text);
    if (`${url.protocol}//${url.host}` !== uiOrigin) return null;
    const path = decodeURIComponent(url.pathname);
    if (path.includes('\0') || path.includes('\\')) return null;
    const file = normalize(join(folder, path === '/' ? 'index.html' : path));
    return file.startsWith(folder + sep) ? file : null;
  } catch {
    // Not a URL, or a broken escape in it.
    return null;
  }
}

/** Serves the built UI under its own scheme, so that it has an origin of its own and no way to the file system. */
export function serveUi(session: Session, folder: string): void {
  session.protocol.handle(uiScheme, async (request) => {
    const file = request.method === 'GET' ? fileOfUrl(folder, request.url) : null;
    const type = file === null ? undefined : contentTypes[extname(file)];
    if (file === null || type === undefined) return new Response(null, { status: 404 });
    try {
      return new Response(await readFile(file), {
        headers: { 'content-type': type, 'content-security-policy': contentPolicy, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' },
      });
    } catch {
      // The page sees that it is not there; which files the UI is made of is nobody's secret.
      return new Response(null, { status: 404 });
    }
  });
}
