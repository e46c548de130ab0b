// @ts-check
import { spawn } from 'node:child_process';

/** Whether a person sits in front of this machine's own screen. */
export const hasDisplay = () => process.platform === 'win32' || process.platform === 'darwin' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/**
 * Opens a URL in the user's browser. The URL is printed anyway, so a missing program is no error.
 * @param {string} url
 */
export function openInBrowser(url) {
  /** @type {[string, string[]]} */
  const [program, args] = process.platform === 'win32' ? ['cmd', ['/c', 'start', '""', url.replaceAll('&', '^&')]]
    : process.platform === 'darwin' ? ['open', [url]] : ['xdg-open', [url]];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.once('error', () => console.error('No program to open a browser with was found: open the address above by hand.'));
  child.unref();
}
