import type { VolumeKind } from './files.ts';

/** The part of a bigint `fs.Stats` that tells one state of a file from another. */
export interface VersionedStat {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
}

/** Begins what stands in the place of the number; no digit of it. */
const looseMark = '~';

/**
 * A text that changes whenever a file was replaced or written to. The change time is part of it because programs set
 * modification times back (rsync -t, tar); Windows has one too. Volumes without inodes report 0 there. Where a file has another number after each
 * mount, the time when it was made stands in its place, which is 0 where nobody keeps it. `kind`: of the volume that the file's folder lies on.
 */
export function fileVersion(stat: VersionedStat, kind: VolumeKind): string {
  return versionText(stat, kind === 'loose-inodes');
}

/** Whether a file, of which this is the `stat`, still has a version: by what that was made of, wherever it lies now. */
export const isVersion = (version: string, stat: VersionedStat): boolean => version === versionText(stat, version.includes(looseMark));

function versionText({ size, mtimeNs, ctimeNs, ino, birthtimeNs }: VersionedStat, isLoose: boolean): string {
  const identity = isLoose ? looseMark + birthtimeNs.toString(36) : ino.toString(36);
  return `${size}-${mtimeNs.toString(36)}-${identity}-${ctimeNs.toString(36)}`;
}
