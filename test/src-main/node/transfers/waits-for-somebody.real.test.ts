import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { SettingsPatch } from '#shared/settings.ts';

let folder: string;
const running: RunningNode[] = [];
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'away-')); });
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
  await rm(folder, { recursive: true });
});

async function start(name: string, port = 0, more: SettingsPatch = {}): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port, multicast: false, mdns: false, downloadDir: join(folder, `${name} downloads`), ...more } });
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

/** What each file says is its name. */
async function share(node: RunningNode, name: string, files: readonly string[]): Promise<void> {
  await mkdir(join(folder, name));
  for (const file of files) await writeFile(join(folder, name, file), file);
  const { id } = await node.api.call('shares.add', { path: join(folder, name), audience: { kind: 'everyone' } });
  await node.api.call('shares.whenHashed', { id });
}

const unfinished = async (node: RunningNode): Promise<Transfer[]> => (await node.api.call('transfers.list', { finished: false })).transfers.filter(({ direction }) => direction === 'down');

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

it('many downloads of somebody who is away hold up nobody, start nothing when they are paused, and go on in their turn', async () => {
  const many = 40;
  const anna = await start('Anna');
  const cleo = await start('Cleo');
  await share(anna, 'Many', Array.from({ length: many }, (_, number) => `file ${number}`));
  await share(cleo, 'One', ['letter']);
  const first = await start('Ben', 0, { activeTransfers: 2 });
  await first.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const away = event(first, (each) => each.type === 'peer' && !each.peer.online);
  await anna.close();
  await away;
  for (let number = 0; number < many; number++) {
    await first.api.call('transfers.start', { source: { kind: 'path', peer: anna.deviceId, path: `Many/file ${number}`, known: { kind: 'file', contentId: null } } });
  }
  await first.close();

  const ben = await start('Ben', 0, { activeTransfers: 2 });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${cleo.port}` });
  const letter = event(ben, (each) => each.type === 'transfer' && each.transfer.name === 'letter' && each.transfer.state === 'done');
  await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Cleo', path: 'One/letter' } });
  await letter;
  expect((await unfinished(ben)).filter(({ state }) => state === 'queued').length).toBeGreaterThan(0);
  // What waits for somebody does not run.
  expect((await ben.api.call('node.status', {})).activeTransfers).toBe(0);

  const became: string[] = [];
  const stop = ben.api.subscribe((each) => { if (each.type === 'transfer') became.push(each.transfer.state); });
  expect(await ben.api.call('transfers.pauseAll', { paused: true })).toEqual({ changed: many });
  stop();
  expect(new Set(became)).toEqual(new Set(['paused']));

  // One by one, each is tried at once, so that all of them wait for her.
  for (const { id } of await unfinished(ben)) await ben.api.call('transfers.resume', { id });
  expect(new Set((await unfinished(ben)).map(({ state }) => state))).toEqual(new Set(['waiting']));
  await start('Anna', anna.port);
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  for (let left = await unfinished(ben); left.length > 0; left = await unfinished(ben)) {
    expect(left.filter(({ state }) => state === 'preparing' || state === 'running').length).toBeLessThanOrEqual(2);
    await event(ben, (each) => each.type === 'transfer');
  }
  expect(await readFile(join(folder, 'Ben downloads', `file ${many - 1}`), 'utf8')).toBe(`file ${many - 1}`);
});

it('a folder that is asked for by its content waits while nobody who is linked has it, holds up nothing, and comes as soon as one of them shares it', async () => {
  const anna = await start('Anna');
  const ben = await start('Ben', 0, { activeTransfers: 1 });
  await share(anna, 'trip', ['a.txt', 'b.txt']);
  await share(anna, 'book', ['c.txt']);
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const { entries } = await ben.api.call('browse.list', { peer: 'Anna', path: '', limit: 10 });
  const contentId = entries.find(({ name }) => name === 'trip')?.contentId ?? null;
  if (contentId === null) throw new Error('it is hashed');
  // While another one runs, its turn has not come.
  await writeFile(join(folder, 'film'), Buffer.alloc(1_000_000, 'film'));
  await anna.api.call('settings.set', { patch: { uploadLimit: 1024 } });
  const { id } = await anna.api.call('shares.add', { path: join(folder, 'film'), audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id });
  const film = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'film' } });
  await ben.api.call('transfers.start', { source: { kind: 'content', contentId, name: 'trip' } });
  await anna.api.call('shares.remove', { share: 'trip' });
  await ben.api.call('transfers.cancel', { id: film.id, deletePartial: true });
  await anna.api.call('settings.set', { patch: { uploadLimit: 'off' } });
  await expect.poll(() => unfinished(ben)).toMatchObject([{ state: 'waiting', reason: { code: 'no-sources' } }]);
  const other = event(ben, (each) => each.type === 'transfer' && each.transfer.name === 'book' && each.transfer.state === 'done');
  await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'book' } });
  await other;
  await anna.api.call('shares.add', { path: join(folder, 'trip'), audience: { kind: 'everyone' } });
  await expect.poll(() => unfinished(ben)).toEqual([]);
  expect(await readFile(join(folder, 'Ben downloads', 'trip', 'b.txt'), 'utf8')).toBe('b.txt');
});
