import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GiB, KiB, MiB } from '#shared/units.ts';
import { BenchNode, quiet } from './session/bench-node.ts';
import { stopEverything } from './session/processes.ts';

/**
 * The product's main job, between two processes over loopback: encrypted, verified, journalled, written. Prints MB/s
 * (10^6 bytes) by the receiver's own clock from `get` to the last byte durable, CPU seconds of both sides and of their threads (user + system,
 * those above 5 % of all), and peak memory.
 *
 *   node test/bench/run.mjs transfer [--gib 2] [--runs 3] [--files 10000] [--to DIR] [--small-to DIR]
 *     [--only disk|small|memory] [--profile DIR]
 *
 * `--only` picks one workload; `--profile` writes a CPU profile of every thread to DIR (`*.cpuprofile`).
 */
const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '2' }, runs: { type: 'string', default: '3' }, files: { type: 'string', default: '10000' },
    to: { type: 'string', default: tmpdir() }, 'small-to': { type: 'string', default: '/dev/shm' }, only: { type: 'string' }, profile: { type: 'string' },
  },
});

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

function threadsText(before: ReadonlyMap<number, readonly [number, number]>, after: ReadonlyMap<number, readonly [number, number]>): string {
  const used = [...after].map(([thread, [user, system]]): [number, number] => [user - (before.get(thread)?.[0] ?? 0), system - (before.get(thread)?.[1] ?? 0)]);
  const all = used.reduce((sum, [user, system]) => sum + user + system, 0);
  return used.filter(([user, system]) => user + system > all / 20).map(([user, system]) => `${user.toFixed(2)} + ${system.toFixed(2)}`).join(', ');
}

async function measure(label: string, sender: BenchNode, receiver: BenchNode, path: string, base: string): Promise<void> {
  const seconds: number[] = [];
  const lines: string[] = [];
  let bytes = 0;
  const sides = [sender.program, receiver.program];
  for (const program of sides) program.forgetPeakMemory();
  for (let run = 0; run < Number(values.runs); run++) {
    const to = await mkdtemp(join(base, 'distrishare-bench-'));
    const before = sides.map((program) => ({ cpu: program.cpuSeconds() ?? NaN, threads: program.threadSeconds() }));
    const startedAt = Date.now();
    const { done } = await receiver.get({ kind: 'path', peer: 'Sender', path }, to);
    const transfer = await done;
    const took = ((transfer.finishedAt ?? Date.now()) - startedAt) / 1000;
    bytes = transfer.doneBytes;
    seconds.push(took);
    const [sent, received] = sides.map((program, side) => `${((program.cpuSeconds() ?? NaN) - (before[side]?.cpu ?? NaN)).toFixed(2)} s (${threadsText(before[side]?.threads ?? new Map(), program.threadSeconds())})`);
    lines.push(`  ${took.toFixed(2)} s, ${(bytes / 1e6 / took).toFixed(0)} MB/s, CPU sender ${sent ?? ''}, receiver ${received ?? ''}`);
    await rm(to, { recursive: true });
  }
  console.log(`${label}: median ${median(seconds).toFixed(2)} s, ${(bytes / 1e6 / median(seconds)).toFixed(0)} MB/s\n${lines.join('\n')}`);
  const [sent = 0, received = 0] = sides.map((program) => program.peakMemory() ?? NaN);
  console.log(`  peak memory: sender ${(sent / 1e6).toFixed(0)} MB, receiver ${(received / 1e6).toFixed(0)} MB`);
}

const root = await mkdtemp(join(values.to, 'distrishare-bench-'));
const profiling = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile];
const node = (name: string): Promise<BenchNode> => BenchNode.start(join(root, name), name, ['--port', '0', ...quiet], { flags: profiling });
try {
  const runs = (workload: string): boolean => values.only === undefined || values.only === workload;
  const big = join(root, 'big.bin');
  const size = Number(values.gib) * GiB;
  const file = await open(big, 'w');
  for (let at = 0; at < size && (runs('disk') || runs('memory')); at += 16 * MiB) await file.write(randomBytes(Math.min(16 * MiB, size - at)));
  await file.close();
  const small = join(root, 'small');
  for (let number = 0; number < Number(values.files) && runs('small'); number++) {
    const folder = join(small, String(number % 100));
    if (number < 100) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${number}.bin`), randomBytes(10 * KiB));
  }
  const [sender, receiver] = [await node('Sender'), await node('Receiver')];
  await receiver.connect(sender);
  if (runs('disk') || runs('memory')) await sender.share(big);
  if (runs('disk')) await measure(`one file of ${values.gib} GiB to ${values.to}`, sender, receiver, 'big.bin', values.to);
  if (runs('small')) {
    await sender.share(small);
    await measure(`${values.files} files of 10 KiB to ${values['small-to']}`, sender, receiver, 'small', values['small-to']);
  }
  if (runs('memory') && (await stat('/dev/shm').catch(() => null)) !== null) await measure(`one file of ${values.gib} GiB to memory (/dev/shm)`, sender, receiver, 'big.bin', '/dev/shm');
} finally {
  await stopEverything();
  await rm(root, { recursive: true, force: true });
}
