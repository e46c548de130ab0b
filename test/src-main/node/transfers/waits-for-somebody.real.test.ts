import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { NodeEvent } from '#shared/api/events.ts';

let folder: string;
const running: RunningNode[] = [];
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'away-')); });
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
  await rm(folder, { recursive: true });
});

async function start(name: string, port = 0): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port, multicast: false, mdns: false, downloadDir: join(folder, `${name} downloads`) } });
  running.push(node);
  return node;
}

const event = (node: RunningNode, fits: (event: NodeEvent) => boolean): Promise<NodeEvent> => new Promise((resolve) => {
  const unsubscribe = node.api.subscribe((each) => {
    if (!fits(each)) return;
    unsubscribe();
    resolve(each);
  });
});

it('a download of somebody who is away waits, and begins when they are back', async () => {
  const anna = await start('Anna');
  const ben = await start('Ben');
  const book = join(folder, 'book.txt');
  await writeFile(book, 'once upon a time');
  const { id } = await anna.api.call('shares.add', { path: book, audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const { entries: [entry] } = await ben.api.call('browse.list', { peer: 'Anna', path: '', limit: 10 });
  if (entry === undefined) throw new Error('it is listed');
  const away = event(ben, (each) => each.type === 'peer' && !each.peer.online);
  await anna.close();
  await away;

  const source = { kind: 'path', peer: 'Anna', path: 'book.txt' } as const;
  await expect(ben.api.call('transfers.start', { source })).rejects.toMatchObject({ code: 'peer-offline' });
  const waiting = event(ben, (each) => each.type === 'transfer' && each.transfer.state === 'waiting');
  await ben.api.call('transfers.start', { source: { ...source, known: { kind: entry.kind, contentId: entry.contentId } } });
  await expect(waiting).resolves.toMatchObject({ transfer: { reason: { code: 'no-sources', params: { who: 'Anna', n: 0 } } } });
  const { transfers: [begun] } = await ben.api.call('transfers.list', { limit: 10 });
  if (begun === undefined) throw new Error('it was started');
  const { sources } = await ben.api.call('transfers.get', { id: begun.id });
  expect(sources).toMatchObject([{ peer: anna.deviceId, state: 'away' }]);
  const done = event(ben, (each) => each.type === 'transfer' && each.transfer.state === 'done');
  await start('Anna', anna.port);
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  await done;
  expect(await readFile(join(folder, 'Ben downloads', 'book.txt'), 'utf8')).toBe('once upon a time');
});
