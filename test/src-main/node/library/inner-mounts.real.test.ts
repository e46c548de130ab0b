import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InnerMounts } from '#main/node/library/inner-mounts.ts';

// What is seen of real drives is in test/e2e/drive-in-a-share.test.ts.
let root: string;
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'mounts-')); });
afterEach(() => rm(root, { recursive: true }));
function mountsOf(known: readonly string[]): { mounts: InnerMounts; saved: string[][]; moved: () => number } {
  const saved: string[][] = [];
  let moved = 0;
  const mounts = new InnerMounts(known, { root, save: (all) => { saved.push(all); return Promise.resolve(); }, moved: () => { moved++; } });
  return { mounts, saved, moved: () => moved };
}

test.skipIf(process.platform !== 'linux')('a part of a volume with a device number of its own, as btrfs has them, is a folder like others', async () => {
  await mkdir(join(root, 'part'));
  const { mounts, saved } = mountsOf([]);
  expect(await mounts.seen('part', true)).toBe(true);
  await rmdir(join(root, 'part'));
  expect([mounts.isAway('part/file'), saved]).toEqual([false, []]);
});

test('a place where a drive was is away while it is empty or gone, and is a folder like others once a file lies there', async () => {
  const { mounts, saved, moved } = mountsOf(['in/drive']);
  await mkdir(join(root, 'in', 'drive'), { recursive: true });
  expect([await mounts.seen('in/drive', false), mounts.away, moved()]).toEqual([false, ['in/drive'], 1]);
  await rmdir(join(root, 'in', 'drive'));
  expect([mounts.isAway('in/drive/films/film'), mounts.isAway('in/drives'), mounts.hasOneBack(), moved()]).toEqual([true, false, false, 1]);
  await mkdir(join(root, 'in', 'drive'));
  await mkdir(join(root, 'in', 'drive', 'empty'));
  expect(mounts.isAway('in/drive')).toBe(true);
  await writeFile(join(root, 'in', 'drive', 'file'), '');
  expect([mounts.hasOneBack(), mounts.away, moved()]).toEqual([true, [], 2]);
  expect([await mounts.seen('in/drive', false), saved]).toEqual([true, [[]]]);
});

test('what was mounted in a folder that is gone is gone with it', async () => {
  const { mounts } = mountsOf(['in/drive']);
  expect(mounts.isAway('in/drive/film')).toBe(false);
  await mkdir(join(root, 'in'));
  expect(mounts.isAway('in/drive/film')).toBe(true);
});
