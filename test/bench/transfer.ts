import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GiB, KiB, MiB } from '#shared/units.ts';

/**
 * The product's main job, between two processes over loopback: encrypted, verified, journalled, written. Prints MB/s
 * (10^6 bytes) by the receiver's own clock from `get` to the last byte durable, CPU seconds and peak memory of both sides.
 * `--only` picks one workload; `--profile` writes a CPU profile of every thread (`*.cpuprofile`) to DIR/sender and DIR/receiver.
 *
 *   node test/bench/run.mjs transfer [--gib 2] [--runs 3] [--files 10000] [--to DIR] [--small-to DIR]
 *     [--only disk|small|memory] [--profile DIR]
 */
const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '2' }, runs: { type: 'string', default: '3' }, files: { type: 'string', default: '10000' },
    to: { type: 'string', default: tmpdir() }, 'small-to': { type: 'string', default: '/dev/shm' }, only: { type: 'string' }, profile: { type: 'string' },
  },
});
/** As `npm start` starts a node (scripts/node-flags.mjs). */
const nodeFlags = ['--max-semi-space-size=8'];
const program = join(dirname(fileURLToPath(import.meta.url)), 'cli.mjs');
const quiet = ['--port', '0', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];

interface Side { readonly data: string; readonly child: ChildProcess; readonly port: number }

async function start(name: string, data: string): Promise<Side> {
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', join(values.profile, name.toLowerCase())];
  const child = spawn(process.execPath, [...profiling, ...nodeFlags, program, 'serve', '--data', data, '--json', '--name', name, '--download-dir', join(data, 'downloads'), ...quiet], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line: unknown = (await once(createInterface({ input: child.stdout }), 'line'))[0];
  const port = Number(/"port":(\d+)/.exec(String(line))?.[1]);
  return { data, child, port };
}

async function cli(side: Side, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, '--data', side.data, '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => { last = line; });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${args.join(' ')}: ${last}`);
  return last;
}

/** User and system CPU seconds of a process so far (proc(5)); the clock ticks 100 times a second on Linux. */
async function cpuOf({ child }: Side): Promise<number> {
  const text = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** From here on the system measures the peak anew (proc(5)). */
const forgetPeak = ({ child }: Side): Promise<void> => writeFile(`/proc/${child.pid}/clear_refs`, '5');
const peakOf = async ({ child }: Side): Promise<number> => Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * KiB;

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

async function measure(label: string, sender: Side, receiver: Side, path: string, base: string): Promise<void> {
  const seconds: number[] = [];
  const lines: string[] = [];
  let bytes = 0;
  await Promise.all([sender, receiver].map(forgetPeak));
  for (let run = 0; run < Number(values.runs); run++) {
    const to = await mkdtemp(join(base, 'distrishare-bench-'));
    const before = await Promise.all([cpuOf(sender), cpuOf(receiver)]);
    const last = await cli(receiver, 'get', 'Sender', path, '--to', to);
    const after = await Promise.all([cpuOf(sender), cpuOf(receiver)]);
    seconds.push(Number(/"seconds":([\d.]+)/.exec(last)?.[1]));
    bytes = Number(/"bytes":(\d+)/.exec(last)?.[1]);
    lines.push(`  ${(seconds.at(-1) ?? 0).toFixed(2)} s, ${(bytes / 1e6 / (seconds.at(-1) ?? 1)).toFixed(0)} MB/s, CPU sender ${((after[0] ?? 0) - (before[0] ?? 0)).toFixed(2)} s, receiver ${((after[1] ?? 0) - (before[1] ?? 0)).toFixed(2)} s`);
    await rm(to, { recursive: true });
  }
  console.log(`${label}: median ${median(seconds).toFixed(2)} s, ${(bytes / 1e6 / median(seconds)).toFixed(0)} MB/s\n${lines.join('\n')}`);
  const [sent = 0, received = 0] = await Promise.all([sender, receiver].map(peakOf));
  console.log(`  peak memory: sender ${(sent / 1e6).toFixed(0)} MB, receiver ${(received / 1e6).toFixed(0)} MB`);
}

const root = await mkdtemp(join(values.to, 'distrishare-bench-'));
const sides: Side[] = [];
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
  const sender = await start('Sender', join(root, 'sender'));
  sides.push(sender);
  const receiver = await start('Receiver', join(root, 'receiver'));
  sides.push(receiver);
  await cli(receiver, 'connect', `127.0.0.1:${sender.port}`);
  const share = (path: string): Promise<string> => cli(sender, 'share', path, '--audience', 'everyone', '--wait');
  if (runs('disk') || runs('memory')) await share(big);
  if (runs('disk')) await measure(`one file of ${values.gib} GiB to ${values.to}`, sender, receiver, 'big.bin', values.to);
  if (runs('small')) {
    await share(small);
    await measure(`${values.files} files of 10 KiB to ${values['small-to']}`, sender, receiver, 'small', values['small-to']);
  }
  if (runs('memory') && (await stat('/dev/shm').catch(() => null)) !== null) await measure(`one file of ${values.gib} GiB to memory (/dev/shm)`, sender, receiver, 'big.bin', '/dev/shm');
} finally {
  for (const { child } of sides) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  await rm(root, { recursive: true, force: true });
}
