import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { BaseFolders } from '#main/node/transfers/base-folders.ts';

let home: string;
let drive: string;
let folders: BaseFolders;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'base-folders-')));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  drive = join(home, 'drive');
  mkdirSync(drive);
  folders = new BaseFolders();
  folders.note(drive);
});

it('makes nothing beneath the mount point of a volume that is away, also not through a link', async () => {
  symlinkSync(drive, join(home, 'link'));
  expect(await folders.prepare(join(drive, 'films', 'new'))).toBe(drive);
  expect(await folders.prepare(drive)).toBe(drive);
  expect(await folders.prepare(join(home, 'link'))).toBe(drive);
  expect(readdirSync(drive)).toEqual([]);
});

it('makes folders beside it, and in it once the user keeps files there', async () => {
  await folders.prepare(join(home, 'drive of another'));
  writeFileSync(join(drive, 'film'), '');
  expect(await folders.prepare(join(drive, 'new'))).not.toBe(drive);
  expect([readdirSync(home), readdirSync(drive)]).toEqual([['drive', 'drive of another'], ['film', 'new']]);
});

it('says what is wrong with a folder that cannot be made', async () => {
  writeFileSync(join(home, 'file'), '');
  await expect(folders.prepare(join(home, 'file', 'new'))).rejects.toMatchObject({ code: 'not-a-folder' });
});
