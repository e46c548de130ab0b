/**
 * The receiving disk alone: 2 GiB of pieces from memory through the Receiver to one file, and 10,000 files of 10 KiB
 * through `writeSmall`. Run with `node test/bench/run.mjs receive [FOLDER FOR THE LARGE FILE] [FOLDER FOR THE SMALL]`.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Merkle } from '#main/core/content/merkle.ts';
import { createReceiver } from '#main/disk/receive/receiver.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { FileTarget, Receiver, SmallFile } from '#main/node/ports/receiver.ts';
import { GiB, KiB, MiB } from '#shared/units.ts';

const bytes = 2 * GiB;
const pieceBytes = 1 * MiB;
const inFlight = 8;
const merkle = new Merkle(sha256);

function shared(length: number, seed: number): Uint8Array {
  const data = new Uint8Array(new SharedArrayBuffer(length));
  for (let at = 0; at < length; at++) data[at] = at * 31 + seed * 7 + (at >> 8);
  return data;
}

async function large(disk: Receiver, base: string): Promise<void> {
  plainWrites(base);
  const buffers = Array.from({ length: inFlight }, (_, seed) => shared(pieceBytes, seed));
  const hashes = buffers.map((buffer) => merkle.pieceHash(buffer, pieceBytes, false));
  const layer = new Uint8Array((bytes / pieceBytes) * 32);
  for (let piece = 0; piece < bytes / pieceBytes; piece++) layer.set(hashes[piece % inFlight] ?? [], piece * 32);
  const target: FileTarget = { base, path: ['large'], bytes, pieceBytes, root: merkle.rootOfLayer(layer, pieceBytes), layer, modifiedAt: Date.now(), executable: false };
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { handle } = await disk.open(target);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < bytes / pieceBytes) {
      const piece = next++;
      const buffer = buffers[piece % inFlight];
      if (buffer === undefined) throw new Error('no buffer');
      const outcome = await disk.write(handle, piece, buffer, null);
      if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const written = (performance.now() - start) / 1000;
  await disk.finish(handle);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(`2 GiB: ${Math.round(bytes / 1e6 / seconds)} MB/s (${Math.round(bytes / 1e6 / written)} MB/s until the last piece), CPU ${(user / 1e6).toFixed(2)} s user, ${(system / 1e6).toFixed(2)} s system`);
}

/**
 * The same bytes by plain writes, for comparison. Run twice: a virtual machine may have to fetch memory from its host
 * first, which costs many times what anything here does; the second run finds it there.
 */
function plainWrites(base: string): void {
  const block = shared(pieceBytes, 1);
  for (const run of ['first touch', 'again']) {
    const path = join(base, 'plain');
    const fd = openSync(path, 'w');
    const start = performance.now();
    for (let at = 0; at < bytes; at += pieceBytes) writeSync(fd, block, 0, block.length, at);
    const seconds = (performance.now() - start) / 1000;
    closeSync(fd);
    rmSync(path);
    console.log(`2 GiB by plain writes, ${run}: ${Math.round(bytes / 1e6 / seconds)} MB/s`);
  }
}

async function small(disk: Receiver, base: string): Promise<void> {
  const files: SmallFile[] = Array.from({ length: 10_000 }, (_, at) => {
    const data = shared(10 * KiB, at);
    const root = merkle.pieceHash(data, pieceBytes, true);
    return { target: { base, path: [`folder ${at % 20}`, `file ${at}.bin`], bytes: data.length, pieceBytes, root, layer: null, modifiedAt: Date.now(), executable: false }, data };
  });
  const cpu = process.cpuUsage();
  const start = performance.now();
  const batches: Promise<unknown>[] = [];
  for (let at = 0; at < files.length; at += 128) batches.push(disk.writeSmall(files.slice(at, at + 128)));
  await Promise.all(batches);
  const written = (performance.now() - start) / 1000;
  await disk.flush();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(`10,000 x 10 KiB: ${written.toFixed(2)} s, with flush ${seconds.toFixed(2)} s, CPU ${(user / 1e6).toFixed(2)} s user, ${(system / 1e6).toFixed(2)} s system`);
}

async function main(): Promise<void> {
  const [largeAt = tmpdir(), smallAt = '/dev/shm'] = process.argv.slice(2);
  for (const [where, run] of [[largeAt, large], [smallAt, small]] as const) {
    const folder = mkdtempSync(join(where, 'distrishare-bench-'));
    const disk = createReceiver();
    try {
      await run(disk, folder);
    } finally {
      await disk.shutdown();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

void main();
