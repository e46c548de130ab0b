import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { startNode as startTestNode } from '../../../net/test-nodes.ts';
import type { TransferSource } from '#shared/api/contract.ts';
import { PatientSource } from '../patient-source.ts';
import { KiB, MiB, type Bytes } from '#shared/units.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

interface Place { readonly node: RunningNode; readonly folder: string }

async function nodeNamed(name: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'passed-on-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  return { node, folder };
}

/** Resolves as soon as so many files of a download are there. */
function untilFiles({ node }: Place, count: number): Promise<void> {
  return new Promise((resolve) => { node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.doneFiles >= count) resolve(); }); });
}

/** Resolves when a download from there is done. */
async function fetched({ node }: Place, from: RunningNode, source: TransferSource): Promise<void> {
  await node.api.call('peers.connect', { address: `127.0.0.1:${from.port}` });
  const done = new Promise<void>((resolve) => { node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.state === 'done') resolve(); }); });
  await node.api.call('transfers.start', { source });
  await done;
}

it.each<[string, Bytes]>([['a few bytes', 5 * KiB], ['one piece', 200 * KiB], ['several pieces', 3 * MiB]])('a file of %s is had from whoever has fetched it, when its origin is gone', async (_what, bytes) => {
  const [origin, first, second] = await Promise.all(['Origin', 'First', 'Second'].map(nodeNamed));
  if (origin === undefined || first === undefined || second === undefined) expect.fail('nodes are missing');
  const data = randomBytes(bytes);
  await writeFile(join(origin.folder, 'film.bin'), data);
  const { id } = await origin.node.api.call('shares.add', { path: join(origin.folder, 'film.bin'), audience: { kind: 'everyone' } });
  const { contentId } = await origin.node.api.call('shares.whenHashed', { id });
  if (contentId === null) expect.fail('it has no content id');
  await fetched(first, origin.node, { kind: 'path', peer: 'Origin', path: 'film.bin' });
  await origin.node.close();
  await fetched(second, first.node, { kind: 'content', contentId });
  expect(Buffer.compare(await readFile(join(second.folder, 'to', 'film.bin')), data)).toBe(0);
});

it('a file is had, when its origin is gone, from whoever got it from others, because the origin has shown that it has it', async () => {
  const [origin, first, second, third] = await Promise.all(['Origin', 'First', 'Second', 'Third'].map(nodeNamed));
  if (origin === undefined || first === undefined || second === undefined || third === undefined) expect.fail('nodes are missing');
  const data = randomBytes(12 * MiB);
  await writeFile(join(origin.folder, 'film.bin'), data);
  const { id } = await origin.node.api.call('shares.add', { path: join(origin.folder, 'film.bin'), audience: { kind: 'everyone' } });
  const { contentId } = await origin.node.api.call('shares.whenHashed', { id });
  if (contentId === null) expect.fail('it has no content id');
  const source = { kind: 'path', peer: 'Origin', path: 'film.bin' } as const;
  await fetched(first, origin.node, source);
  await origin.node.api.call('settings.set', { patch: { uploadLimit: 4_000_000 } });
  await second.node.api.call('peers.connect', { address: `127.0.0.1:${first.node.port}` });
  await fetched(second, origin.node, source);
  const uploaded = (await first.node.api.call('transfers.list', {})).transfers.find(({ direction }) => direction === 'up');
  expect(uploaded?.doneBytes).toBeGreaterThan(4 * MiB);
  const somebody = await (await startTestNode('Somebody')).links.dial({ host: '127.0.0.1', port: second.node.port }, {});
  await expect.poll(() => somebody.request('have', { contentIds: [contentId] })).toEqual({ have: 'f' });
  await origin.node.close();
  await first.node.close();
  await fetched(third, second.node, { kind: 'content', contentId });
  expect(Buffer.compare(await readFile(join(third.folder, 'to', 'film.bin')), data)).toBe(0);
});

it('whoever fetches the same folder of small files at the same time gets from the other what that one has', async () => {
  const origin = await PatientSource.start(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${1000 + at}.txt`, 8 * KiB])));
  origin.audience = { kind: 'everyone' };
  const [first, second] = await Promise.all(['First', 'Second'].map(nodeNamed));
  if (first === undefined || second === undefined) expect.fail('nodes are missing');
  for (const { node } of [first, second]) await node.api.call('peers.connect', { address: origin.address });
  await second.node.api.call('peers.connect', { address: `127.0.0.1:${first.node.port}` });
  const source = { kind: 'path', peer: 'Patient', path: 'Folder' } as const;
  const some = untilFiles(first, 100);
  await first.node.api.call('transfers.start', { source });
  origin.give(1.5 * MiB);
  await some;
  // The origin gives no more.
  const theSame = untilFiles(second, 100);
  await second.node.api.call('transfers.start', { source });
  await theSame;
  const done = Promise.all([untilFiles(first, 300), untilFiles(second, 300)]);
  origin.giveAll();
  await done;
  for (const { folder } of [first, second]) {
    for (const { name, data } of origin.files) expect(Buffer.compare(await readFile(join(folder, 'to', 'Folder', name)), data), name).toBe(0);
  }
});
