import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MiB } from '#shared/units.ts';
import { BenchNode, quiet } from './session/bench-node.ts';
import { stopEverything } from './session/processes.ts';

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
const size = Number(values.mib) * MiB;

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

/** Bytes of blocks that did not have to travel, by upload. */
async function savedBy({ api }: BenchNode): Promise<Map<string, number>> {
  const { transfers } = await api.call('transfers.list', { finished: false });
  const up = transfers.filter(({ direction }) => direction === 'up');
  return new Map(await Promise.all(up.map(async ({ id }) => [id, (await api.call('transfers.get', { id })).savedBytes ?? 0] as const)));
}

interface Run { readonly seconds: number; readonly cpuSender: number; readonly cpuReceiver: number; readonly shareOfBytes: number }

async function run(sender: BenchNode, receiver: BenchNode, file: string): Promise<Run> {
  const to = await mkdtemp(join(values.to, 'distrishare-bench-'));
  const used = (): [number, number] => [sender.program.cpuSeconds() ?? NaN, receiver.program.cpuSeconds() ?? NaN];
  const savedBefore = await savedBy(sender);
  const [senderBefore, receiverBefore] = used();
  const startedAt = Date.now();
  const { done } = await receiver.get({ kind: 'path', peer: 'Sender', path: file }, to);
  const { finishedAt } = await done;
  const [senderAfter, receiverAfter] = used();
  const saved = [...(await savedBy(sender))].reduce((sum, [id, bytes]) => sum + bytes - (savedBefore.get(id) ?? 0), 0);
  await rm(to, { recursive: true });
  return { seconds: ((finishedAt ?? Date.now()) - startedAt) / 1000, cpuSender: senderAfter - senderBefore, cpuReceiver: receiverAfter - receiverBefore, shareOfBytes: 1 - saved / size };
}

const root = await mkdtemp(join(values.to, 'distrishare-bench-'));
const node = (name: string): Promise<BenchNode> => BenchNode.start(join(root, name), name, ['--port', '0', ...quiet]);
try {
  const runtime = await open(process.execPath);
  const binary = Buffer.alloc(size);
  await runtime.read(binary, 0, size, 16 * MiB);
  await runtime.close();
  const files = new Map([['log.txt', await contentOf(values.text)], ['program.bin', binary], ['random.bin', randomBytes(size)]]);
  for (const [name, data] of files) await writeFile(join(root, name), data);
  const [sender, receiver] = [await node('Sender'), await node('Receiver')];
  await receiver.connect(sender);
  for (const name of files.keys()) await sender.share(join(root, name));
  for (const rate of values.rate.split(',').map(Number)) {
    const limit = rate === 0 ? 'off' : Math.round(rate * 1e6);
    if (values.side === 'up') await sender.api.call('settings.set', { patch: { uploadLimit: limit } });
    else await receiver.api.call('settings.set', { patch: { downloadLimit: limit } });
    for (const name of files.keys()) {
      const found = new Map<'off' | 'auto', Run[]>([['off', []], ['auto', []]]);
      for (let round = 0; round < Number(values.runs); round++) {
        for (const [setting, results] of found) {
          await sender.api.call('settings.set', { patch: { compression: setting } });
          results.push(await run(sender, receiver, name));
        }
      }
      for (const [setting, results] of found) {
        const of = (pick: (one: Run) => number): number => median(results.map(pick));
        console.log(`${rate === 0 ? 'no limit' : `${rate} MB/s`}, ${values.mib} MiB of ${name}, compression ${setting}: ${of(({ seconds }) => seconds).toFixed(2)} s, ${Math.round(100 * of(({ shareOfBytes }) => shareOfBytes))} % of the bytes travelled, CPU sender ${of(({ cpuSender }) => cpuSender).toFixed(2)} s, receiver ${of(({ cpuReceiver }) => cpuReceiver).toFixed(2)} s`);
      }
    }
  }
} finally {
  await stopEverything();
  await rm(root, { recursive: true, force: true });
}
