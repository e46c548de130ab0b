import { statfsSync, type StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { VolumeKind } from '../files.ts';

/** Magic numbers of `statfs` (man 2 statfs). */
const kinds: ReadonlyMap<number, VolumeKind> = new Map([
  [0x01021994, 'memory'], // tmpfs
  [0x858458f6, 'memory'], // ramfs
  [0x4d44, 'loose-inodes'], // FAT
  [0x2011bab0, 'loose-inodes'], // exFAT
  [0xff534d42, 'loose-inodes'], // CIFS
  [0xfe534d42, 'loose-inodes'], // SMB2
  [0x517b, 'loose-inodes'], // SMB
  [0x65735546, 'loose-inodes'], // FUSE: whatever lies behind it
]);

export const volumeKindFrom = ({ type }: Pick<StatsFs, 'type'>): VolumeKind => kinds.get(type) ?? 'other';

/** Kind of the volume that a folder lies on; what cannot be asked counts as `other`, where most is compared. Never rejects. */
export const volumeKindOf = (folder: string): Promise<VolumeKind> => statfs(folder).then(volumeKindFrom, () => 'other');

/** As `volumeKindOf`, for threads that wait for the disk. */
export function volumeKindNow(folder: string): VolumeKind {
  try {
    return volumeKindFrom(statfsSync(folder));
  } catch {
    return 'other';
  }
}
