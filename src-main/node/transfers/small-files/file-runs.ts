import { limits } from '#shared/limits.ts';
import { KiB } from '#shared/units.ts';
import type { FileRecord } from '../records.ts';

/** A run of small files ends by chance once in so many bytes, each file with what it costs besides them. */
const runBytes = 512 * KiB;
const costOfAFile = 1 * KiB;
/** Shorter ones do not end: what they spare is little. */
const shortestBytes = 128 * KiB;
/** Longer ones are no faster, and what has come shows later. */
const longestBytes = 256 * KiB;

/** One file of the list, with its number in it. */
export interface ListedFile<File = FileRecord> {
  readonly index: number;
  readonly file: File;
}
type Measured = Pick<FileRecord, 'bytes' | 'contentId'>;

export const isSmall = ({ bytes }: Pick<FileRecord, 'bytes'>): boolean => bytes > 0 && bytes < limits.transfer.batchedBelowBytes;

/** Whether a run ends with this file. Its content says so: then everybody who has the same list cuts it at the same places, wherever he begins. */
const endsRun = ({ bytes, contentId }: Measured): boolean => Number.parseInt(contentId?.slice(0, 8) ?? '0', 16) / 2 ** 32 < (bytes + costOfAFile) / runBytes;

/** The list in runs of small files that can be fetched together; every other file is a run of its own. */
export function cutIntoRuns<File extends Measured>(list: readonly ListedFile<File>[]): ListedFile<File>[][] {
  const runs: ListedFile<File>[][] = [];
  let run: ListedFile<File>[] = [];
  let bytes = 0;
  const end = (): void => {
    if (run.length > 0) runs.push(run);
    run = [];
    bytes = 0;
  };
  for (const listed of list) {
    const { file } = listed;
    const goesAlone = file.contentId === null || !isSmall(file);
    if (goesAlone || bytes + file.bytes > longestBytes || run.length >= limits.link.filesPerBatch) end();
    run.push(listed);
    bytes += file.bytes;
    if (goesAlone || (bytes >= shortestBytes && endsRun(file))) end();
  }
  end();
  return runs;
}

/**
 * Runs of several files change places at random; all others stay where they are. Who fetches the same list at the same time
 * then has other files than we, and we get them from each other.
 */
export function mixRuns<File>(runs: readonly File[][], random: () => number): File[][] {
  const mixed = [...runs];
  const movable = runs.flatMap((run, at) => (run.length > 1 ? [at] : []));
  for (let left = movable.length; left > 1; left--) {
    const [a, b] = [movable[left - 1], movable[Math.floor(random() * left)]];
    const [one, other] = [mixed[a ?? 0], mixed[b ?? 0]];
    if (a === undefined || b === undefined || one === undefined || other === undefined) continue;
    mixed[a] = other;
    mixed[b] = one;
  }
  return mixed;
}
