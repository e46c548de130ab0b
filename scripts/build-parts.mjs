// @ts-check
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheDir, root } from './project-root.mjs';
import { filesBelow, publishFiles } from './publish-files.mjs';

/**
 * A part of the build: what it is made from, one file that shows it is there, and how it is made.
 * @typedef {{ from: string[], made: string, build: () => Promise<void> }} Part
 */

/** What every part depends on: versions of tools and libraries, and how they are used. */
const always = ['package-lock.json', 'scripts/bundle.mjs', 'scripts/build-parts.mjs', 'scripts/publish-files.mjs', 'tsconfig.base.json'];

/** @type {Record<'node' | 'renderer' | 'dashboard' | 'electron', Part>} */
export const parts = {
  node: {
    from: ['src-shared', 'src-main'],
    made: 'out/node/cli.mjs',
    build: async () => (await import('./bundle.mjs')).bundleNode(),
  },
  electron: {
    from: ['src-shared', 'src-main'],
    made: 'out/electron/main.cjs',
    build: async () => (await import('./bundle.mjs')).bundleElectron(),
  },
  renderer: { from: ['src-shared', 'src-renderer', 'resources', 'vite.config.ts'], made: 'out/renderer/index.html', build: () => buildPage('renderer', {}) },
  dashboard: { from: ['src-shared', 'src-renderer', 'resources', 'vite.config.ts'], made: 'out/dashboard/index.html', build: () => buildPage('dashboard', { root: join(root, 'src-renderer/dashboard'), base: '/dashboard/' }) },
};

/**
 * The UI, or the dashboard of a bootstrap server, which shares its look and is a small page of its own.
 * @param {'renderer' | 'dashboard'} name
 * @param {{ root?: string, base?: string }} where
 */
async function buildPage(name, where) {
  const { build } = await import('vite');
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, `${name}-`));
  try {
    await build({ ...where, configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { outDir: work, emptyOutDir: true } });
    const files = filesBelow(work).map((path) => ({ path: relative(work, path), contents: readFileSync(path) }));
    publishFiles(join(root, 'out', name), files, (name) => name === 'index.html');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Says in one hash what a part would be built from: paths, sizes and times, so that asking costs milliseconds.
 * @param {string[]} from
 */
function stateOf(from) {
  const hash = createHash('sha256');
  for (const path of [...from, ...always]) {
    const full = join(root, path);
    if (!existsSync(full)) continue;
    for (const file of statSync(full).isDirectory() ? filesBelow(full).sort() : [full]) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

/** @param {keyof typeof parts} name */
const stampFile = (name) => join(root, 'out', `.${name}-built-from`);

/**
 * @param {keyof typeof parts} name
 * @param {string} state
 */
function isBuiltFrom(name, state) {
  const stamp = stampFile(name);
  return existsSync(join(root, parts[name].made)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state;
}

/** @param {(keyof typeof parts)[]} names */
export async function buildHere(names) {
  for (const name of names) {
    const { from, build } = parts[name];
    const state = stateOf(from);
    if (isBuiltFrom(name, state)) continue;
    await build();
    mkdirSync(join(root, 'out'), { recursive: true });
    // The state from before the build: a change made meanwhile makes the next start build again.
    writeFileSync(stampFile(name), state);
  }
}

/**
 * Builds those parts whose sources changed since they were built; takes milliseconds when none did. The tools do it in a process of their own: they take hundreds
 * of megabytes for as long as it lives, and ours may be a node that runs for weeks. What they print goes to the error output.
 * @param {(keyof typeof parts)[]} names
 */
export async function ensureBuilt(names) {
  if (!(await isBuilt(names))) throw new Error('the tools say above why');
}

/**
 * As `ensureBuilt`, for a program that is nothing without them: it ends when that fails, and has told by then why.
 * @param {(keyof typeof parts)[]} names
 */
export async function requireBuilt(names) {
  if (!(await isBuilt(names))) process.exit(1);
}

/**
 * @param {(keyof typeof parts)[]} names
 * @returns {Promise<boolean>} whether they are there now
 */
async function isBuilt(names) {
  if (names.every((name) => isBuiltFrom(name, stateOf(parts[name].from)))) return true;
  const [code] = await once(spawn(process.execPath, [join(root, 'scripts/build.mjs'), ...names], { stdio: ['ignore', 2, 2] }), 'exit');
  return code === 0;
}
