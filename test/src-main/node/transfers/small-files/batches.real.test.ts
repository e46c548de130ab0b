import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { KiB, MiB } from '#shared/units.ts';
import { PatientSource } from '../patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeFor(source: PatientSource): Promise<{ node: RunningNode; to: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'batches-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const to = join(folder, 'to');
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: to } });
  toClose.push(() => node.close());
  await node.api.call('peers.connect', { address: source.address });
  return { node, to };
}

const start = (node: RunningNode): Promise<Transfer> => node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });

function until(node: RunningNode, id: Transfer['id'], isSo: (transfer: Transfer) => boolean): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.id === id) look(event.transfer); });
    const look = (transfer: Transfer): void => {
      if (!isSo(transfer)) return;
      stop();
      resolve(transfer);
    };
    node.api.call('transfers.get', { id }).then(({ transfer }) => { look(transfer); }, reject);
  });
}
const isDone = ({ state }: Transfer): boolean => state === 'done';

async function expectWhole(to: string, source: PatientSource, ...without: readonly string[]): Promise<void> {
  const there = source.files.filter(({ name }) => !without.includes(name));
  for (const { name, data } of there) expect(Buffer.compare(await readFile(join(to, 'Folder', name)), data), name).toBe(0);
  expect((await readdir(join(to, 'Folder'))).toSorted()).toEqual(there.map(({ name }) => name).toSorted());
}

it('small files that lie side by side come as one block; larger ones and those that are there already do not', async () => {
  const source = await PatientSource.start({ a: 10, b: 20 * KiB, c: 1, large: 2 * MiB, middle: 64 * KiB, y: 30, z: 40 });
  const { node, to } = await nodeFor(source);
  await mkdir(join(to, 'Folder'), { recursive: true });
  await writeFile(join(to, 'Folder', 'b'), source.files[1]?.data ?? expect.fail('no file'));
  source.giveAll();
  const { id } = await start(node);
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 7, doneBytes: 20 * KiB + 2 * MiB + 64 * KiB + 81, reusedBytes: 20 * KiB });
  expect(source.asked.toSorted()).toEqual(['a+c/0', 'large/0', 'large/1', 'middle/0', 'y+z/0']);
  await expectWhole(to, source);
});

it('files that are equal come once', async () => {
  const source = await PatientSource.start({ a: 10, b: 10, c: 30, d: 10 });
  source.copy('a', 'b');
  source.copy('a', 'd');
  source.give(40);
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 4, doneBytes: 60 });
  expect(source.asked).toEqual(['a+c/0']);
  await expectWhole(to, source);
});

it('each file of a batch counts as a piece of its source', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, large: 2 * MiB });
  source.refused.set('large', 'busy');
  source.giveAll();
  const { node } = await nodeFor(source);
  const { id } = await start(node);
  await until(node, id, ({ doneFiles }) => doneFiles === 2);
  expect(await node.api.call('transfers.get', { id })).toMatchObject({ sources: [{ pieces: 2, bytes: 30 }] });
});

it('a batch is no longer than a block, and many go on', async () => {
  const sizes = Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`${1000 + at}.txt`, at < 100 ? 10 * KiB : 100 + at]));
  const source = await PatientSource.start(sizes);
  const { node, to } = await nodeFor(source);
  source.giveAll();
  const { id } = await start(node);
  expect(await until(node, id, isDone)).toMatchObject({ files: 700, doneFiles: 700 });
  const batches = source.asked.map((piece) => piece.split('+').length);
  expect(Math.max(...batches)).toBeLessThanOrEqual(256);
  expect(batches.reduce((sum, files) => sum + files)).toBe(700);
  expect(batches.length).toBeLessThan(30);
  await expectWhole(to, source);
});

it('more batches go on at once when the first have come and nobody else fetches the same', async () => {
  // An empty file between two pairs makes a batch of each.
  const names = Array.from({ length: 40 }, (_, at) => [`${100 + at}a`, `${100 + at}b`, `${100 + at}c`] as const);
  const source = await PatientSource.start(Object.fromEntries(names.flatMap(([one, other, empty]) => [[one, 10], [other, 10], [empty, 0]])));
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(8);
  await until(node, id, ({ doneFiles }) => doneFiles > 0);
  expect(source.asked).toEqual(names.slice(0, 8).map(([one, other]) => `${one}+${other}/0`));
  source.give(8 * 20);
  await source.untilAsked(24);
  await node.api.call('transfers.get', { id });
  expect(source.asked).toHaveLength(24);
  source.giveAll();
  await until(node, id, isDone);
  await expectWhole(to, source);
});

it('when one file of a batch is another one now, the others come by themselves, and it waits', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30, d: 40 });
  source.refused.set('c', 'changed');
  source.giveAll();
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await until(node, id, ({ doneFiles, state }) => doneFiles === 3 && state === 'waiting');
  expect(source.asked[0]).toBe('a+b+c+d/0');
  expect(source.asked).toEqual(expect.arrayContaining(['a/0', 'b/0', 'c/0', 'd/0']));
  await expectWhole(to, source, 'c');
});

it('of a batch with wrong bytes the right files are kept, the wrong one is held against its sender by name, and fetched by itself', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30, d: 40 });
  source.wrong.add('c');
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  source.give(100);
  await until(node, id, ({ doneFiles }) => doneFiles === 3);
  await source.untilAsked(2);
  expect(source.asked).toEqual(['a+b+c+d/0', 'c/0']);
  await expectWhole(to, source, 'c');
  source.wrong.clear();
  source.giveAll();
  await until(node, id, isDone);
  await expectWhole(to, source);
  expect((await node.api.call('peers.list', {})).map(({ badPieces }) => badPieces)).toMatchObject([{ count: 1, banned: false, latest: [{ file: 'Folder/c', contentId: source.files[2]?.id }] }]);
});

it('a download that is stopped while a batch is on its way goes on with it', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30 });
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  expect(await node.api.call('transfers.pause', { id })).toMatchObject({ state: 'paused', doneFiles: 0 });
  source.forget();
  await node.api.call('transfers.resume', { id });
  await source.untilAsked(1);
  source.giveAll();
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 3, doneBytes: 60 });
  await expectWhole(to, source);
});

it('what somebody puts into a new folder while its files are on their way stays as it is, and is taken for ours where it is the same', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30 });
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  await mkdir(join(to, 'Folder'), { recursive: true });
  await writeFile(join(to, 'Folder', 'b'), 'the user’s own');
  await writeFile(join(to, 'Folder', 'c'), source.files[2]?.data ?? expect.fail('no file'));
  source.giveAll();
  await until(node, id, isDone);
  expect((await readdir(join(to, 'Folder'))).toSorted()).toEqual(['a', 'b', 'b (2)', 'c']);
  expect(await readFile(join(to, 'Folder', 'b'), 'utf8')).toBe('the user’s own');
  expect(Buffer.compare(await readFile(join(to, 'Folder', 'b (2)')), source.files[1]?.data ?? expect.fail('no file'))).toBe(0);
});

it('what somebody put into a new folder while its download was paused is not fetched again', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30 });
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  await node.api.call('transfers.pause', { id });
  source.forget();
  await mkdir(join(to, 'Folder'), { recursive: true });
  await writeFile(join(to, 'Folder', 'b'), source.files[1]?.data ?? expect.fail('no file'));
  source.giveAll();
  await node.api.call('transfers.resume', { id });
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 3, reusedBytes: 20 });
  expect(source.asked).toEqual(['a+c/0']);
  await expectWhole(to, source);
});

it('a file that nobody wants any more leaves its batch, and comes back when it is wanted again', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30 });
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  const { files } = await node.api.call('transfers.files', { id, limit: 10 });
  expect(files.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  expect(await node.api.call('transfers.setFilePriority', { id, indices: [1], priority: 'skip' })).toMatchObject({ bytes: 40 });
  await source.untilAsked(3);
  source.giveAll();
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 2, doneBytes: 40 });
  expect(source.asked).toEqual(['a+b+c/0', 'a/0', 'c/0']);
  await expectWhole(to, source, 'b');
  await node.api.call('transfers.setFilePriority', { id, indices: [1], priority: 'normal' });
  expect(await until(node, id, (transfer) => isDone(transfer) && transfer.doneFiles === 3)).toMatchObject({ doneBytes: 60 });
  await expectWhole(to, source);
});

it('when its only source goes away in the middle, what is missing comes as soon as that is back', async () => {
  const source = await PatientSource.start({ a: 10, b: 20, c: 30 });
  const { node, to } = await nodeFor(source);
  const { id } = await start(node);
  await source.untilAsked(1);
  source.unplug();
  // It may be linked again before anybody is told that it was away: states are told twice a second.
  await Promise.race([until(node, id, ({ state }) => state === 'waiting'), source.untilRequested(2)]);
  source.giveAll();
  await node.api.call('peers.connect', { address: source.address });
  expect(await until(node, id, isDone)).toMatchObject({ doneFiles: 3 });
  await expectWhole(to, source);
});
