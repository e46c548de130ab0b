import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isMountAway, mountPointOf } from '#main/disk/volume/mount-point.ts';
import { tempFolder } from '../temp-folder.ts';

it('what was a mount point is away while no file lies there, and in use when one does', () => {
  const mountPoint = join(tempFolder(), 'drive');
  expect(isMountAway(mountPoint)).toBe(true);
  mkdirSync(join(mountPoint, 'films', 'new'), { recursive: true });
  expect(isMountAway(mountPoint)).toBe(true);
  // While we try out what lies beneath, or after a kill.
  writeFileSync(join(mountPoint, '.distrishare-probe-00ff'), '');
  expect(isMountAway(mountPoint)).toBe(true);
  writeFileSync(join(mountPoint, 'films', 'film'), '');
  expect(isMountAway(mountPoint)).toBe(false);
  renameSync(join(mountPoint, 'films', 'film'), join(mountPoint, 'film'));
  expect(isMountAway(mountPoint)).toBe(false);
  rmSync(join(mountPoint, 'film'));
  symlinkSync('nowhere', join(mountPoint, 'link'));
  expect(isMountAway(mountPoint)).toBe(false);
});

const hasOther = process.platform === 'linux' && statSync('/dev').dev !== statSync('/').dev;

it.skipIf(!hasOther)('a volume begins at its mount point, also seen through a link', async () => {
  const folder = tempFolder();
  symlinkSync('/dev', join(folder, 'link'));
  expect(await mountPointOf(join(folder, 'link'))).toBe('/dev');
  expect(isMountAway('/dev')).toBe(false);
  expect(await mountPointOf('/')).toBeNull();
  await expect(mountPointOf(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
});
