// @ts-check
/** Type-checks every part with the types it may use, two at a time, and prints one summary. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { cacheDir, root } from './project-root.mjs';

requireNode();
ensureDependencies();

const cache = join(cacheDir, 'tsc');
mkdirSync(cache, { recursive: true });

const parts = [
  { name: 'src-renderer', program: 'vue-tsc/bin/vue-tsc.js' },
  { name: 'test', program: 'typescript/bin/tsc' },
  { name: 'src-main', program: 'typescript/bin/tsc' },
  { name: 'src-main/core', program: 'typescript/bin/tsc' },
  { name: 'src-main/lab/engine', program: 'typescript/bin/tsc' },
  { name: 'src-main/bootstrap/registry', program: 'typescript/bin/tsc' },
  { name: 'src-shared', program: 'typescript/bin/tsc' },
  { name: 'scripts', program: 'typescript/bin/tsc' },
];

/**
 * @param {{ name: string, program: string }} part
 * @returns {Promise<{ name: string, ok: boolean, output: string, seconds: number }>}
 */
function check({ name, program }) {
  const started = performance.now();
  const buildInfo = join(cache, `${name.replaceAll('/', '-')}.json`);
  const args = [join(root, 'node_modules', program), '-p', name, '--incremental', '--tsBuildInfoFile', buildInfo, '--pretty', 'false'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      // An empty part ("No inputs were found") is not a mistake.
      const empty = /error TS18003/.test(output);
      resolve({ name, ok: code === 0 || empty, output: empty ? '' : output, seconds: (performance.now() - started) / 1000 });
    });
  });
}

const queue = [...parts];
/** @type {{ name: string, ok: boolean, output: string, seconds: number }[]} */
const results = [];
async function worker() {
  for (let part = queue.shift(); part; part = queue.shift()) results.push(await check(part));
}
await Promise.all([worker(), worker()]);

for (const { name, ok, output, seconds } of results) {
  if (output) process.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(27)} ${seconds.toFixed(1)} s`);
}
process.exitCode = results.every((result) => result.ok) ? 0 : 1;
