import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Viewer } from '#main/node/ports/library.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { FetchedSmallFiles, type FetchedFor } from '#main/node/transfers/passing-on/fetched-small-files.ts';
import { fileKey, filesTable, type FileRecord } from '#main/node/transfers/records.ts';
import { contentIdOf, deviceIdOf, type TransferId } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import { day, minute } from '#shared/units.ts';

const neighbour: Viewer = { kind: 'device', id: deviceIdOf(new Uint8Array(32).fill(9)), trust: 'seen', path: 'lan', rooms: new Set() };
const origin = deviceIdOf(new Uint8Array(32).fill(8));
const a = contentIdOf(new Uint8Array(32).fill(1));
const modifiedAt = 1_600_000_000_000;
/** Of what is fetched, by its origin. */
let modified = modifiedAt;
let folder: string;
let store: Store;
let small: FetchedSmallFiles;
/** What has passed since the start, and what was added to the clock on the wall. */
let later = 0;
let setBy = 0;
let ids = 0;
const newId = (): TransferId => transferIdSchema.parse((++ids).toString(16).padStart(16, '0'));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'small-'));
  ({ store } = await openStore(join(folder, 'store')));
  later = 0;
  setBy = 0;
  modified = modifiedAt;
  small = new FetchedSmallFiles(store, () => Date.now() + setBy, () => later);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const forSome = (id: TransferId, audience: Audience | null): FetchedFor => ({ id, base: folder, audience: () => Promise.resolve(audience === null ? null : { audience, by: origin }) });
const pathOf = (name: string): string => join(folder, 'Folder', name);

/** A download that has brought `Folder/NAME`, in truth and in the store. */
async function fetch(name: string, audience: Audience | null = { kind: 'everyone' }, giver = origin): Promise<FetchedFor> {
  const owner = forSome(newId(), audience);
  const record: FileRecord = { remotePath: name, path: ['Folder', name], mapped: false, bytes: 5, modifiedAt: modified, executable: false, contentId: a, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' };
  await store.put(filesTable, fileKey(owner.id, 7), record);
  await mkdir(join(folder, 'Folder'), { recursive: true });
  await writeFile(pathOf(name), 'bytes');
  await utimes(pathOf(name), new Date(modified), new Date(modified));
  small.note(owner, 7, { path: record.path, contentId: a, giver }, pathOf(name));
  return owner;
}

it('finds what was fetched, for those the origin shares it with', async () => {
  await fetch('one');
  expect(await small.has(neighbour, a)).toBe(true);
  expect(await small.find(neighbour, a)).toMatchObject({ diskPath: pathOf('one'), path: 'Folder/one', bytes: 5, contentId: a });
  expect(await small.resolve(neighbour, a)).toEqual({ kind: 'file', name: 'one', bytes: 5, files: 1 });
  const other = contentIdOf(new Uint8Array(32).fill(2));
  expect([await small.has(neighbour, other), await small.find(neighbour, other)]).toEqual([false, null]);
});

it.each<[string, Audience | null]>([['nobody, without the word of the origin', null], ['paired devices only', { kind: 'devices', devices: [] }]])('is there for %s', async (_who, audience) => {
  await fetch('one', audience);
  expect([await small.has(neighbour, a), await small.find(neighbour, a)]).toEqual([false, null]);
});

it('gives nobody what came from somebody else than the origin', async () => {
  await fetch('one', { kind: 'everyone' }, deviceIdOf(new Uint8Array(32).fill(7)));
  expect([await small.has(neighbour, a), await small.find(neighbour, a)]).toEqual([false, null]);
});

it('has it from the download that may be passed on, when another may not', async () => {
  await fetch('secret', null);
  await fetch('open');
  expect(await small.find(neighbour, a)).toMatchObject({ path: 'Folder/open' });
});

it.each<[string, (path: string) => Promise<void>]>([
  ['gone', (path) => rm(path)],
  ['longer', (path) => writeFile(path, 'bytes and more')],
  ['written to in place at the same size in the moment it had come', (path) => writeFile(path, 'BYTES')],
  ['another one of the same length and time', async (path) => {
    await writeFile(`${path}.new`, 'BYTES');
    await utimes(`${path}.new`, new Date(modifiedAt), new Date(modifiedAt));
    await rename(`${path}.new`, path);
  }],
  ['a folder now', async (path) => {
    await rm(path);
    await mkdir(path);
  }],
])('does not give a file that is %s', async (what, change) => {
  // Fetched a while ago, as far as this device knows.
  if (what.startsWith('another')) setBy = -5000;
  await fetch('one');
  await change(pathOf('one'));
  expect(await small.find(neighbour, a)).toBe(null);
});

it.each([[modifiedAt + 1999, 1999, true], [modifiedAt, 3000, false], [modifiedAt + 999, 999, true], [modifiedAt + 123, 0, true], [modifiedAt + 123, 2, false]])('takes %i for the time of a file that has one %i ms before it: %s', async (at, less, isGiven) => {
  modified = at;
  await fetch('one');
  await utimes(pathOf('one'), new Date(), new Date(at - less));
  expect((await small.find(neighbour, a)) !== null).toBe(isGiven);
});

it('does not pass on what had to be put beside another file', async () => {
  const owner = forSome(newId(), { kind: 'everyone' });
  small.note(owner, 7, { path: ['Folder', 'one'], contentId: a, giver: origin }, pathOf('one (2)'));
  expect(await small.has(neighbour, a)).toBe(false);
});

it('forgets it half an hour after the last file of its download came, whoever sets the clock', async () => {
  const owner = await fetch('one');
  later = 29 * minute;
  small.note(owner, 8, { path: ['Folder', 'two'], contentId: contentIdOf(new Uint8Array(32).fill(2)), giver: origin }, pathOf('two'));
  later = 58 * minute;
  for (setBy of [-day, day, 365 * day]) expect(await small.has(neighbour, a)).toBe(true);
  setBy = -365 * day;
  later = 60 * minute;
  expect(await small.has(neighbour, a)).toBe(false);
});
