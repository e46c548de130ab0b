import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, openSync, closeSync, ftruncateSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Merkle, emptyRoot } from '#main/core/content/merkle.ts';
import { pieceBytesFor } from '#main/core/content/piece-size.ts';
import { FileHasher } from '#main/disk/hash/file-hasher.ts';
import { fileVersion } from '#main/disk/file-version.ts';
import type { HashCalls } from '#main/disk/hash/hash-calls.ts';
import { hashInParts, threadsOf } from '#main/disk/hash/hash-parts.ts';
import { createHasher } from '#main/disk/hash/hasher.ts';
import { createOwnHasher } from '#main/disk/hash/own-hasher.ts';
import { WorkerPool } from '#main/disk/workers/worker-pool.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { Hasher } from '#main/node/ports/hasher.ts';
import { KiB, MiB } from '#shared/units.ts';
import { vectorContent } from '../../core/content/content-bytes.ts';
import { layerOf } from '../../core/content/layer-of.ts';
import { tempFolder } from '../temp-folder.ts';

function hasher(workers = 1): Hasher {
  const created = createHasher({ workers });
  onTestFinished(() => created.close());
  return created;
}

function expected(data: Uint8Array): { root: Uint8Array; layer: Uint8Array; bytes: number; pieceBytes: number } {
  const pieceBytes = pieceBytesFor(data.length);
  return { ...layerOf(new Merkle(sha256), data, pieceBytes), bytes: data.length, pieceBytes };
}

describe('hasher', () => {
  it.each([0, 1, 16 * KiB, 1 * MiB - 1, 1 * MiB, 1 * MiB + 1, 5 * MiB, 5 * MiB + 12_345])('hashes a file of %d bytes', async (bytes) => {
    const path = join(tempFolder(), 'file');
    writeFileSync(path, vectorContent(bytes));
    const hash = await hasher().hashFile(path);
    expect(hash).toEqual({ ...expected(vectorContent(bytes)), version: fileVersion(statSync(path, { bigint: true }), 'other') });
    if (bytes === 0) expect(hash.root).toEqual(emptyRoot);
  });

  it('hashes many files in one trip, one result or error each', async () => {
    const folder = tempFolder();
    const sizes = [0, 10, 100_000, 3 * MiB, 16 * KiB + 1];
    sizes.forEach((bytes, at) => writeFileSync(join(folder, String(at)), vectorContent(bytes)));
    mkdirSync(join(folder, 'folder'));
    const names = [...sizes.keys()].map(String).concat('folder', 'missing');
    const hashes = await hasher().hashFiles(names.map((name) => join(folder, name)));
    expect(hashes.slice(0, 5)).toMatchObject(sizes.map((bytes) => expected(vectorContent(bytes))));
    expect(hashes.slice(5)).toEqual([{ error: 'file-missing' }, { error: 'file-missing' }]);
  });

  it('hashes a piece in shared memory', async () => {
    const data = new Uint8Array(new SharedArrayBuffer(100_000));
    data.set(vectorContent(100_000));
    const merkle = new Merkle(sha256);
    const two = hasher(2);
    expect(await two.hashPiece(data, 1 * MiB, false)).toEqual(merkle.pieceHash(data, 1 * MiB, false));
    expect(await two.hashPiece(data, 1 * MiB, true)).toEqual(merkle.pieceHash(data, 1 * MiB, true));
  });

  it('hashes a long file with several threads as with one, and stops all of them when one cannot go on', async () => {
    const path = join(tempFolder(), 'sparse');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 200 * MiB + 12_345);
    for (const at of [0, 63 * MiB, 64 * MiB, 130 * MiB + 7, 200 * MiB]) writeSync(fd, vectorContent(10_000), 0, 10_000, at);
    closeSync(fd);
    const three = hasher(3);
    const told: number[] = [];
    const hash = await three.hashFile(path, { onProgress: (bytes) => told.push(bytes) });
    expect(hash).toEqual(await hasher(1).hashFile(path));
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    const abort = new AbortController();
    const cancelled = three.hashFile(path, { signal: abort.signal });
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    const pool = new WorkerPool<HashCalls>(2, () => spawnWorker('hash'));
    onTestFinished(() => pool.close());
    await expect(hashInParts(threadsOf(pool), (layer) => Promise.resolve(layer), { path, bytes: 200 * MiB + 12_345, version: 'before' })).rejects.toMatchObject({ code: 'file-changed' });
  });

  it('hashes in the thread that asks as in others, long and small files', async () => {
    const folder = tempFolder();
    const path = join(folder, 'sparse');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 150 * MiB + 12_345);
    for (const at of [0, 8 * MiB - 1, 100 * MiB, 150 * MiB]) writeSync(fd, vectorContent(10_000), 0, 10_000, at);
    closeSync(fd);
    writeFileSync(join(folder, 'small'), vectorContent(100_000));
    const own = createOwnHasher();
    onTestFinished(() => own.close());
    const told: number[] = [];
    const hash = await own.hashFile(path, { onProgress: (bytes) => told.push(bytes) });
    expect(hash).toEqual(await hasher(1).hashFile(path));
    expect(told.at(-1)).toBe(150 * MiB + 12_345);
    expect(await own.hashFiles([join(folder, 'small'), join(folder, 'missing')])).toMatchObject([expected(vectorContent(100_000)), { error: 'file-missing' }]);
    await expect(own.hashFile(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(own.hashFile(join(folder, 'missing'))).rejects.toMatchObject({ code: 'file-missing' });
  });

  it('tells progress of long files', async () => {
    const path = join(tempFolder(), 'sparse');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 100 * MiB);
    closeSync(fd);
    const told: number[] = [];
    await hasher().hashFile(path, { onProgress: (bytes) => told.push(bytes) });
    expect(told).toEqual([32 * MiB, 64 * MiB, 96 * MiB]);
  });

  it('notices that a file changes while it is read', async () => {
    const path = join(tempFolder(), 'growing');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 200 * MiB);
    closeSync(fd);
    const here = new FileHasher(new Merkle(sha256));
    await expect(here.hashFile(path, new AbortController().signal, () => appendFileSync(path, 'x'))).rejects.toMatchObject({ code: 'file-changed' });
    const state = statSync(path, { bigint: true });
    const shared = {
      path, bytes: Number(state.size), version: fileVersion(state, 'other'), pieceBytes: MiB, taken: new Int32Array(new SharedArrayBuffer(4)), layer: new Uint8Array(new SharedArrayBuffer(201 * 32)),
    };
    await expect(here.hashShare(shared, new AbortController().signal, () => appendFileSync(path, 'x'))).rejects.toMatchObject({ code: 'file-changed' });
  });

  it('stops when cancelled, before and while reading, and works on', async () => {
    const path = join(tempFolder(), 'sparse');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 100 * MiB);
    closeSync(fd);
    const one = hasher();
    await expect(one.hashFile(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    // In this thread the moment is certain; a thread of its own hears of the end before it has read the beginning.
    const inside = new AbortController();
    await expect(new FileHasher(new Merkle(sha256)).hashFile(path, inside.signal, () => inside.abort())).rejects.toMatchObject({ code: 'cancelled' });
    const outside = new AbortController();
    const hashing = one.hashFile(path, { signal: outside.signal });
    outside.abort();
    await expect(hashing).rejects.toMatchObject({ code: 'cancelled' });
    writeFileSync(path, 'short');
    await expect(one.hashFile(path)).resolves.toMatchObject({ bytes: 5 });
  });

  it('names what is missing, no plain file or forbidden', async () => {
    const folder = tempFolder();
    const one = hasher();
    await expect(one.hashFile(join(folder, 'missing'))).rejects.toMatchObject({ code: 'file-missing' });
    await expect(one.hashFile(folder)).rejects.toMatchObject({ code: 'file-missing' });
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      await expect(one.hashFile(join(folder, 'pipe'))).rejects.toMatchObject({ code: 'file-missing' });
    }
    if (process.getuid?.() !== 0) {
      writeFileSync(join(folder, 'secret'), 'x');
      chmodSync(join(folder, 'secret'), 0);
      await expect(one.hashFile(join(folder, 'secret'))).rejects.toMatchObject({ code: 'no-permission' });
    }
  });

  it('rejects what waits when it is closed', async () => {
    const path = join(tempFolder(), 'sparse');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 400 * MiB);
    closeSync(fd);
    const one = createHasher({ workers: 1 });
    const waiting = expect(one.hashFile(path)).rejects.toMatchObject({ code: 'cancelled' });
    await one.close();
    await waiting;
    await expect(one.hashFile(path)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
