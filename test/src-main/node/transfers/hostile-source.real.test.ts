import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Merkle } from '#main/core/content/merkle.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { contentIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { offerIdSchema } from '#shared/model/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { startNode as startTestNode } from '../../net/test-nodes.ts';

/** Small enough for a test to reach. */
vi.mock('#shared/limits.ts', async (original) => {
  const { limits } = await original<typeof import('#shared/limits.ts')>();
  return { limits: { ...limits, transfer: { ...limits.transfer, listedEntries: 300 } } };
});

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeHere(): Promise<{ node: RunningNode; to: string; again: () => Promise<RunningNode> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const to = join(folder, 'to');
  const start = async (): Promise<RunningNode> => {
    const node = await startNode({
      dataDir: join(folder, 'data'), listen: '127.0.0.1',
      overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: to },
    });
    toClose.push(() => node.close());
    return node;
  };
  const node = await start();
  const again = async (): Promise<RunningNode> => {
    await node.close();
    return start();
  };
  return { node, to, again };
}

/** Resolves when the download ended, or waits for something. */
function settled(node: RunningNode, id: Transfer['id']): Promise<Transfer> {
  return new Promise((resolve) => {
    const look = (transfer: Transfer): void => {
      if (transfer.id !== id || !['done', 'failed', 'waiting'].includes(transfer.state)) return;
      stop();
      resolve(transfer);
    };
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer') look(event.transfer); });
    void node.api.call('transfers.get', { id }).then(({ transfer }) => { look(transfer); });
  });
}

const emptyFile = { kind: 'file', bytes: 0, modifiedAt: 1, executable: false, contentId: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
const folder = { name: 'Folder', kind: 'folder', bytes: 0, files: 1, modifiedAt: 1, contentId: null };

/** A device whose folder never ends: `files` entries a page. */
async function endless(node: RunningNode, files: number): Promise<{ pages: () => number }> {
  const peer = await startTestNode('Endless');
  let pages = 0;
  peer.handler.answer = (method) => {
    if (method === 'stat') return Promise.resolve({ entry: folder, executable: false });
    if (method === 'audience') return Promise.resolve({ audience: null });
    if (method === 'shares') return Promise.resolve({ names: [], count: 0, bytes: 0 });
    if (method !== 'walk') return Promise.reject(new Error('not asked for here'));
    const first = pages++ * files;
    return Promise.resolve({ files: Array.from({ length: files }, (_, at) => ({ ...emptyFile, path: `${String(first + at)}.txt` })), next: `page ${pages}` });
  };
  await node.api.call('peers.connect', { address: `127.0.0.1:${peer.port}` });
  return { pages: () => pages };
}

it('a folder that never ends is cut, what was listed is there, and the user is told why it failed, also when it is tried again', async () => {
  const { node, to } = await nodeHere();
  const peer = await endless(node, 100);
  const { id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Endless', path: 'Folder' } });
  expect(await settled(node, id)).toMatchObject({ state: 'failed', reason: { code: 'listing-too-long', params: { name: 'Folder' } }, files: 300, doneFiles: 300 });
  expect(await readdir(join(to, 'Folder'))).toHaveLength(300);
  expect(peer.pages()).toBe(3);
  await node.api.call('transfers.retry', { id });
  expect(await settled(node, id)).toMatchObject({ state: 'failed', reason: { code: 'listing-too-long' }, doneFiles: 300 });
  expect(peer.pages()).toBe(3);
});

it('pages without anything in them do not go on for ever either', async () => {
  const { node } = await nodeHere();
  const peer = await endless(node, 0);
  const { id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Endless', path: 'Folder' } });
  expect(await settled(node, id)).toMatchObject({ state: 'failed', reason: { code: 'listing-too-long' }, files: 0 });
  expect(peer.pages()).toBe(300);
});

it('a device that sent wrong pieces stays banned after a restart, until the user forgives it', async () => {
  const { node, to, again } = await nodeHere();
  const data = new TextEncoder().encode('the truth');
  const contentId = contentIdOf(new Merkle(sha256).pieceHash(data, MiB, true));
  const peer = await startTestNode('Liar');
  let sent = randomBytes(data.length);
  peer.handler.answer = (method) => {
    if (method === 'stat') return Promise.resolve({ entry: { name: 'a.txt', kind: 'file', bytes: data.length, files: 1, modifiedAt: 1, contentId }, executable: false });
    if (method === 'audience') return Promise.resolve({ audience: null });
    return method === 'shares' ? Promise.resolve({ names: [], count: 0, bytes: 0 }) : Promise.reject(new Error('not asked for here'));
  };
  peer.handler.wanted = (link, lane, { requestId }) => { link.sendBlock(lane, requestId, sent, null).catch(() => undefined); };
  const address = `127.0.0.1:${peer.port}`;
  await node.api.call('peers.connect', { address });
  const { id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Liar', path: 'a.txt' } });
  expect(await settled(node, id)).toMatchObject({ state: 'waiting', reason: { code: 'sources-banned' } });

  const restarted = await again();
  sent = Buffer.from(data);
  expect(await restarted.api.call('peers.connect', { address })).toMatchObject({ badPieces: { count: 2, banned: true, latest: [{ file: 'a.txt' }, { file: 'a.txt' }] } });
  expect(await settled(restarted, id)).toMatchObject({ state: 'waiting', reason: { code: 'sources-banned' } });
  const done = new Promise<void>((resolve) => { restarted.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.state === 'done') resolve(); }); });
  expect((await restarted.api.call('peers.forgive', { peer: 'Liar' })).badPieces).toBeUndefined();
  await done;
  expect(await readFile(join(to, 'a.txt'))).toEqual(Buffer.from(data));
});

it('of files that are larger than any disk here nothing is asked, not even what their pieces are', async () => {
  const { node } = await nodeHere();
  const peer = await startTestNode('Boaster');
  const asked: string[] = [];
  const files = ['a', 'b', 'c'].map((path) => ({ ...emptyFile, path, bytes: limits.content.fileBytes, contentId: contentIdOf(randomBytes(32)) }));
  peer.handler.answer = (method) => {
    asked.push(method);
    if (method === 'stat') return Promise.resolve({ entry: folder, executable: false });
    if (method === 'walk') return Promise.resolve({ files, next: null });
    return method === 'shares' ? Promise.resolve({ names: [], count: 0, bytes: 0 }) : Promise.reject(new Error('not asked for here'));
  };
  await node.api.call('peers.connect', { address: `127.0.0.1:${peer.port}` });
  const { id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Boaster', path: 'Folder' } });
  expect(await settled(node, id)).toMatchObject({ state: 'waiting', reason: { code: 'disk-full', params: { wanted: limits.content.fileBytes } } });
  expect(asked).not.toContain('layer');
});

/** A device that offers `photo.jpg` with ten bytes, and gives this list of files after the yes. */
async function pushed(node: RunningNode, given: readonly { path: string; bytes: number }[]): Promise<Transfer['id']> {
  const peer = await startTestNode('Pusher');
  peer.handler.answer = (method) => {
    if (method === 'shares') return Promise.resolve({ names: [], count: 0, bytes: 0 });
    if (method === 'audience') return Promise.resolve({ audience: null });
    if (method !== 'walk') return Promise.reject(new Error('not asked for here'));
    return Promise.resolve({ files: given.map((file) => ({ ...emptyFile, ...file })), next: null });
  };
  await node.api.call('peers.connect', { address: `127.0.0.1:${peer.port}` });
  const id = offerIdSchema.parse('ab'.repeat(16));
  await peer.seen[0]?.request('offer', { id, text: null, items: [{ name: 'photo.jpg', kind: 'file', bytes: 10, files: 1 }], count: 1, bytes: 10 });
  const { transfers: [begun] } = await node.api.call('offers.accept', { id });
  if (begun === undefined) throw new Error('nothing was begun');
  return begun;
}

it.each([
  ['files of other names', [{ path: 'photo.jpg', bytes: 0 }, { path: 'Start me.desktop', bytes: 0 }]],
  ['a folder in the place of a file', [{ path: 'more/files', bytes: 0 }]],
  ['far more bytes', [{ path: 'photo.jpg', bytes: 65 * MiB }]],
])('a yes to a push is no yes to %s', async (_what, given) => {
  const { node, to } = await nodeHere();
  const id = await pushed(node, given);
  expect(await settled(node, id)).toMatchObject({ state: 'waiting', reason: { code: 'more-than-offered' }, files: 0 });
  expect(await readdir(to)).toEqual([]);
});
