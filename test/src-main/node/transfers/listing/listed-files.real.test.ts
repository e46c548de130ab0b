import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { openStore } from '#main/disk/store/open-store.ts';
import { keyTable, type Store } from '#main/disk/store/store.ts';
import { ListedFiles } from '#main/node/transfers/listing/listed-files.ts';
import { fileKey, filesTable, pagesTable, type FileRecord } from '#main/node/transfers/records.ts';
import { contentIdOf } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';

const id = transferIdSchema.parse('00000000000000aa');
const neighbour = transferIdSchema.parse('00000000000000ab');
let folder: string;
let store: Store;
let listed: ListedFiles;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'listed-'));
  ({ store } = await openStore(folder));
  listed = new ListedFiles(store, id);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const named = (name: string): FileRecord => ({ remotePath: name, path: ['Folder', name], mapped: false, bytes: 5, modifiedAt: 1, executable: false, contentId: null, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' });
const many = (first: number, count: number, of = 'file'): FileRecord[] => Array.from({ length: count }, (_, at) => named(`${of} ${first + at}`));
/** As older versions kept a list. */
async function listAsBefore(first: number, files: readonly FileRecord[]): Promise<void> {
  for (const [at, file] of files.entries()) await store.put(filesTable, fileKey(id, first + at), file);
}
async function done(...indices: number[]): Promise<void> {
  const batch = store.batch();
  await listed.done(batch, indices);
  await batch.write();
}
async function put(index: number, record: FileRecord): Promise<void> {
  const batch = store.batch();
  listed.put(batch, index, record);
  await batch.write();
}
/** All of it, read in steps as whoever goes through a list does. */
async function all(limit = 100): Promise<{ index: number; file: FileRecord }[]> {
  const files = [];
  for (let rows = await listed.after(null, limit); rows.length > 0; rows = await listed.after(rows.at(-1)?.index ?? null, limit)) files.push(...rows);
  return files;
}
const names = async (): Promise<string[]> => (await all()).map(({ file }) => file.remotePath);
const namesOf = (files: readonly FileRecord[]): string[] => files.map(({ remotePath }) => remotePath);

it('keeps nothing of a list that is whole in memory, and goes on with it all the same', async () => {
  setFlagsFromString('--expose-gc');
  const collect = z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'));
  const listOne = async (): Promise<WeakRef<FileRecord>> => {
    const file = named('file 0');
    await listed.list(0, [file]);
    return new WeakRef(file);
  };
  const first = await listOne();
  listed.listedAll();
  await new Promise(setImmediate);
  collect();
  expect(first.deref()).toBeUndefined();
  await listed.list(1, many(1, 200));
  expect(await names()).toEqual(namesOf(many(0, 201)));
});

it.each([[[0]], [[1, 1]], [[128, 128, 1]], [[1000, 1000, 7]], [[100, 0, 29, 300]]])('gives a list that came in parts of %j as it came', async (parts) => {
  let first = 0;
  for (const count of parts) {
    await listed.list(first, many(first, count));
    first += count;
  }
  for (const limit of [60, 5000]) expect((await all(limit)).map(({ index, file }) => [index, file.remotePath])).toEqual(many(0, first).map(({ remotePath }, at) => [at, remotePath]));
  const asked = [first - 1, 0, first];
  const expected = asked.map((index) => (index >= 0 && index < first ? `file ${index}` : undefined));
  expect((await listed.getMany(asked)).map((file) => file?.remotePath)).toEqual(expected);
  for (const [at, index] of asked.entries()) expect((await new ListedFiles(store, id).get(Math.max(0, index)))?.remotePath).toBe(index < 0 ? undefined : expected[at]);
});

it('knows what is done, however it was noted', async () => {
  await listed.list(0, many(0, 300));
  await put(200, { ...named('file 200'), partialBytes: 3 });
  await put(201, { ...named('file 201'), partialBytes: 3 });
  await done(0, 127, 128);
  await done(129, 200, 299);
  const isDone = (await all()).filter(({ file }) => file.state === 'done').map(({ index, file }) => [index, file.partialBytes]);
  expect(isDone).toEqual([[0, 0], [127, 0], [128, 0], [129, 0], [200, 0], [299, 0]]);
  expect((await listed.getMany([201, 200, 1])).map((file) => [file?.state, file?.partialBytes])).toEqual([['waiting', 3], ['done', 0], ['waiting', 0]]);
});

it('goes by the record of a file where there is one', async () => {
  await listed.list(0, many(0, 10));
  const record: FileRecord = { ...named('file 4'), contentId: contentIdOf(new Uint8Array(32).fill(4)), priority: 'high' };
  await put(4, record);
  expect(await listed.get(4)).toEqual(record);
  expect(await listed.getMany([4])).toEqual([record]);
  expect((await all())[4]).toEqual({ index: 4, file: record });
});

it('reads what older versions wrote, and goes on with the list where they stopped', async () => {
  await listAsBefore(0, [...many(0, 149), { ...named('file 149'), state: 'done' }]);
  expect(await names()).toEqual(namesOf(many(0, 150)));
  await done(3);
  await listed.list(150, many(150, 150));
  await done(151);
  expect(await names()).toEqual(namesOf(many(0, 300)));
  expect((await all()).filter(({ file }) => file.state === 'done').map(({ index }) => index)).toEqual([3, 149, 151]);
  expect((await listed.get(2))?.remotePath).toBe('file 2');
  expect((await listed.get(150))?.remotePath).toBe('file 150');
  await done(...Array.from({ length: 300 }, (_, at) => at));
  expect((await all()).every(({ file }) => file.state === 'done')).toBe(true);
});

it('forgets what was listed before a crash that came before the download knew of it', async () => {
  await listed.list(0, many(0, 100));
  await listed.list(100, many(100, 400, 'old'));
  await new ListedFiles(store, id).list(100, many(100, 50, 'new'));
  expect(await names()).toEqual(namesOf([...many(0, 100), ...many(100, 50, 'new')]));
  await listAsBefore(150, many(150, 5, 'older'));
  await new ListedFiles(store, id).list(150, many(150, 1, 'new'));
  expect(await names()).toEqual(namesOf([...many(0, 100), ...many(100, 51, 'new')]));
  await new ListedFiles(store, id).list(140, []);
  expect(await names()).toEqual(namesOf([...many(0, 100), ...many(100, 40, 'new')]));
  await new ListedFiles(store, id).list(128, []);
  expect(await names()).toEqual(namesOf([...many(0, 100), ...many(100, 28, 'new')]));
});

it('sees a page grow that it has read', async () => {
  await listed.list(0, many(0, 10));
  expect((await listed.get(9))?.remotePath).toBe('file 9');
  expect(await listed.get(10)).toBe(undefined);
  await listed.list(10, many(10, 10));
  expect((await listed.get(19))?.remotePath).toBe('file 19');
});

it('goes on behind a part that is damaged', async () => {
  await listed.list(0, many(0, 1000));
  const batch = store.batch();
  for (const number of [1, 2, 3, 4]) batch.put({ ...pagesTable, encode: () => 'not JSON' }, fileKey(id, number), { first: 0, files: [] });
  await batch.write();
  const there = (await all()).map(({ index }) => index);
  expect(there).toEqual(Array.from({ length: 1000 }, (_, at) => at).filter((at) => at < 128 || at >= 640));
});

it('forgets one download and nothing of the others', async () => {
  const other = new ListedFiles(store, neighbour);
  for (const each of [listed, other]) await each.list(0, many(0, 700));
  await put(3, named('file 3'));
  await done(3, 690);
  const batch = store.batch();
  await listed.forgetIn(batch);
  await batch.write();
  expect(await all()).toEqual([]);
  for (const { name } of [filesTable, pagesTable, keyTable('download-done')]) expect((await store.keys(keyTable(name))).filter((key) => key.startsWith(id))).toEqual([]);
  expect(await other.after(null, 1000)).toHaveLength(700);
});
