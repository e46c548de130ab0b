import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { Observed } from '#main/disk/observe.ts';
import { joinPath, nameOf, parentOf, pathOfEntryKey, shareRange, tables, type EntryRecord, type ShareRecord } from '#main/node/library/tables.ts';
import { Tree } from '#main/node/library/tree.ts';
import type { Change } from '#main/node/library/tree-change.ts';
import { nameTokens } from '#main/core/search/text.ts';
import { contentIdOf, isShareId } from '#shared/ids.ts';

let folder = '';
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tree-'));
  ({ store } = await openStore(folder));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const file = (version: string, bytes = 10): Observed => ({ kind: 'file', bytes, modifiedAt: 1, executable: false, version });
const directory: Observed = { kind: 'folder', modifiedAt: 1, disk: '1' };
const absent: Observed = { kind: 'absent' };
const observed = (path: string, state: Observed): Change => ({ kind: 'observed', path, state });
const hashed = (path: string, version: string): Change => ({ kind: 'hashed', path, version, contentId: contentIdOf(new Uint8Array(32).fill(Number(version) + 1)), layer: null });

let shares = 0;
async function newTree() {
  const id = String(++shares).padStart(32, '0');
  if (!isShareId(id)) throw new Error('not a share id');
  const record: ShareRecord = { id, name: 'S', path: '/s', kind: 'folder', audience: { kind: 'nobody' }, paused: false, hashedFiles: 0, hashedBytes: 0, problems: 0, addedAt: 0, disk: '' };
  const failures: unknown[] = [];
  const tree = new Tree(store, () => 0, { changed: () => undefined, todo: () => undefined, failed: (error) => failures.push(error) });
  await tree.addShare(record);
  return { tree, record, failures };
}

const names = ['a', 'b', 'c'];
const paths = ['', ...names, ...names.flatMap((one) => names.map((two) => `${one}/${two}`)), ...names.map((one) => `a/b/${one}`)];
const version = fc.integer({ min: 1, max: 4 }).map(String);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ path: fc.constantFrom(...paths.slice(1)), version, bytes: fc.nat(3) }).map(({ path, version: one, bytes }) => observed(path, file(one, bytes))) },
  { weight: 3, arbitrary: fc.constantFrom(...paths).map((path) => observed(path, directory)) },
  { weight: 2, arbitrary: fc.constantFrom(...paths.slice(1)).map((path) => observed(path, absent)) },
  { weight: 3, arbitrary: fc.constantFrom(...paths).map((path): Change => ({ kind: 'listed', path })) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...paths.slice(1)), version).map(([path, one]) => hashed(path, one)) },
  { weight: 1, arbitrary: fc.constantFrom(...paths.slice(1)).map((path) => observed(path, { kind: 'problem', error: { code: 'no-permission' }, version: '2' })) },
);

/** What a record must be, worked out from the entries below it. */
function checkFolder(path: string, entries: ReadonlyMap<string, EntryRecord>): void {
  const record = entries.get(path);
  if (record?.kind !== 'folder') throw new Error(`${path} is no folder`);
  const children = [...entries].filter(([below]) => below !== '' && parentOf(below) === path);
  const below = [...entries].filter(([one]) => one !== path && (path === '' || one.startsWith(`${path}/`)));
  const files = below.flatMap(([, entry]) => (entry.kind === 'file' ? [entry] : []));
  expect(record).toMatchObject({
    children: children.length,
    open: children.filter(([, entry]) => entry.contentId === null).length,
    files: files.length,
    folders: below.length - files.length,
    bytes: files.reduce((sum, one) => sum + one.bytes, 0),
  });
  // An id exactly when it can be known.
  expect(record.contentId !== null).toBe(record.listed && record.open === 0);
}

test('totals, ids and every index follow from the entries, whatever happens in whatever order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { maxLength: 12 }), async (batches) => {
    const { tree, record, failures } = await newTree();
    await tree.commit(record.id, [observed('', directory)]);
    for (const batch of batches) {
      await tree.commit(record.id, batch);
      if (batch.length % 2 === 0) await tree.idle();
    }
    await tree.idle();
    expect(failures).toEqual([]);
    const rows = await store.rows(tables.entry, shareRange(record.id));
    const entries = new Map(rows.map(([key, entry]) => [pathOfEntryKey(key), entry]));
    for (const [path, entry] of entries) {
      if (path !== '') expect(entries.get(parentOf(path))?.kind).toBe('folder');
      if (entry.kind === 'folder') checkFolder(path, entries);
    }
    const hashedFiles = [...entries.values()].filter((entry) => entry.kind === 'file' && entry.contentId !== null);
    expect(record.hashedFiles).toBe(hashedFiles.length);
    expect(record.hashedBytes).toBe(hashedFiles.reduce((sum, entry) => sum + entry.bytes, 0));
    const of = async (table: { readonly name: string }) => (await store.keys({ ...tables.due, name: table.name })).filter((key) => key.includes(record.id));
    expect((await of(tables.todo)).map((key) => key.slice(33)).sort()).toEqual([...entries].filter(([, entry]) => entry.kind === 'file' && entry.contentId === null).map(([path]) => path).sort());
    expect((await of(tables.location)).sort()).toEqual([...entries].filter(([, entry]) => entry.contentId !== null).map(([path, entry]) => `${entry.contentId}\0${record.id}\0${path}`).sort());
    expect((await of(tables.token)).filter((key) => !key.endsWith('\0')).sort()).toEqual([...entries.keys()].filter((path) => path !== '').flatMap((path) => nameTokens(nameOf(path)).map((token) => `${token}\0${record.id}\0${path}`)).sort());
    expect(await of(tables.due)).toEqual([]);
    expect(await of(tables.sweep)).toEqual([]);
    expect((await of(tables.problem)).length).toBe(record.problems);
  }), { numRuns: 150 });
});

test('an id does not depend on the way that led there', async () => {
  const final: Change[] = [observed('', directory), observed('d', directory), observed('d/f', file('1')), observed('e', file('2')), hashed('d/f', '1'), hashed('e', '2'), { kind: 'listed', path: 'd' }, { kind: 'listed', path: '' }];
  const detour: Change[] = [observed('', directory), observed('d', file('3')), hashed('d', '3'), observed('x', directory), observed('x/y', file('1')), { kind: 'listed', path: 'x' }, observed('x', absent)];
  const ids: unknown[] = [];
  for (const ways of [[final], [detour, final], final.map((one) => [one])]) {
    const { tree, record } = await newTree();
    for (const way of ways) await tree.commit(record.id, way);
    await tree.idle();
    ids.push((await store.rows(tables.entry, shareRange(record.id))).find(([key]) => pathOfEntryKey(key) === '')?.[1].contentId);
  }
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(ids).size).toBe(1);
});

test('what a crash left of a removed folder is cleared at the next start', async () => {
  const { tree, record } = await newTree();
  const listing = [observed('', directory), observed('d', directory)];
  for (let number = 0; number < 50; number++) listing.push(observed(joinPath('d', `f${number}`), file('1')), hashed(joinPath('d', `f${number}`), '1'));
  await tree.commit(record.id, listing);
  // As if the power went after the folder was taken out of the listing and half of what was in it was deleted.
  const batch = store.batch().put(tables.sweep, `${record.id}\0d`, true);
  for (const key of (await store.keys(tables.entry, shareRange(record.id))).filter((one) => one.includes('\0d\0')).slice(0, 25)) batch.delete(tables.entry, key);
  await batch.delete(tables.entry, `${record.id}\0\0d`).write();
  const next = new Tree(store, () => 0, { changed: () => undefined, todo: () => undefined, failed: () => undefined });
  next.adopt(record);
  await next.finishSweeps();
  expect((await store.keys(tables.entry, shareRange(record.id))).map(pathOfEntryKey)).toEqual(['']);
  expect(record).toMatchObject({ hashedFiles: 0, hashedBytes: 0 });
});
