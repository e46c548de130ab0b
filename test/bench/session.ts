/**
 * DistriShare beside other programs, on this machine, now: they take turns at the same jobs. Prints a table for each row. A session of
 * full size with `--peers` also writes docs/benchmarks.md; rows that were not run keep the results of the last session in this checkout.
 *
 *   npm run bench -- [--peers DIR] [--rounds 3] [--rows big,swarm] [--only NAME,NAME] [--scale 1] [--patience 0]
 *                   [--at DIR] [--memory DIR] [--no-write]
 *
 * --peers   folder with the scripts that measure the others; without it DistriShare runs alone
 * --only    other programs whose name contains one of these
 * --scale   0.1 makes the large files a tenth of their size; nothing is written then
 * --patience  seconds to wait before each run, at most, for everything else on the machine to use less than a tenth of it
 * --at      where the large data lies; --memory: a folder in memory
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { machineFacts, rivalVersions } from './session/machine.ts';
import { runScript } from './session/peer-script.ts';
import { machineCpuSeconds, stopEverything } from './session/processes.ts';
import { renderDocument, renderRow, rowResultSchema, type RowResult } from './session/report.ts';
import type { Rival } from './session/rivals.ts';
import { bytesOf, fullSizes, rowsOf, type Row, type Sizes } from './session/rows.ts';
import type { RunResult, Series } from './session/run-result.ts';
import { makeFile, makeTree } from './session/sources.ts';
import { Stage } from './session/stage.ts';

const root = join(import.meta.dirname, '../..');
const resultsFile = join(root, 'out/bench/results.json');
const documentFile = join(root, 'docs/benchmarks.md');
const pauseMs = 1_000;
/** A program that fails this often in a row is not tried again. */
const failuresAllowed = 2;

const { values } = parseArgs({
  options: {
    peers: { type: 'string' }, rounds: { type: 'string', default: '3' }, rows: { type: 'string' }, only: { type: 'string' }, scale: { type: 'string', default: '1' }, patience: { type: 'string', default: '0' },
    at: { type: 'string', default: tmpdir() }, memory: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() }, 'no-write': { type: 'boolean', default: false },
  },
});
const scale = Number(values.scale);
const rounds = Number(values.rounds);
if (!(scale > 0) || !Number.isInteger(rounds) || rounds < 1) throw new Error('--scale and --rounds are positive numbers');
const sizes: Sizes = { bigBytes: Math.round(fullSizes.bigBytes * scale), smallFiles: fullSizes.smallFiles, swarmBytes: Math.round(fullSizes.swarmBytes * scale) };
const scripts = values.peers === undefined ? null : resolve(values.peers);
if (scripts !== null && !existsSync(scripts)) throw new Error(`no such folder: ${scripts}`);
const names = values.only?.toLowerCase().split(',');
const allRows = rowsOf(sizes);
const wanted = values.rows?.split(',');
const unknown = wanted?.filter((id) => !allRows.some((row) => row.id === id)) ?? [];
if (unknown.length > 0) throw new Error(`no row ${unknown.join(', ')}; there are ${allRows.map((row) => row.id).join(', ')}`);

interface Places { readonly disk: string; readonly memory: string; readonly sources: Record<'big' | 'small' | 'swarm', string> }

async function ownRun(row: Row, { disk, memory, sources }: Places): Promise<RunResult> {
  const stage = new Stage(row.inMemory ? memory : disk);
  const work = row.run({ stage, source: sources[row.source], bytes: bytesOf(row, sizes) });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, sleep(row.limitMs, undefined, { ref: false }).then(() => { throw new Error(`took more than ${row.limitMs / 1000} s`); })]);
  } finally {
    await stage.close();
  }
}

function rivalRun(row: Row, rival: Rival, folder: string, { disk, memory }: Places): Promise<RunResult> {
  const work = join(row.inMemory ? memory : disk, 'peers');
  return runScript(rival, { folder, work, temporary: join(disk, 'peers-run'), bytes: sizes.bigBytes, swarmBytes: sizes.swarmBytes, limitMs: row.limitMs + 60_000, toFirst: row.toFirst });
}

/** Waits for a quiet second, as long as `--patience` says. */
async function quietMachine(): Promise<void> {
  const until = performance.now() + Number(values.patience) * 1_000;
  for (let busy = 1; busy > 0.1 && performance.now() < until;) {
    const [before, at] = [machineCpuSeconds(), performance.now()];
    await sleep(1_000);
    busy = ((machineCpuSeconds() ?? 0) - (before ?? 0)) / (cpus().length * (performance.now() - at)) * 1_000;
  }
}

async function into(series: Series, turns: number, run: () => Promise<RunResult>): Promise<void> {
  if (series.failures.length >= failuresAllowed && series.runs.length === 0) return;
  for (let turn = 0; turn < turns; turn++) {
    await sleep(pauseMs);
    await quietMachine();
    try {
      const result = await run();
      series.runs.push(result);
      console.log(`  ${series.program.padEnd(32)} ${result.seconds.toFixed(3)} s`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      series.failures.push(reason);
      console.log(`  ${series.program.padEnd(32)} ${reason}`);
      return;
    }
  }
}

async function runRow(row: Row, places: Places, facts: Pick<RowResult, 'machine' | 'versions'>): Promise<RowResult> {
  const own: Series = { program: 'DistriShare', encrypted: row.encrypted, runs: [], failures: [] };
  const taking = scripts === null ? [] : row.rivals.filter(({ name }) => names === undefined || names.some((part) => name.toLowerCase().includes(part)));
  const others = taking.map((rival) => ({ rival, series: { program: rival.name, encrypted: rival.encrypted, runs: [], failures: [] } satisfies Series }));
  const why = row.whyNot();
  if (why !== null) own.failures.push(why);
  for (let round = 1; round <= rounds; round++) {
    console.log(`${row.id}, round ${round} of ${rounds}`);
    if (why === null) await into(own, row.turns, () => ownRun(row, places));
    for (const { rival, series } of others) if (scripts !== null) await into(series, 1, () => rivalRun(row, rival, scripts, places));
  }
  return { date: new Date().toISOString().slice(0, 10), ...facts, bytes: bytesOf(row, sizes), cores: cpus().length, own, rivals: others.map(({ series }) => series) };
}

const stored = (): Record<string, RowResult> => (existsSync(resultsFile) ? z.record(z.string(), rowResultSchema).parse(JSON.parse(readFileSync(resultsFile, 'utf8'))) : {});

/** The document between its two marks is this program's; the rest is written by hand. */
function writeDocument(text: string): void {
  const [start, end] = ['<!-- session: written by npm run bench -->', '<!-- end of session -->'];
  const before = existsSync(documentFile) ? readFileSync(documentFile, 'utf8') : `# Benchmarks\n\n${start}\n${end}\n`;
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${documentFile} has lost its marks`);
  writeFileSync(documentFile, `${before.slice(0, from + start.length)}\n\n${text}\n\n${before.slice(to)}`);
}

async function main(): Promise<void> {
  const disk = await mkdtemp(join(values.at, 'distrishare-bench-'));
  const memory = await mkdtemp(join(values.memory, 'distrishare-bench-'));
  const clean = async (): Promise<void> => {
    await stopEverything();
    await Promise.all([disk, memory].map((folder) => rm(folder, { recursive: true, force: true })));
  };
  let ending = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (ending) return;
      ending = true;
      void clean().finally(() => process.exit(130));
    });
  }
  try {
    const rows = allRows.filter((row) => wanted?.includes(row.id) ?? true);
    const facts = { machine: await machineFacts(root, { disk, memory }), versions: scripts === null ? [] : await rivalVersions(scripts) };
    console.log([...facts.machine, facts.versions.join(', ')].join('\n'));
    const places: Places = { disk, memory, sources: { big: join(disk, 'big.bin'), small: join(memory, 'small'), swarm: join(disk, 'swarm.bin') } };
    for (const source of new Set(rows.map((row) => row.source))) {
      if (source === 'small') await makeTree(places.sources.small, sizes.smallFiles);
      else await makeFile(places.sources[source], source === 'big' ? sizes.bigBytes : sizes.swarmBytes);
    }
    const results: Record<string, RowResult> = {};
    const keep = scripts !== null && scale === 1 && !values['no-write'];
    for (const row of rows) {
      results[row.id] = await runRow(row, places, facts);
      if (!keep) continue;
      // After every row: a session that is ended early keeps what it has.
      await mkdir(join(root, 'out/bench'), { recursive: true });
      writeFileSync(resultsFile, JSON.stringify({ ...stored(), ...results }));
    }
    for (const row of rows) {
      const result = results[row.id];
      if (result !== undefined) console.log(`\n${renderRow(row, result)}`);
    }
    if (keep) writeDocument(renderDocument(allRows, stored()));
  } finally {
    await clean();
  }
}

await main();
