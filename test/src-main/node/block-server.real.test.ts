import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileVersion } from '#main/disk/file-version.ts';
import { createHasher } from '#main/disk/hash/hasher.ts';
import type { Link } from '#main/node/ports/links.ts';
import { straightOut } from '#main/node/ports/outgoing.ts';
import { BlockServer } from '#main/node/serving/block-server.ts';
import { deviceIdOf, fromHex } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import { MiB } from '#shared/units.ts';

/** A link that only sends blocks and rejections. */
const linkThat = (does: Pick<Link, 'sendBlock' | 'rejectBlock'>): Link => ({
  remote: { id: deviceIdOf(new Uint8Array(32).fill(1)), name: 'Ana', platform: 'linux', version: '1', listenPort: null },
  address: { host: '127.0.0.1', port: 1 }, path: 'lan', rank: 'near', vpn: null, relay: null, takesLinks: null, dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
  request: () => Promise.reject(new Error('not used')), notify: () => undefined, requestBlock: () => 0, blockProgress: () => ({ moved: 0, quietMs: 0, kept: 0 }), cancelBlock: () => undefined,
  ...does, join: () => undefined, has: () => undefined, leave: () => undefined,
  choke: () => undefined, wantLanes: () => undefined,
  exportKey: () => new Uint8Array(), close: () => undefined,
});

test('a thread that dies while it hashes what is sent costs one refused block, not the program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blocks-'));
  const path = join(folder, 'film');
  await writeFile(path, 'film');
  const hasher = createHasher({ workers: 1 });
  const refused: string[] = [];
  const served = new Promise<number>((resolve) => {
    const blocks: BlockServer = new BlockServer({
      hasher: { ...hasher, hashPiece: () => Promise.reject(new Error('the thread died')) },
      turns: {
        wanted: (_link, want) => {
          setImmediate(() => { blocks.serve(want); });
          return true;
        },
        unwanted: () => undefined,
        served: (_link, _want, bytes) => { blocks.close().then(() => resolve(bytes), () => undefined); },
      },
      outgoing: straightOut, compressor: { compress: () => null }, now: () => 0, findFile: () => Promise.resolve(null), changed: () => undefined, learned: () => undefined, sent: () => undefined,
    });
    const link = linkThat({ sendBlock: () => Promise.resolve(true), rejectBlock: (_lane, _id, reason) => { refused.push(reason); } });
    void stat(path, { bigint: true }).then((stats) => {
      const { key } = blocks.provisional.open(link, {
        share: null, path: 'film', diskPath: path, inside: path, bytes: 4, modifiedAt: 0, executable: false, version: fileVersion(stats, 'other'), contentId: null,
      }, () => Promise.resolve());
      blocks.wanted(link, 0, { requestId: 1, key: fromHex(key), piece: 0, begin: 0, length: 4, pace: 0 });
    });
  });
  expect(await served).toBe(0);
  expect(refused).toEqual(['error']);
  await hasher.close();
  await rm(folder, { recursive: true });
});

test('blocks that their link did not live to carry leave no memory behind, and count as sent: a part of each may be', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blocks-'));
  const path = join(folder, 'film');
  await writeFile(path, new Uint8Array(MiB));
  const hasher = createHasher({ workers: 1 });
  const key = new Uint8Array(32).fill(7);
  const file = { share: null, path: 'film', diskPath: path, inside: folder, bytes: MiB, modifiedAt: 0, executable: false, version: fileVersion(await stat(path, { bigint: true }), 'other'), contentId: null };
  const memory = new Set<ArrayBufferLike>();
  const link = linkThat({
    sendBlock: (_lane, _id, payload) => {
      memory.add(payload.buffer);
      return Promise.reject(new AppError('link-closed'));
    },
    rejectBlock: (_lane, _id, reason) => { throw new Error(reason); },
  });
  let wasServed: (bytes: number) => void = () => undefined;
  const blocks: BlockServer = new BlockServer({
    hasher,
    turns: { wanted: (_link, want) => { setImmediate(() => { blocks.serve(want); }); return true; }, unwanted: () => undefined, served: (_link, _want, bytes) => { wasServed(bytes); } },
    outgoing: straightOut, compressor: { compress: () => null }, now: () => 0, findFile: () => Promise.resolve(file), changed: () => undefined, learned: () => undefined, sent: () => undefined,
  });
  for (let requestId = 1; requestId <= 20; requestId++) {
    const served = new Promise<number>((resolve) => { wasServed = resolve; });
    // A block of a file, and of a batch.
    blocks.wanted(link, 0, { requestId, key: requestId % 2 === 0 ? key : Buffer.concat([key, key]), piece: 0, begin: 0, length: MiB, pace: 0 });
    expect(await served).toBe(MiB);
  }
  expect(memory.size).toBe(1);
  await blocks.close();
  await hasher.close();
  await rm(folder, { recursive: true });
});

test('a block that is not wanted any more when it could go out is not counted as given', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blocks-'));
  const path = join(folder, 'film');
  await writeFile(path, 'film');
  const hasher = createHasher({ workers: 1 });
  const file = { share: null, path: 'film', diskPath: path, inside: folder, bytes: 4, modifiedAt: 0, executable: false, version: fileVersion(await stat(path, { bigint: true }), 'other'), contentId: null };
  const given: number[] = [];
  let wasServed: (bytes: number) => void = () => undefined;
  const blocks: BlockServer = new BlockServer({
    hasher,
    turns: { wanted: (_link, want) => { setImmediate(() => { blocks.serve(want); }); return true; }, unwanted: () => undefined, served: (_link, _want, bytes) => { wasServed(bytes); } },
    outgoing: straightOut, compressor: { compress: () => null }, now: () => 0, findFile: () => Promise.resolve(file), changed: () => undefined, learned: () => undefined, sent: (_link, _file, bytes) => { given.push(bytes); },
  });
  const link = linkThat({ sendBlock: (_lane, requestId) => Promise.resolve(requestId === 2), rejectBlock: (_lane, _id, reason) => { throw new Error(reason); } });
  const served: number[] = [];
  for (const requestId of [1, 2]) {
    const done = new Promise<number>((resolve) => { wasServed = resolve; });
    blocks.wanted(link, 0, { requestId, key: new Uint8Array(32).fill(7), piece: 0, begin: 0, length: 4, pace: 0 });
    served.push(await done);
  }
  expect({ served, given }).toEqual({ served: [0, 4], given: [4] });
  await blocks.close();
  await hasher.close();
  await rm(folder, { recursive: true });
});
