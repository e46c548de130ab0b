// @ts-check
/**
 * `npm test`: everything there is to check, on a machine with nothing but Node and npm.
 * `npm test -- unit net` runs only the layers named.
 */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { runLayer } from './run-layer.mjs';
import { ensureSystemPackages } from './system-packages.mjs';
import { layers, stepsOf } from './test-layers.mjs';

const wholeBudget = 600;

const asked = process.argv.slice(2);
if (asked.includes('--help') || asked.includes('-h')) {
  console.log(`npm test                everything there is to check
npm test -- LAYER…      only these layers: ${layers.map((layer) => layer.name).join(' ')}`);
  process.exit(0);
}
requireNode();
const unknown = asked.filter((name) => !layers.some((layer) => layer.name === name));
if (unknown.length > 0) {
  console.error(`No such layer: ${unknown.join(' ')}. There are: ${layers.map((layer) => layer.name).join(' ')}`);
  process.exit(2);
}
const chosen = layers.filter((layer) => asked.length === 0 || asked.includes(layer.name));

const setupStarted = performance.now();
ensureDependencies();
const missing = ensureSystemPackages(chosen.map((layer) => layer.name));
const setupSeconds = (performance.now() - setupStarted) / 1000;

const layersStarted = performance.now();
/** @type {Map<string, import('./run-layer.mjs').Row>} */
const ran = new Map();
for (const step of stepsOf(chosen)) {
  if (process.stdout.isTTY) process.stdout.write(`${step.map(({ name }) => name).join(', ')} …\r`);
  await Promise.all(step.map(async (layer) => {
    const row = await runLayer(layer);
    ran.set(layer.name, row);
    console.log(`${row.failed > 0 ? '✗' : row.passed > 0 ? '✓' : '–'} ${row.name.padEnd(12)} ${row.seconds.toFixed(1)} s`);
  }));
}
const layersSeconds = (performance.now() - layersStarted) / 1000;
const rows = chosen.flatMap(({ name }) => ran.get(name) ?? []);

/** @param {(string | number)[]} cells */
const line = ([name = '', ...numbers]) => `${String(name).padEnd(12)}${numbers.map((cell) => String(cell).padStart(9)).join('')}`;
const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ what) => rows.reduce((total, row) => total + row[what], 0);
console.log(`\n${line(['layer', 'passed', 'failed', 'skipped', 'seconds', 'budget'])}`);
for (const row of rows) console.log(`${line([row.name, row.passed, row.failed, row.skipped, row.seconds.toFixed(1), row.budget])}${row.note ? `  ${row.note}` : ''}`);
console.log(line(['set-up', '', '', '', setupSeconds.toFixed(1)]));
console.log(line(['all', sum('passed'), sum('failed'), sum('skipped'), layersSeconds.toFixed(1), wholeBudget]));
for (const sentence of missing) console.log(sentence);
if (layersSeconds > wholeBudget) console.log(`All layers together took more than ${wholeBudget} s; find out which one grew.`);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
