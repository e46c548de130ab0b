import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Names under which a browser on this machine may know this server. Anything else in `Host` means that somebody pointed
 * a name of theirs at this machine (DNS rebinding, CVE-2018-5702); anything else in `Origin` is another site's page.
 */
export const allowedHosts = (port: number): ReadonlySet<string> => new Set(['127.0.0.1', 'localhost', '[::1]'].map((host) => `${host}:${port}`));

export type OriginRule = 'if-given' | 'required';

/** Whether a request was made by our own page or by the person. Browsers always send `Origin` with WebSockets and uploads. */
export function comesFromHere(request: IncomingMessage, hosts: ReadonlySet<string>, origin: OriginRule): boolean {
  const { host, origin: from } = request.headers;
  if (host === undefined || !hosts.has(host.toLowerCase())) return false;
  if (from === undefined) return origin === 'if-given';
  return from.startsWith('http://') && hosts.has(from.slice('http://'.length).toLowerCase());
}

/** Cookies are shared by all ports of a host, so each server has its own name. */
export const cookieName = (port: number): string => `distrishare-${port}`;

export function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const part of request.headers.cookie?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
export function setSecurityHeaders(response: ServerResponse, host: string): void {
  response.setHeader('Content-Security-Policy', [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "style-src-attr 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self'", "media-src 'self' blob:",
    // Some browsers do not count WebSockets of the same host as 'self'.
    `connect-src 'self' ws://${host}`, "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; '));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  // The camera reads QR codes, when a person opens that.
  response.setHeader('Permissions-Policy', 'camera=(self), microphone=(), geolocation=()');
}
