import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Merkle } from '#main/core/content/merkle.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Link } from '#main/node/ports/links.ts';
import { contentIdOf, fromHex, type ContentId } from '#shared/ids.ts';
import { KiB, MiB } from '#shared/units.ts';
import { blockSink, startNode as startTestNode } from '../../../net/test-nodes.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

interface Content {
  readonly id: ContentId;
  readonly layer: Uint8Array;
}

/** What somebody may have noted who saw it listed once, and never had it. */
function contentOf(data: Uint8Array): Content {
  const merkle = new Merkle(sha256);
  const pieces = Math.max(1, Math.ceil(data.length / MiB));
  const layer = new Uint8Array(32 * pieces);
  for (let piece = 0; piece < pieces; piece++) layer.set(merkle.pieceHash(data.subarray(piece * MiB, (piece + 1) * MiB), MiB, pieces === 1), 32 * piece);
  return { id: contentIdOf(pieces === 1 ? layer : merkle.rootOfLayer(layer, MiB)), layer };
}

async function nodeHere(): Promise<{ node: RunningNode; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'own-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  return { node, folder };
}

/** Somebody who lists a file of ours as hers, for everybody, and can give none of it. Resolves with her link when we have taken it for fetched. */
async function fetchedFromMallory(node: RunningNode, path: string, { id, layer }: Content, bytes: number): Promise<Link> {
  const mallory = await startTestNode('Mallory');
  const [top = '', inside] = path.split('/');
  const file = { bytes, modifiedAt: 1, contentId: id };
  const answers: Record<string, unknown> = {
    shares: { names: [], count: 0, bytes: 0 },
    stat: { entry: { name: top, kind: inside === undefined ? 'file' : 'folder', files: 1, ...file, ...(inside === undefined ? {} : { contentId: null }) }, executable: false },
    walk: { files: [{ path: inside, kind: 'file', executable: false, ...file }], next: null },
    audience: { audience: { kind: 'public' } },
    layer: { hashes: Buffer.from(layer).toString('base64') },
  };
  mallory.handler.answer = (method) => (method in answers ? Promise.resolve(answers[method]) : Promise.reject(new Error(method)));
  await node.api.call('peers.connect', { address: `127.0.0.1:${mallory.port}` });
  const done = new Promise<void>((resolve) => { node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.state === 'done') resolve(); }); });
  await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Mallory', path: top } });
  await done;
  return mallory.linked();
}

async function expectNothingFor(link: Link, { id }: Content, bytes: number): Promise<void> {
  expect(await link.request('have', { contentIds: [id] })).toEqual({ have: '-' });
  await expect(link.request('resolve', { contentId: id })).rejects.toMatchObject({ code: 'content-unknown' });
  const { sink, end } = blockSink(bytes);
  link.requestBlock({ key: fromHex(id), piece: 0, begin: 0, length: bytes }, sink);
  expect(await end).toEqual({ kind: 'rejected', reason: 'gone' });
}

describe('a device that lists files of ours as its own, for everybody, is not given them for that', () => {
  it.each([['small', 20 * KiB], ['larger', 200 * KiB], ['of several pieces', 3 * MiB]])('when one that is %s lies where it would be fetched to', async (_how, bytes) => {
    const { node, folder } = await nodeHere();
    const data = randomBytes(bytes);
    await mkdir(join(folder, 'to/Photos'), { recursive: true });
    await writeFile(join(folder, 'to/Photos/diary'), data);
    const content = contentOf(data);
    await expectNothingFor(await fetchedFromMallory(node, 'Photos/diary', content, bytes), content, 1024);
  });

  it.each([['larger', 200 * KiB], ['of several pieces', 3 * MiB]])('when one that is %s is shared here with nobody, and copied', async (_how, bytes) => {
    const { node, folder } = await nodeHere();
    const data = randomBytes(bytes);
    await mkdir(join(folder, 'private'));
    await writeFile(join(folder, 'private/diary'), data);
    const { id } = await node.api.call('shares.add', { path: join(folder, 'private'), audience: { kind: 'nobody' } });
    await node.api.call('shares.whenHashed', { id });
    const content = contentOf(data);
    const link = await fetchedFromMallory(node, 'diary', content, bytes);
    expect((await readFile(join(folder, 'to/diary'))).equals(data)).toBe(true);
    await expectNothingFor(link, content, 1024);
  });
});
