import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { BaseFolders } from '#main/node/transfers/base-folders.ts';

let home: string;
let drive: string;
let store: Store;
let folders: BaseFolders;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'base-folders-')));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  drive = join(home, 'drive');
  mkdirSync(drive);
  ({ store } = await openStore(join(home, 'store')));
  onTestFinished(() => store.close());
  folders = new BaseFolders(store);
  await folders.note(drive);
});

it('makes nothing beneath the mount point of a volume that is away, also not through a link', async () => {
  symlinkSync(drive, join(home, 'link'));
  expect(await folders.prepare(join(drive, 'films', 'new'))).toBe(drive);
  expect(await folders.prepare(drive)).toBe(drive);
  expect(await folders.prepare(join(home, 'link'))).toBe(drive);
  expect(await folders.prepare(join(home, 'link', 'films', 'new'))).toBe(drive);
  expect(readdirSync(drive)).toEqual([]);
});

it('says so where somebody is told that the folder is there', async () => {
  await expect(folders.make(join(drive, 'films'))).rejects.toMatchObject({ code: 'folder-gone', params: { path: join(drive, 'films') } });
  await folders.make(join(home, 'films'));
  expect([readdirSync(home), readdirSync(drive)]).toEqual([['drive', 'films', 'store'], []]);
});

it('knows after a restart where volumes began, also when no download is left that went there', async () => {
  expect(await new BaseFolders(store).prepare(join(drive, 'new'))).toBe(drive);
  expect(readdirSync(drive)).toEqual([]);
});

it('takes the place for a folder like others once the user kept files there, also when these are gone', async () => {
  writeFileSync(join(drive, 'film'), '');
  await folders.prepare(join(drive, 'new'));
  rmSync(join(drive, 'film'));
  for (const any of [folders, new BaseFolders(store)]) expect(await any.prepare(join(drive, 'other'))).not.toBe(drive);
  expect(readdirSync(drive)).toEqual(['new', 'other']);
});

it('makes folders beside it, and in it once the user keeps files there', async () => {
  await folders.prepare(join(home, 'drive of another'));
  writeFileSync(join(drive, 'film'), '');
  expect(await folders.prepare(join(drive, 'new'))).not.toBe(drive);
  expect([readdirSync(home), readdirSync(drive)]).toEqual([['drive', 'drive of another', 'store'], ['film', 'new']]);
});

it('says what is wrong with a folder that cannot be made', async () => {
  writeFileSync(join(home, 'file'), '');
  await expect(folders.prepare(join(home, 'file', 'new'))).rejects.toMatchObject({ code: 'not-a-folder' });
});
