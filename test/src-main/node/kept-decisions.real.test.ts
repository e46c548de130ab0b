import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Store } from '#main/disk/store/store.ts';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { startNode as startTestNode } from '../net/test-nodes.ts';

let folder: string;
let node: RunningNode;
let peer: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decisions-'));
  for (const name of ['Shared', 'Other']) await mkdir(join(folder, name));
  node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false } });
  await node.api.call('shares.add', { path: join(folder, 'Shared'), audience: { kind: 'everyone' } });
  await node.api.call('rooms.create', { name: 'Room', lastsMs: null });
});
beforeEach(async () => {
  peer = (await node.api.call('peers.connect', { address: `127.0.0.1:${(await startTestNode('Client')).port}` })).id;
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

it.each<[string, () => Promise<unknown>]>([
  ['what is shared', () => node.api.call('shares.add', { path: join(folder, 'Other'), audience: { kind: 'everyone' } })],
  ['with whom', () => node.api.call('shares.update', { share: 'Shared', audience: { kind: 'nobody' } })],
  ['and no more', () => node.api.call('shares.remove', { share: 'Other' })],
  ['who is blocked', () => node.api.call('peers.block', { peer, blocked: true })],
  ['who is trusted no more', () => node.api.call('peers.unpair', { peer })],
  ['who is asked before anything is taken', () => node.api.call('peers.setAutoAccept', { peer, autoAccept: false })],
  ['a room that was made', () => node.api.call('rooms.create', { name: 'Another', lastsMs: null })],
  ['a room that was left', () => node.api.call('rooms.leave', { room: 'Room' })],
])('is on the disk before the user hears that it is kept: %s', async (_what, decide) => {
  let reached: () => void = () => undefined;
  const isReached = new Promise<void>((resolve) => { reached = resolve; });
  let synced: () => void = () => undefined;
  const sync = vi.spyOn(Store.prototype, 'sync').mockImplementation(() => new Promise((resolve) => {
    synced = resolve;
    reached();
  }));
  let isAnswered = false;
  const answer = decide().then(() => { isAnswered = true; });
  await Promise.race([isReached, answer]);
  expect(isAnswered).toBe(false);
  synced();
  await answer;
  sync.mockRestore();
});
