/** The part of a bigint `fs.Stats` that tells one state of a file from another. */
export interface VersionedStat {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
}

/**
 * A text that changes whenever a file was replaced or written to. The change time is part of it because programs set
 * modification times back (rsync -t, tar); Windows has one too. Volumes without inodes report 0 there.
 */
export function fileVersion(stat: VersionedStat): string {
  return `${stat.size}-${stat.mtimeNs.toString(36)}-${stat.ino.toString(36)}-${stat.ctimeNs.toString(36)}`;
}
