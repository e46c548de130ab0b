import { expect, it } from 'vitest';
import { fileVersion, type VersionedStat } from '#main/disk/file-version.ts';

const stat: VersionedStat = { size: 10n, mtimeNs: 1_700_000_000_000_000_001n, ctimeNs: 1_700_000_000_000_000_002n, ino: 99n };

it('is the same for the same state and another for any change', () => {
  expect(fileVersion({ ...stat })).toBe(fileVersion(stat));
  for (const key of ['size', 'mtimeNs', 'ctimeNs', 'ino'] as const) {
    expect(fileVersion({ ...stat, [key]: stat[key] + 1n })).not.toBe(fileVersion(stat));
  }
});
