// @ts-check
/** Makes a fresh checkout ready. Imports nothing but Node's own modules: dependencies may not be there yet. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project-root.mjs';

const oldestNode = /** @type {const} */ ([20, 19]);

/** Ends the program with a sentence when this Node is older than what package.json asks for. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(`DistriShare needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}. Get one from https://nodejs.org`);
  process.exit(1);
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }> | null}
 */
function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages ?? {} : null;
}

/** Whether node_modules holds exactly what package-lock.json names; npm keeps its own list of what it installed. */
export function dependenciesAreCurrent() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => path === '' || (installed[path] ? installed[path].version === entry.version : entry.optional === true));
}

/**
 * Installs the dependencies when they are missing or not those of the lock file. Ends the program when that fails.
 * @returns {boolean} whether something was installed
 */
export function ensureDependencies() {
  if (dependenciesAreCurrent()) return false;
  console.error('Installing dependencies (npm ci) …');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error('npm ci failed; what went wrong is above. A network or registry problem is the usual reason: try again when it works.');
    process.exit(1);
  }
  return true;
}
