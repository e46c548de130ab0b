/**
 * Hashing rate: one file of 2 GiB whose pages are in memory, and 10,000 files of 10 KiB, with one thread and with as
 * many as the machine gets. Run with `node test/bench/run.mjs hash [FOLDER]`.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHasher } from '#main/disk/hash/hasher.ts';
import { GiB, KiB, MiB } from '#shared/units.ts';

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'distrishare-bench-'));

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function main(): Promise<void> {
  const big = join(folder, 'big');
  const fd = openSync(big, 'w');
  const block = new Uint8Array(MiB).map((_, at) => at * 31);
  for (let at = 0; at < 2 * GiB; at += MiB) writeSync(fd, block);
  closeSync(fd);
  const small = Array.from({ length: 10_000 }, (_, at) => join(folder, `small-${at}`));
  for (const path of small) writeFileSync(path, block.subarray(0, 10 * KiB));

  for (const workers of [1, undefined]) {
    const hasher = createHasher(workers === undefined ? {} : { workers });
    await hasher.hashFile(small[0] ?? big);
    const took = await seconds(() => hasher.hashFile(big));
    console.log(`2 GiB, ${workers ?? 'default'} worker(s): ${Math.round(2 * GiB / 1e6 / took)} MB/s`);
    const batches: string[][] = [];
    for (let at = 0; at < small.length; at += 250) batches.push(small.slice(at, at + 250));
    const tookSmall = await seconds(() => Promise.all(batches.map((batch) => hasher.hashFiles(batch))));
    console.log(`10,000 x 10 KiB, ${workers ?? 'default'} worker(s): ${tookSmall.toFixed(2)} s`);
    await hasher.close();
  }
}

void main().finally(() => rmSync(folder, { recursive: true, force: true }));
