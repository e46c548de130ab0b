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

/** Two parts are checked at a time, so one thread each is enough: several check what they share several times. */
const native = ['typescript-native/bin/tsc', '--singleThreaded'];
const parts = [
  { name: 'src-renderer', program: ['vue-tsc/bin/vue-tsc.js'] },
  { name: 'test', program: native },
  { name: 'src-main', program: native },
  { name: 'src-main/core', program: native },
  { name: 'src-main/lab/engine', program: native },
  { name: 'src-main/bootstrap/registry', program: native },
  { name: 'src-shared', program: native },
  { name: 'scripts', program: native },
];

/**
 * @param {{ name: string, program: string[] }} part
 * @returns {Promise<{ name: string, ok: boolean, output: string, seconds: number }>}
 */
function check({ name, program: [program = '', ...options] }) {
  const started = performance.now();
  const buildInfo = join(cache, `${name.replaceAll('/', '-')}.json`);
  const args = [join(root, 'node_modules', program), ...options, '-p', name, '--incremental', '--tsBuildInfoFile', buildInfo, '--pretty', 'false'];
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
