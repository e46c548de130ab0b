import { expect, it } from 'vitest';
import { fileVersion, isVersion, type VersionedStat } from '#main/disk/file-version.ts';

const stat: VersionedStat = { size: 10n, mtimeNs: 1_700_000_000_000_000_001n, ctimeNs: 1_700_000_000_000_000_002n, ino: 99n, birthtimeNs: 1_600_000_000_000_000_003n };

it('is the same for the same state and another for any change', () => {
  expect(fileVersion({ ...stat }, 'other')).toBe(fileVersion(stat, 'other'));
  for (const key of ['size', 'mtimeNs', 'ctimeNs', 'ino'] as const) {
    expect(fileVersion({ ...stat, [key]: stat[key] + 1n }, 'other')).not.toBe(fileVersion(stat, 'other'));
  }
});

it('is what older versions noted, so that nothing is hashed again, wherever numbers of files stay', () => {
  expect(fileVersion(stat, 'other')).toBe('10-cwyvpelgpse9-2r-cwyvpelgpsea');
  expect(fileVersion(stat, 'memory')).toBe(fileVersion(stat, 'other'));
});

it('leaves the number out where it is another one after each mount, but not whether it is a new file', () => {
  const version = fileVersion(stat, 'loose-inodes');
  expect(fileVersion({ ...stat, ino: 7n }, 'loose-inodes')).toBe(version);
  for (const key of ['size', 'mtimeNs', 'ctimeNs', 'birthtimeNs'] as const) {
    expect(fileVersion({ ...stat, [key]: stat[key] + 1n }, 'loose-inodes')).not.toBe(version);
  }
});

it('on one kind of volume is never that on the other, whatever number or birthday a file has', () => {
  for (const ino of [0n, stat.birthtimeNs]) {
    for (const birthtimeNs of [0n, stat.birthtimeNs]) {
      const either = { ...stat, ino, birthtimeNs };
      expect(fileVersion(either, 'loose-inodes')).not.toBe(fileVersion(either, 'other'));
    }
  }
});

it('of an opened file is compared as the version says, without a look at the volume', () => {
  for (const kind of ['other', 'loose-inodes'] as const) {
    const version = fileVersion(stat, kind);
    expect(isVersion(version, stat)).toBe(true);
    expect(isVersion(version, { ...stat, ino: 7n })).toBe(kind === 'loose-inodes');
    expect(isVersion(version, { ...stat, birthtimeNs: 7n })).toBe(kind === 'other');
    expect(isVersion(version, { ...stat, mtimeNs: 7n })).toBe(false);
  }
});
