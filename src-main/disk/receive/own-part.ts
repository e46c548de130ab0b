import type { Journal } from '#main/core/progress/journal.ts';
import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import type { Files, FileState, Folder } from '../files.ts';
import type { PartNames } from './part-names.ts';

/** A part file under its name, and the journal beside it. */
interface Pair {
  readonly files: Files;
  readonly folder: Folder;
  readonly names: Pick<PartNames, 'progress'>;
  readonly volume: VolumeAbilities;
  readonly part: FileState;
}

/**
 * Whether the part file was made after its journal: ours never is. Numbers of files are used again as soon as they are free, so one that another
 * program made in the place of ours may well have its number.
 */
export function isYounger({ files, folder, names, part }: Pick<Pair, 'files' | 'folder' | 'names' | 'part'>): boolean {
  const journal = files.lookup(folder, names.progress);
  return journal !== null && journal.bornNs > 0n && part.bornNs > journal.bornNs;
}

/** Whether the journal speaks of this very part file, whatever became of its content. Where the numbers of files change, only when it was made and its length tell. */
export function isOwnPart(journal: Journal, pair: Pair): boolean {
  const { volume, part } = pair;
  // Ours is never longer than what is fetched.
  if (!volume.stableInodes) return part.bytes <= journal.header.bytes && !isYounger(pair);
  return BigInt.asUintN(64, part.inode) === journal.header.inode && BigInt.asUintN(64, part.device) === journal.header.device && !isYounger(pair);
}
