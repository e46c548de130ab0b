import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ShareBackup } from '#main/node/library/share-backup.ts';
import type { ShareRecord } from '#main/node/library/tables.ts';
import { shareIdSchema } from '#shared/model/ids.ts';

const share = (name: string): ShareRecord => ({
  id: shareIdSchema.parse('0123456789abcdef0123456789abcdef'), name, path: `/${name}`, kind: 'folder', audience: { kind: 'nobody' }, paused: false, hashedFiles: 0, hashedBytes: 0, problems: 0, addedAt: 1, disk: '1',
});

async function backup(): Promise<{ list: ShareBackup; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'shares-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { list: new ShareBackup(join(folder, 'shares.json')), folder };
}

test('of two lists that are written at the same time the last one stays', async () => {
  const { list } = await backup();
  const long = list.write(Array.from({ length: 10_000 }, () => share('before')));
  await Promise.all([long, list.write([share('now')])]);
  expect(await list.read()).toEqual([share('now')]);
});

test('a device that shares nothing has no list', async () => {
  const { list, folder } = await backup();
  await list.write([]);
  expect(await readdir(folder)).toEqual([]);
  await list.write([share('a')]);
  await list.write([]);
  expect(await list.read()).toEqual([]);
});
