// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheDir, root } from './project-root.mjs';

const reachTimeoutMs = 4000;
const downloadTimeoutMs = 300_000;
/** A network that refused the download is not asked again for a day. */
const retryAfterMs = 24 * 3600 * 1000;
const refusedMark = join(cacheDir, 'electron-download-refused');

const executables = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
const executable = executables[/** @type {'darwin' | 'win32'} */ (process.platform)] ?? 'electron';

/** The installed official runtime, or the one ELECTRON_OVERRIDE_DIST_PATH names; null when there is none. */
export function findElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const path = join(override, executable);
    return existsSync(path) ? path : null;
  }
  const folder = join(root, 'node_modules/electron');
  const versionFile = join(folder, 'dist/version');
  if (!existsSync(versionFile)) return null;
  const wanted = createRequire(import.meta.url)('electron/package.json').version;
  const path = join(folder, 'dist', executable);
  return readFileSync(versionFile, 'utf8').replace(/^v/, '').trim() === wanted && existsSync(path) ? path : null;
}

/**
 * Tries once to download the official runtime; gives up quickly where the network does not allow it.
 * @returns {Promise<string | null>} its path, or null
 */
export async function downloadElectron() {
  if (existsSync(refusedMark) && Date.now() - statSync(refusedMark).mtimeMs < retryAfterMs) return null;
  const source = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/electron/electron/releases';
  const reachable = await fetch(source, { method: 'HEAD', signal: AbortSignal.timeout(reachTimeoutMs) }).then(() => true, () => false);
  if (reachable) {
    console.error('Downloading the Electron runtime (once) …');
    spawnSync(process.execPath, [join(root, 'node_modules/electron/install.js')], { stdio: 'ignore', timeout: downloadTimeoutMs });
  }
  const found = findElectron();
  if (!found) {
    mkdirSync(dirname(refusedMark), { recursive: true });
    writeFileSync(refusedMark, '');
  }
  return found;
}
