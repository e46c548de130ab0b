import { randomBytes } from 'node:crypto';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { FileRef } from '#main/node/ports/library.ts';
import { BlockCompressor } from '#main/node/serving/block-compressor.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { encodePace, plainOnly } from '#shared/protocol/pace.ts';
import { KiB, MiB } from '#shared/units.ts';

const device = deviceIdOf(new Uint8Array(32).fill(1));
const file: FileRef = { share: null, path: 'log.txt', diskPath: '/log.txt', inside: '/', bytes: 64 * MiB, modifiedAt: 0, executable: false, version: '1', contentId: null };
const request = { requestId: 1, key: new Uint8Array(32), piece: 0, begin: 0, length: 256 * KiB };
const slow = encodePace(1e6);

const shared = (bytes: Uint8Array): Uint8Array => {
  const data = new Uint8Array(new SharedArrayBuffer(bytes.length));
  data.set(bytes);
  return data;
};
const text = shared(Buffer.alloc(request.length, 'it was a dark and stormy night; '));

/** The clock stands still, so that a busy machine makes nothing dear. */
const compressor = (part: { isOn?: boolean; limit?: number } = {}): BlockCompressor => new BlockCompressor({ isOn: () => part.isOn ?? true, limitTo: () => part.limit ?? Infinity, now: () => 0 });

it('a block for a slow line becomes shorter and is what it was', async () => {
  const found = await compressor().compress(device, file, 'key', { ...request, pace: slow }, text);
  expect(found?.length).toBeLessThan(1000);
  expect(Buffer.compare(brotliDecompressSync(found ?? Buffer.alloc(0)), text)).toBe(0);
});

it('a limit of ours is a slow line, whatever the other end measures', async () => {
  for (const pace of [encodePace(null), encodePace(1e9)]) expect(await compressor({ limit: 1e6 }).compress(device, file, 'key', { ...request, pace }, text)).not.toBeNull();
});

it.each([
  ['asks without a pace, as older ones do', { pace: plainOnly }, {}, file],
  ['gets blocks fast', { pace: encodePace(200e6) }, {}, file],
  ['does not know yet how fast', { pace: encodePace(null) }, {}, file],
  ['gets a file of compressed pictures', { pace: slow }, {}, { ...file, path: 'trip/beach.jpg' }],
  ['meets a user who wants no compression', { pace: slow }, { isOn: false, limit: 1000 }, file],
])('a device that %s costs nothing: the answer is there at once', (_what, asked, part, of) => {
  expect(compressor(part).compress(device, of, 'key', { ...request, ...asked }, text)).toBeNull();
});

it('what does not shrink goes out as it is, and is not tried again at once', async () => {
  const noise = shared(randomBytes(request.length));
  const one = compressor();
  const outcomes = [];
  for (let block = 0; block < 9; block++) outcomes.push(one.compress(device, file, 'key', { ...request, pace: slow }, noise));
  const [first, ...others] = outcomes;
  expect(await first).toBeNull();
  expect(first).not.toBeNull();
  expect(others).toEqual(new Array(8).fill(null));
});

it('many at once take turns, and all come out right', async () => {
  const one = compressor();
  await one.compress(device, file, 'key', { ...request, pace: slow }, text);
  const all = await Promise.all(Array.from({ length: 12 }, async () => one.compress(device, file, 'key', { ...request, pace: encodePace(100_000) }, text)));
  for (const found of all) expect(Buffer.compare(brotliDecompressSync(found ?? Buffer.alloc(0)), text)).toBe(0);
});
