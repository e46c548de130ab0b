import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectLocal } from '#main/local/connect-local.ts';
import { MiB } from '#shared/units.ts';

/**
 * What compression is worth: a file of made-up log lines, a program and random bytes go from one process to another over
 * loopback, with the sender's (`--side up`) or the receiver's (`--side down`) limit at each `--rate`, in MB/s (0: none),
 * with the setting `compression` at `off` and at `auto` in turn. Prints the receiver's seconds from `get` to the last byte
 * durable, what of the file had to travel, and CPU seconds of both sides. `--text FILE` takes that file for the log.
 *
 *   node test/bench/run.mjs compression [--mib 32] [--rate 2,10,0] [--runs 3] [--side up|down] [--to DIR] [--text FILE]
 */
const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '32' }, rate: { type: 'string', default: '2,10,0' }, runs: { type: 'string', default: '3' }, side: { type: 'string', default: 'up' },
    to: { type: 'string', default: tmpdir() }, text: { type: 'string' },
  },
});
const program = join(dirname(fileURLToPath(import.meta.url)), 'cli.mjs');
const quiet = ['--port', '0', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
const size = Number(values.mib) * MiB;

interface Side { readonly data: string; readonly child: ChildProcess; readonly port: number }

async function start(name: string, data: string): Promise<Side> {
  const child = spawn(process.execPath, ['--max-semi-space-size=8', program, 'serve', '--data', data, '--json', '--name', name, '--download-dir', join(data, 'downloads'), ...quiet], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line: unknown = (await once(createInterface({ input: child.stdout }), 'line'))[0];
  return { data, child, port: Number(/"port":(\d+)/.exec(String(line))?.[1]) };
}

async function cli(side: Side, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, '--data', side.data, '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => { text += String(chunk); });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${args.join(' ')}: ${text}`);
  return text;
}

/** User and system CPU seconds of a process so far (proc(5)); the clock ticks 100 times a second on Linux. */
async function cpuOf({ child }: Side): Promise<number> {
  const text = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

/** Lines as a web server writes them. */
function logLines(bytes: number): Buffer {
  const lines: string[] = [];
  let state = 1;
  const below = (most: number): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >>> 0) % most;
  };
  for (let length = 0, number = 0; length < bytes; number++) {
    const line = `192.168.${below(4)}.${below(256)} - - [21/Nov/2026:${String(number % 24).padStart(2, '0')}:${below(60)}:${below(60)}] "GET /items/${below(100_000)}/page?sort=${below(4)} HTTP/1.1" ${below(20) === 0 ? 404 : 200} ${below(50_000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

async function contentOf(file: string | undefined): Promise<Buffer> {
  if (file === undefined) return logLines(size);
  const data = await readFile(file);
  return Buffer.concat(Array.from({ length: Math.ceil(size / data.length) }, () => data)).subarray(0, size);
}

/** What the sender has sent by now: bytes of files, and how many of them did not have to travel. */
async function sentBy(sender: Side): Promise<Map<string, { bytes: number; saved: number }>> {
  const api = await connectLocal(sender.data);
  const { transfers } = await api.call('transfers.list', {});
  const up = transfers.filter(({ direction }) => direction === 'up');
  const found = new Map(await Promise.all(up.map(async ({ id, bytes }) => [id, { bytes, saved: (await api.call('transfers.get', { id })).savedBytes ?? 0 }] as const)));
  api.close();
  return found;
}

async function run(sender: Side, receiver: Side, file: string): Promise<{ seconds: number; cpuSender: number; cpuReceiver: number; shareOfBytes: number }> {
  const to = await mkdtemp(join(values.to, 'distrishare-bench-'));
  const [sentBefore, ...before] = await Promise.all([sentBy(sender), cpuOf(sender), cpuOf(receiver)]);
  const last = (await cli(receiver, 'get', 'Sender', file, '--to', to)).trim().split('\n').at(-1) ?? '';
  const [sentAfter, ...after] = await Promise.all([sentBy(sender), cpuOf(sender), cpuOf(receiver)]);
  const saved = [...sentAfter].reduce((sum, [id, sent]) => sum + sent.saved - (sentBefore.get(id)?.saved ?? 0), 0);
  await rm(to, { recursive: true });
  return { seconds: Number(/"seconds":([\d.]+)/.exec(last)?.[1]), cpuSender: (after[0] ?? 0) - (before[0] ?? 0), cpuReceiver: (after[1] ?? 0) - (before[1] ?? 0), shareOfBytes: 1 - saved / size };
}

const root = await mkdtemp(join(values.to, 'distrishare-bench-'));
const sides: Side[] = [];
try {
  const node = await open(process.execPath);
  const binary = Buffer.alloc(size);
  await node.read(binary, 0, size, 16 * MiB);
  await node.close();
  const files = new Map([['log.txt', await contentOf(values.text)], ['program.bin', binary], ['random.bin', randomBytes(size)]]);
  for (const [name, data] of files) await writeFile(join(root, name), data);
  const [sender, receiver] = [await start('Sender', join(root, 'sender')), await start('Receiver', join(root, 'receiver'))];
  sides.push(sender, receiver);
  await cli(receiver, 'connect', `127.0.0.1:${sender.port}`);
  for (const name of files.keys()) await cli(sender, 'share', join(root, name), '--audience', 'everyone', '--wait');
  for (const rate of values.rate.split(',').map(Number)) {
    const limit = rate === 0 ? 'off' : String(Math.round(rate * 1e6));
    if (values.side === 'up') await cli(sender, 'settings', 'uploadLimit', limit);
    else await cli(receiver, 'settings', 'downloadLimit', limit);
    for (const name of files.keys()) {
      const found = new Map<string, Awaited<ReturnType<typeof run>>[]>([['off', []], ['auto', []]]);
      for (let round = 0; round < Number(values.runs); round++) {
        for (const [setting, results] of found) {
          await cli(sender, 'settings', 'compression', setting);
          results.push(await run(sender, receiver, name));
        }
      }
      for (const [setting, results] of found) {
        const of = (pick: (one: (typeof results)[number]) => number): number => median(results.map(pick));
        console.log(`${rate === 0 ? 'no limit' : `${rate} MB/s`}, ${values.mib} MiB of ${name}, compression ${setting}: ${of(({ seconds }) => seconds).toFixed(2)} s, ${Math.round(100 * of(({ shareOfBytes }) => shareOfBytes))} % of the bytes travelled, CPU sender ${of(({ cpuSender }) => cpuSender).toFixed(2)} s, receiver ${of(({ cpuReceiver }) => cpuReceiver).toFixed(2)} s`);
      }
    }
  }
} finally {
  for (const { child } of sides) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  await rm(root, { recursive: true, force: true });
}
