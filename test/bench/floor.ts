/**
 * What a large file costs at least: each step that none may leave out, alone and at the speed of Node's own libraries, in CPU time a megabyte of
 * both sides: read from the page cache, encrypt and decrypt (the record cipher of a link), carry over loopback between two processes, hash (SHA-256),
 * and write to the disk past the page cache. The best of several runs and, for the ciphers and the hash, of several sizes of block.
 * The sum is a lower bound for any node that is made of these libraries, however well it is written: it counts no frame, no copy and no journal.
 *
 *   node test/bench/run.mjs floor [--mib 1024] [--runs 3] [--at DIR] [--cores 2]
 */
import { fork } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { pageAligned } from '#main/disk/page-aligned.ts';
import { GiB, KiB, MiB, type Bytes } from '#shared/units.ts';

const { values } = parseArgs({
  options: { role: { type: 'string' }, mib: { type: 'string', default: '1024' }, runs: { type: 'string', default: '3' }, at: { type: 'string', default: tmpdir() }, cores: { type: 'string', default: '2' } },
});
const total: Bytes = Number(values.mib) * MiB;
const runs = Number(values.runs);
const block = new Uint8Array(pageAligned(MiB)).map((_, at) => (at * 31) ^ (at >> 8));
const messageSchema = z.union([z.object({ port: z.int() }), z.object({ cpuSeconds: z.number() })]);

function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** The least of several runs, in µs of CPU a MB. */
async function least(work: () => number | Promise<number>): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run++) best = Math.min(best, await work());
  return (best * 1e6) / (total / 1e6);
}

function spent(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return cpuSeconds(before);
}

/** By whichever size of block costs least. */
async function leastOfSizes(work: (size: Bytes) => number): Promise<number> {
  const each: number[] = [];
  for (const size of [16 * KiB, 64 * KiB, 256 * KiB]) each.push(await least(() => work(size)));
  return Math.min(...each);
}

const key = randomBytes(16);
const nonce = randomBytes(12);

function through(cipher: { update(data: Uint8Array): unknown }, size: Bytes): number {
  const part = block.subarray(0, size);
  return spent(() => { for (let at = 0; at < total; at += size) cipher.update(part); });
}

function readAgain(path: string): number {
  const fd = openSync(path, 'r');
  const took = spent(() => { for (let at = 0; at < total; at += 256 * KiB) readSync(fd, block, 0, 256 * KiB, at); });
  closeSync(fd);
  return took;
}

function write(path: string, flags: number): number {
  const fd = openSync(path, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | flags);
  const took = spent(() => {
    for (let at = 0; at < total; at += MiB) writeSync(fd, block, 0, MiB, at);
    fsyncSync(fd);
  });
  closeSync(fd);
  return took;
}

/** Past the page cache where the file system has that, and through it elsewhere. */
function writeDirectly(path: string): number {
  try {
    return write(path, constants.O_DIRECT);
  } catch {
    return write(path, 0);
  }
}

/** CPU seconds of both processes, from the first byte to the last. */
async function overLoopback(): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['--role', 'sender', '--mib', values.mib]);
  return new Promise((resolve, reject) => {
    let before = process.cpuUsage();
    let own = 0;
    child.once('error', reject);
    child.on('message', (value) => {
      const message = messageSchema.parse(value);
      if ('cpuSeconds' in message) {
        resolve(own + message.cpuSeconds);
        return;
      }
      const socket: Socket = connect({
        port: message.port, host: '127.0.0.1',
        // Read into memory of ours, as the bulk connections do.
        onread: { buffer: new Uint8Array(256 * KiB), callback: () => true },
      });
      before = process.cpuUsage();
      socket.once('error', reject);
      socket.once('end', () => {
        own = cpuSeconds(before);
        child.send('done');
      });
    });
  });
}

/** The other process: whoever connects gets it all. */
function send(): void {
  const server = createServer((socket) => {
    const before = process.cpuUsage();
    let sent = 0;
    const more = (): void => {
      while (sent < total) {
        sent += MiB;
        if (!socket.write(block)) return void socket.once('drain', more);
      }
      socket.end();
    };
    process.once('message', () => {
      process.send?.({ cpuSeconds: cpuSeconds(before) });
      server.close();
      process.disconnect();
    });
    more();
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  });
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(values.at, 'distrishare-bench-'));
  try {
    const file = join(folder, 'file');
    const written = await least(() => writeDirectly(file));
    write(file, 0);
    const rows: [string, number][] = [
      ['read from the page cache', await least(() => readAgain(file))],
      ['encrypt, AES-128-GCM', await leastOfSizes((size) => through(createCipheriv('aes-128-gcm', key, nonce), size))],
      ['loopback, both ends', await least(overLoopback)],
      ['decrypt, AES-128-GCM', await leastOfSizes((size) => through(createDecipheriv('aes-128-gcm', key, nonce), size))],
      ['hash, SHA-256', await leastOfSizes((size) => through(createHash('sha256'), size))],
      ['write to the disk', written],
    ];
    for (const [what, cost] of rows) console.log(`${what.padEnd(26)} ${cost.toFixed(0).padStart(5)} µs/MB`);
    const sum = rows.reduce((all, [, cost]) => all + cost, 0);
    const seconds = (sum / 1e6) * (2 * GiB / 1e6);
    console.log(`${'all'.padEnd(26)} ${sum.toFixed(0).padStart(5)} µs/MB: ${seconds.toFixed(2)} s of CPU for 2 GiB, at most ${Math.round((Number(values.cores) * 1e6) / sum)} MB/s with ${values.cores} cores that never wait`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.role === 'sender') send();
else await measure();
