// @ts-check
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { root } from './project-root.mjs';
import { resultFile, testFilesOf } from './test-layers.mjs';

/** A layer that takes this many times its budget, and longer than this, hangs, and is ended: a machine may have other things to do. */
const hangFactor = 3;
const patienceSeconds = 300;

/**
 * @typedef {{ name: string, passed: number, failed: number, skipped: number, seconds: number, budget: number, note: string }} Row
 */

/**
 * Counts of a Vitest run; null when it wrote no result, because it broke before any test.
 * @param {string} path
 * @returns {{ passed: number, failed: number, skipped: number } | null}
 */
function countsOf(path) {
  if (!existsSync(path)) return null;
  const result = JSON.parse(readFileSync(path, 'utf8'));
  // A file that fails to load has no tests to count, but is a failure.
  const brokenFiles = result.testResults.filter((/** @type {any} */ file) => file.status === 'failed' && !file.assertionResults.some((/** @type {any} */ test) => test.status === 'failed')).length;
  return { passed: result.numPassedTests, failed: result.numFailedTests + brokenFiles, skipped: result.numPendingTests + result.numTodoTests };
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') child.kill();
  else process.kill(-child.pid, 'SIGKILL');
}
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    for (const child of running) end(child);
    process.exit(130);
  });
}

/**
 * Runs one layer, shows its output when it fails, and counts.
 * @param {import('./test-layers.mjs').Layer} layer
 * @returns {Promise<Row>}
 */
export async function runLayer(layer) {
  const started = performance.now();
  const row = { name: layer.name, passed: 0, failed: 0, skipped: 0, seconds: 0, budget: layer.budget, note: '' };
  const prepared = (await layer.prepare?.()) ?? {};
  if ('skip' in prepared) return { ...row, skipped: testFilesOf(layer.name), note: `skipped: ${prepared.skip}` };

  const json = resultFile(layer.name);
  mkdirSync(dirname(json), { recursive: true });
  rmSync(json, { force: true });
  const reporters = layer.kind === 'vitest' ? ['--reporter=default', '--reporter=json', `--outputFile.json=${json}`] : [];
  const child = spawn(prepared.node ?? process.execPath, [layer.program, ...layer.args, ...reporters], {
    cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32',
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }), ...prepared.env },
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  let hung = false;
  const guard = setTimeout(() => {
    hung = true;
    end(child);
  }, Math.max(layer.budget * hangFactor, patienceSeconds) * 1000);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(guard);
  running.delete(child);
  row.seconds = (performance.now() - started) / 1000;

  if (layer.kind === 'checks') Object.assign(row, code === 0 ? { passed: 1 } : { failed: 1 });
  else Object.assign(row, countsOf(json) ?? { failed: 1 });
  if (hung) row.note = 'ended: it hung';
  else if (row.passed + row.failed + row.skipped === 0) row.note = 'no tests found';
  else if (row.seconds > row.budget) row.note = 'over budget';
  // Whatever the counts say, a runner that ended badly (an unhandled rejection, say) is a failure.
  if (row.failed === 0 && (code !== 0 || row.note === 'no tests found')) row.failed = 1;
  if (row.failed > 0) process.stdout.write(`\n──── ${layer.name} ────\n${output}\n`);
  return row;
}
