import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { FilePriority, Transfer, TransferFile } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { seeded } from '../../../core/swarm/world.ts';
import { PatientSource } from '../patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeFor(source: PatientSource): Promise<{ node: RunningNode; to: string; again: () => Promise<RunningNode> }> {
  const folder = await mkdtemp(join(tmpdir(), 'chosen-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const to = join(folder, 'to');
  const start = async (): Promise<RunningNode> => {
    const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: to } });
    toClose.push(() => node.close());
    await node.api.call('peers.connect', { address: source.address });
    return node;
  };
  const node = await start();
  return { node, to, again: async () => { await node.close(); return start(); } };
}

const start = (node: RunningNode, inOrder = false): Promise<Transfer> =>
  node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' }, inOrder });

/** Looks at a transfer and its files with every event until they are as wished. */
function until(node: RunningNode, id: Transfer['id'], isSo: (transfer: Transfer, files: readonly TransferFile[]) => boolean): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      const { transfer } = await node.api.call('transfers.get', { id });
      const { files } = await node.api.call('transfers.files', { id, limit: 1000 });
      if (!isSo(transfer, files)) return;
      stop();
      resolve(transfer);
    };
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.id === id) look().catch(reject); });
    look().catch(reject);
  });
}
const isDone = ({ state }: Transfer): boolean => state === 'done';
const filesOf = async (node: RunningNode, id: Transfer['id']): Promise<TransferFile[]> => (await node.api.call('transfers.files', { id, limit: 1000 })).files;
const choose = (node: RunningNode, id: Transfer['id'], priority: FilePriority, ...indices: number[]): Promise<Transfer> => node.api.call('transfers.setFilePriority', { id, indices, priority });
const isWhole = async (to: string, { name, data }: PatientSource['files'][number]): Promise<boolean> => Buffer.compare(await readFile(join(to, 'Folder', name)), data) === 0;

it('files come by priority, what is skipped keeps what it has, and goes on from there when it is wanted again', async () => {
  const source = await PatientSource.start({ a: 3 * MiB, b: 3 * MiB, c: 3 * MiB, d: 3 * MiB, e: 3 * MiB, f: 3 * MiB }, 'a');
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  // One piece of `a`.
  source.give(MiB);
  await until(node, id, (_, files) => files[0]?.doneBytes === MiB);

  // Four large files are open; `f` is wanted more, so it does not wait for one of them to end.
  await choose(node, id, 'high', 5);
  await source.untilOpen('a', 'b', 'c', 'd', 'f');
  await choose(node, id, 'low', 1);
  expect(await choose(node, id, 'skip', 0)).toMatchObject({ bytes: 15 * MiB, doneBytes: 0, files: 6 });
  expect((await filesOf(node, id)).map(({ priority }) => priority)).toEqual(['skip', 'low', 'normal', 'normal', 'normal', 'high']);
  expect((await filesOf(node, id))[0]).toMatchObject({ doneBytes: MiB, state: 'waiting' });
  expect(await readdir(join(to, 'Folder'))).toEqual(expect.arrayContaining(['a.part', 'a.progress']));

  await source.untilOpen('e');
  source.giveAll();
  expect(await until(node, id, isDone)).toMatchObject({ bytes: 15 * MiB, doneBytes: 15 * MiB, doneFiles: 5 });
  const order = [...new Set(source.asked.map((piece) => piece[0]))].filter((name) => name !== 'a');
  expect([order[0], order.at(-1)]).toEqual(['f', 'b']);
  for (const file of source.files.slice(1)) expect(await isWhole(to, file)).toBe(true);
  expect(await readdir(join(to, 'Folder'))).toEqual(expect.arrayContaining(['a.part', 'a.progress']));

  // What was verified when it was skipped is not asked for again.
  source.forget();
  await choose(node, id, 'normal', 0);
  expect(await until(node, id, isDone)).toMatchObject({ bytes: 18 * MiB, doneBytes: 18 * MiB, doneFiles: 6 });
  expect(source.asked).toEqual(['a/1', 'a/2']);
  expect(await isWhole(to, source.files[0] ?? expect.fail('no file'))).toBe(true);
  expect((await readdir(join(to, 'Folder'))).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

it('what the user wants is kept over a restart, of paused downloads too', async () => {
  const source = await PatientSource.start({ a: 12 * MiB, b: 2 * MiB, c: 2 * MiB }, 'a');
  const { node, again } = await nodeFor(source);
  const { id, inOrder } = await start(node, true);
  expect(inOrder).toBe(true);
  source.give(3 * MiB);
  await until(node, id, (_, files) => (files[0]?.doneBytes ?? 0) >= 2 * MiB);
  // The first, then the last, then in order.
  await expect.poll(() => source.asked.slice(0, 4)).toEqual(['a/0', 'a/11', 'a/1', 'a/2']);
  await node.api.call('transfers.pause', { id });
  const there = (await filesOf(node, id))[0]?.doneBytes ?? 0;
  expect(there).toBeGreaterThanOrEqual(2 * MiB);
  const paused = await choose(node, id, 'skip', 0);
  expect(paused).toMatchObject({ state: 'paused', bytes: 4 * MiB, doneBytes: 0 });
  expect((await choose(node, id, 'normal', 0)).doneBytes).toBe(there);
  await choose(node, id, 'high', 2);

  const restarted = await again();
  expect((await restarted.api.call('transfers.get', { id })).transfer).toMatchObject({ inOrder: true, bytes: 16 * MiB, doneBytes: there });
  expect((await filesOf(restarted, id)).map(({ priority, doneBytes }) => [priority, doneBytes])).toEqual([['normal', there], ['normal', 0], ['high', 0]]);
  expect(await restarted.api.call('transfers.setInOrder', { id, inOrder: false })).toMatchObject({ inOrder: false });
  source.forget();
  await restarted.api.call('transfers.resume', { id });
  await source.untilOpen('a', 'b', 'c');
  source.giveAll();
  await until(restarted, id, isDone);
  // Before it comes what was asked for while `a` alone was open.
  expect(source.asked.filter((piece) => !piece.startsWith('a')).slice(0, 2)).toEqual(['c/0', 'c/1']);
  expect(source.asked.indexOf('c/1')).toBeLessThan(6);
  // Nothing that was verified comes again.
  expect(source.asked).toHaveLength(12 - there / MiB + 2 + 2);
});

it('whatever is changed while it runs, every file arrives once and whole, and the sums are right', async () => {
  const sizes = Object.fromEntries([...Array.from({ length: 40 }, (_, at) => [`small ${at}`, 1000 + at] as const), ...Array.from({ length: 8 }, (_, at) => [`large ${at}`, 2 * MiB + at] as const)]);
  const source = await PatientSource.start(sizes);
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  const random = seeded(7);
  const priorities = ['skip', 'low', 'normal', 'high'] as const;
  await until(node, id, ({ files }) => files === source.files.length);
  for (let change = 0; change < 30; change++) {
    source.give(MiB / 2);
    const indices = source.files.flatMap((_, index) => (random() < 0.2 ? [index] : []));
    const change = choose(node, id, priorities[Math.floor(random() * 4)] ?? 'normal', ...indices);
    // Some come at once, as if two faces were in use.
    if (random() < 0.7) await change;
  }
  source.giveAll();
  await choose(node, id, 'normal', ...source.files.keys());
  const bytes = source.files.reduce((sum, { data }) => sum + data.length, 0);
  expect(await until(node, id, isDone)).toMatchObject({ bytes, doneBytes: bytes, files: 48, doneFiles: 48 });
  for (const file of source.files) expect(await isWhole(to, file)).toBe(true);
  expect(await readdir(join(to, 'Folder'))).toHaveLength(48);
});
