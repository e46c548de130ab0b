import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { openStore } from '#main/disk/store/open-store.ts';
import { bytesTable, jsonTable, keyTable, withPrefix, type Store } from '#main/disk/store/store.ts';

const people = jsonTable('people', z.object({ age: z.int() }));
const blobs = bytesTable('blobs');
const index = keyTable('index');

let base = '';
let path = '';
const opened: Store[] = [];
const open = async () => {
  const result = await openStore(path);
  opened.push(result.store);
  return result;
};
const close = async (store: Store) => {
  opened.splice(opened.indexOf(store), 1);
  await store.close();
};

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'store-'));
  path = join(base, 'store');
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(base, { recursive: true });
});

async function filled(rows: number): Promise<void> {
  const { store } = await open();
  for (let start = 0; start < rows; start += 1000) {
    const batch = store.batch();
    for (let at = start; at < start + 1000; at++) batch.put(people, `person ${at}`, { age: at });
    await batch.write();
  }
  await close(store);
}
const count = async (store: Store): Promise<number> => (await store.keys(people)).length;

test('syncs after all that was written before', async () => {
  const [batch, put] = [vi.spyOn(ClassicLevel.prototype, 'batch'), vi.spyOn(ClassicLevel.prototype, 'put')];
  onTestFinished(() => { vi.restoreAllMocks(); });
  const { store } = await open();
  const written = store.put(people, 'Ana', { age: 30 });
  await store.sync();
  await written;
  expect(put.mock.lastCall?.at(2)).toEqual({ sync: true });
  expect(put.mock.invocationCallOrder[0]).toBeGreaterThan(batch.mock.invocationCallOrder[0] ?? Infinity);
  await store.readThrough();
  expect(await store.rows(people)).toEqual([['Ana', { age: 30 }]]);
});

describe('reading and writing', () => {
  test('values come back, tables do not mix, batches are one', async () => {
    const { store, recovery } = await open();
    expect(recovery).toEqual({ kind: 'none' });
    await store.batch().put(people, 'ann', { age: 40 }).put(blobs, 'ann', new Uint8Array([1, 0, 255])).put(index, 'ann', true).write();
    expect(await store.get(people, 'ann')).toEqual({ age: 40 });
    expect([...(await store.get(blobs, 'ann')) ?? []]).toEqual([1, 0, 255]);
    expect(await store.getMany(people, ['bob', 'ann'])).toEqual([undefined, { age: 40 }]);
    expect(await store.keys(index)).toEqual(['ann']);
    await store.delete(people, 'ann');
    expect(await store.get(people, 'ann')).toBeUndefined();
    expect(await store.get(blobs, 'ann')).toBeDefined();
  });

  test('of writes begun one after the other the last one counts, whoever waits for them', async () => {
    const { store } = await open();
    for (let round = 0; round < 300; round++) {
      const writes = [1, 2, 3, 4].map((age) => store.put(people, 'ann', { age: 10 * round + age }));
      await Promise.all(writes);
      expect(await store.get(people, 'ann')).toEqual({ age: 10 * round + 4 });
    }
  });

  test('closing waits for what was begun', async () => {
    const { store } = await open();
    const writes = Array.from({ length: 20 }, (_, age) => store.put(people, `person ${age}`, { age }));
    await close(store);
    await Promise.all(writes);
    expect(await count((await open()).store)).toBe(20);
  });

  test('ranges are in the order of UTF-8 bytes and go on after a key', async () => {
    const { store } = await open();
    const batch = store.batch();
    for (const key of ['b', 'a\u0000x', 'a', '\u{1f600}', '\uffee', 'a/']) batch.put(people, key, { age: 1 });
    await batch.write();
    expect(await store.keys(people)).toEqual(['a', 'a\u0000x', 'a/', 'b', '\uffee', '\u{1f600}']);
    expect(await store.keys(people, { after: 'a/', limit: 2 })).toEqual(['b', '\uffee']);
    expect(await store.keys(people, withPrefix('a'))).toEqual(['a', 'a\u0000x', 'a/']);
  });

  test('tells which prefixes are in use, whatever lies between, before and after them', async () => {
    const { store } = await open();
    const batch = store.batch();
    for (const key of ['02:a', '02:b', '05:a', '07:a', '09:a']) batch.put(index, key, true);
    await batch.put(blobs, '01:a', new Uint8Array(1)).put(people, '03:a', { age: 1 }).write();
    const inUse = async (...wanted: string[]): Promise<string[]> => [...(await store.prefixesInUse(index, wanted))].toSorted();
    expect(await inUse('09:', '01:', '03:', '02:', '08:', '05:')).toEqual(['02:', '05:', '09:']);
    expect(await inUse('01:', '10:')).toEqual([]);
    expect(await inUse()).toEqual([]);
    expect(await store.prefixesInUse(people, ['01:', '03:', '99:'])).toEqual(new Set(['03:']));
  });

  test('a record that does not fit its schema counts as absent and is told of', async () => {
    const { store } = await open();
    const told: string[] = [];
    store.onDamaged((table, key) => told.push(`${table}/${key}`));
    await store.put({ ...blobs, name: 'people' }, 'ann', new TextEncoder().encode('{"age":"old"}'));
    await store.put({ ...blobs, name: 'people' }, 'bob', new TextEncoder().encode('{'));
    expect(await store.get(people, 'ann')).toBeUndefined();
    expect(await store.rows(people)).toEqual([]);
    expect(told).toEqual(['people/ann', 'people/ann', 'people/bob']);
  });

  test('more rows than one trip fetches', async () => {
    await filled(2000);
    const { store } = await open();
    const sizes: number[] = [];
    for await (const rows of store.batches(people)) sizes.push(rows.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2000);
  });
});

describe('opening', () => {
  test('one owner at a time', async () => {
    const { store } = await open();
    await expect(openStore(path)).rejects.toMatchObject({ code: 'node-already-running' });
    await close(store);
    await open();
  });

  test('a store of a newer version is refused and not touched', async () => {
    await filled(1000);
    await writeFile(join(path, 'VERSION'), '99\n');
    const look = async () => Promise.all((await readdir(path)).sort().map(async (name) => [name, await readFile(join(path, name), 'base64')]));
    const before = await look();
    await expect(openStore(path)).rejects.toMatchObject({ code: 'newer-data' });
    expect(await look()).toEqual(before);
  });

  test.each([
    ['a garbled manifest', async () => {
      for (const name of await readdir(path)) if (name.startsWith('MANIFEST')) await writeFile(join(path, name), 'garbage');
    }],
    ['no CURRENT', async () => rm(join(path, 'CURRENT'))],
    ['a mark left by a damaged read', async () => writeFile(join(path, 'DAMAGED'), '')],
  ])('%s is repaired and nothing is lost', async (_what, damage) => {
    await filled(50_000);
    await damage();
    const { store, recovery } = await open();
    expect(recovery).toEqual({ kind: 'repaired' });
    expect(await count(store)).toBe(50_000);
    await close(store);
    expect((await open()).recovery).toEqual({ kind: 'none' });
  });

  test('a damaged store on a full disk waits for room, as it is', async () => {
    await filled(1000);
    await writeFile(join(path, 'DAMAGED'), '');
    const before = (await readdir(path)).sort();
    await expect(openStore(path, () => Promise.resolve(1000))).rejects.toMatchObject({ code: 'disk-full' });
    expect((await readdir(path)).sort()).toEqual(before);
    const { store, recovery } = await open();
    expect(recovery).toEqual({ kind: 'repaired' });
    expect(await count(store)).toBe(1000);
  });

  test('a version that is noted is not written again, and one that cannot be noted leaves no database open', async () => {
    await filled(1000);
    await rm(join(path, 'VERSION'));
    await mkdir(join(path, 'VERSION.new'));
    await expect(openStore(path)).rejects.toMatchObject({ code: 'disk-error' });
    await rm(join(path, 'VERSION.new'), { recursive: true });
    await close((await open()).store);
    await mkdir(join(path, 'VERSION.new'));
    expect(await count((await open()).store)).toBe(1000);
  });

  test('what repair cannot read is kept beside', async () => {
    await filled(1000);
    for (const name of await readdir(path)) if (/\.(ldb|log)$|^MANIFEST/.test(name)) await rm(join(path, name));
    await writeFile(join(path, 'CURRENT'), 'nonsense\n');
    await writeFile(join(path, '000007.ldb'), Buffer.alloc(5000, 7));
    await writeFile(join(path, 'DAMAGED'), '');
    const { store, recovery } = await open();
    expect(recovery).toEqual({ kind: 'repaired' });
    expect(await count(store)).toBe(0);
    expect(await readdir(base, { recursive: true })).toContain(join('store', 'lost', '000007.ldb'));
  });

  test('a hopeless store is set aside, never deleted, and an empty one takes its place', async () => {
    for (const round of [1, 2]) {
      await filled(1000);
      // LevelDB can never put its own file there.
      await rm(join(path, 'CURRENT'));
      await mkdir(join(path, 'CURRENT'));
      await writeFile(join(path, 'DAMAGED'), '');
      const before = (await readdir(path)).filter((name) => name.endsWith('.log') || name.endsWith('.ldb'));
      const { store, recovery } = await open();
      expect(recovery).toEqual({ kind: 'set-aside', movedTo: `${path}.damaged-${round}` });
      expect(await count(store)).toBe(0);
      expect(before.length).toBeGreaterThan(0);
      expect((await readdir(`${path}.damaged-${round}`)).length).toBeGreaterThan(0);
      await close(store);
    }
  });
});
