import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesTable } from '#main/disk/store/store.ts';
import { device, everyone, libraryFixture, self, shareAll, until, withoutEnd } from './library-fixture.ts';

const { at, disk, start } = libraryFixture();
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, number) => [`s/${number % 17}/file ${number}`, `content ${number}`]));

describe('a restart', () => {
  test('rehashes nothing that is unchanged, and what changed meanwhile', async () => {
    await disk({ ...many(300), 's/large': new Uint8Array(2_000_000).fill(3) });
    const first = await start();
    const before = await shareAll(first.library, at('s'));
    expect(first.hasher.read).toHaveLength(301);
    await first.stop();
    const second = await start();
    await second.library.settled();
    expect(await second.library.shares()).toMatchObject([{ id: before.id, state: 'ready', contentId: before.contentId, hashedFiles: 301, hashedBytes: before.hashedBytes }]);
    expect(second.hasher.read).toEqual([]);
    await second.stop();
    await writeFile(at('s/3/file 3'), 'something else');
    await disk({ 's/3/new': 'new' });
    await rm(at('s/5'), { recursive: true });
    const third = await start();
    const after = await until(third.library, async () => (await third.library.shares()).find((share) => share.state === 'ready' && share.contentId !== before.contentId));
    expect(third.hasher.read.sort()).toEqual([at('s/3/file 3'), at('s/3/new')]);
    expect(after.files).toBe(after.hashedFiles);
    expect(after.hashedBytes).toBe(after.bytes);
  });

  test('in the middle of hashing goes on where it was', async () => {
    await disk(many(400));
    const first = await start();
    const { id } = await first.library.add(at('s'), everyone);
    await until(first.library, async () => ((await first.library.shares())[0]?.hashedFiles ?? 0) > 100);
    await first.stop();
    const second = await start();
    const ready = await second.library.whenHashed(id, withoutEnd());
    expect(ready).toMatchObject({ files: 400, hashedFiles: 400 });
    // At most the batches under way are read twice.
    expect(first.hasher.read.length + second.hasher.read.length).toBeLessThanOrEqual(400 + 2 * 128);
  });

  test('keeps a pause', async () => {
    await disk(many(20));
    const first = await start();
    const share = await first.library.add(at('s'), everyone);
    await first.library.pauseHashing(share.id, true);
    await first.library.settled();
    await first.stop();
    await disk({ 's/x': 'x' });
    const second = await start();
    const paused = await until(second.library, async () => (await second.library.shares()).find((one) => one.state === 'paused' && one.files === 21));
    expect(paused.contentId).toBeNull();
    expect(second.hasher.read).toEqual([]);
    const { file } = await second.library.stat(self, 's/x');
    second.library.hashSoon(file ?? expect.fail('no file'));
    await until(second.library, async () => (await second.library.stat(self, 's/x')).entry.contentId !== null);
    await second.library.pauseHashing(share.id, false);
    await second.library.whenHashed(share.id, withoutEnd());
  });
});

describe('damage', () => {
  const beyondRepair = async (): Promise<void> => {
    await rm(at('data/store/CURRENT'));
    await mkdir(at('data/store/CURRENT'));
    await writeFile(at('data/store/DAMAGED'), '');
  };

  test('a repaired store gives the same listing again, with the hashes that are left', async () => {
    await disk({ ...many(200), 's/large': new Uint8Array(1_500_000) });
    const first = await start();
    const before = await shareAll(first.library, at('s'));
    await first.stop();
    for (const name of await readdir(at('data/store'))) if (name.startsWith('MANIFEST')) await writeFile(join(at('data/store'), name), 'garbage');
    const second = await start();
    const ready = await until(second.library, async () => (await second.library.shares()).find((share) => share.state === 'ready'));
    expect(ready).toMatchObject({ id: before.id, contentId: before.contentId, files: 201, hashedFiles: 201, bytes: before.bytes });
    expect(second.hasher.read).toEqual([]);
    const large = (await second.library.stat(device(), 's/large')).entry.contentId ?? expect.fail('no id');
    expect((await second.library.pieceLayer(device(), large))?.length).toBe(64);
  });

  test('with a store beyond repair the shares are still known, with their audience', async () => {
    await disk({ 's/a': 'a' });
    const first = await start();
    const before = await shareAll(first.library, at('s'), { kind: 'devices', devices: [] }, 'mine');
    await first.stop();
    await beyondRepair();
    const second = await start();
    const after = await second.library.whenHashed(before.id, withoutEnd());
    expect(after).toEqual({ ...before, etaSeconds: null });
    expect((await second.library.browse(device('seen'), '', undefined, 10)).total).toBe(0);
  });

  test('with a store beyond repair a share is for nobody for whom it was no more, though a kill came between the store and the list beside it', async () => {
    await disk({ 's/a': 'a' });
    const first = await start();
    const share = await shareAll(first.library, at('s'));
    const list = await readFile(at('data/shares.json'));
    await first.library.update(share.id, { audience: { kind: 'nobody' } });
    await first.stop();
    await writeFile(at('data/shares.json'), list);
    await (await start()).stop();
    await beyondRepair();
    const last = await start();
    expect(await last.library.shares()).toMatchObject([{ id: share.id, audience: { kind: 'nobody' } }]);
  });

  test('a record that cannot be read makes the listing anew', async () => {
    await disk({ 's/a': 'a', 's/b': 'b', 's/c/d': 'd' });
    const { library, store, errors } = await start();
    const before = await shareAll(library, at('s'));
    const [key = ''] = (await store.keys(bytesTable('entry'))).filter((one) => one.endsWith('\0b'));
    await store.put(bytesTable('entry'), key, new TextEncoder().encode('{"kind":"elephant"}'));
    await library.browse(self, 's', undefined, 10);
    const ready = await until(library, async () => (await library.shares()).find((share) => share.state === 'ready' && share.files === 3));
    expect(ready).toMatchObject({ contentId: before.contentId, hashedFiles: 3, bytes: 3, folders: 1 });
    expect(errors).toMatchObject([{ code: 'store-damaged' }]);
    expect((await library.browse(self, 's', undefined, 10)).total).toBe(3);
  });
});

test('hashes learned on the way count when the file is still the same', async () => {
  await disk({ 's/f': 'hello' });
  const { library, hasher } = await start();
  const share = await library.add(at('s'), everyone);
  await library.pauseHashing(share.id, true);
  await library.settled();
  const file = (await library.stat(self, 's/f')).file ?? expect.fail('no file');
  const root = new Uint8Array(32).fill(9);
  const id = Buffer.from(root).toString('hex');
  const { contentIdOf } = await import('#shared/ids.ts');
  await library.learned({ ...file, version: 'older' }, contentIdOf(root), root);
  expect((await library.stat(self, 's/f')).entry.contentId).toBeNull();
  await library.learned(file, contentIdOf(root), root);
  expect((await library.stat(self, 's/f')).entry.contentId).toBe(id);
  expect(await library.whenHashed(share.id, withoutEnd())).toMatchObject({ hashedFiles: 1 });
  expect(hasher.read).toEqual([]);
});
