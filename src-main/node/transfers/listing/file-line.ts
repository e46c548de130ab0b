import type { Priority } from '#shared/model/transfer.ts';
import { cutIntoRuns, mixRuns, type ListedFile } from '../small-files/file-runs.ts';
import type { ListedFiles } from './listed-files.ts';
import type { FileRecord } from '../records.ts';

/** Enough for many runs to choose from, and a megabyte or so. */
const recordsPerRead = 2048;
/** Files that were just listed and not fed yet, kept so that they need not be read back: some four megabytes at most, and only until a list turns out to be longer. */
const listedKept = 10_000;
const byPriority: readonly Priority[] = ['high', 'normal', 'low'];

/**
 * The files of a download that are still to be fetched, one after the other: in the order they were listed, or with runs of
 * small files mixed. Where some have a priority of their own, those with the highest come first: then it goes through the
 * list once for each priority, so that a list of any length takes no memory.
 */
export class FileLine {
  readonly #files: Pick<ListedFiles, 'after'>;
  readonly #random: () => number;
  /** What it goes through the list for; null: for whatever is wanted. */
  #passes: readonly (Priority | null)[] = [null];
  #pass = 0;
  #after: number | null = null;
  #isMixed = false;
  /** Of the part of the list at hand, what comes next last. */
  #runs: ListedFile[][] = [];
  /** What is left of the run that is being taken. */
  #run: ListedFile[] = [];
  #justListed: { readonly first: number; readonly files: readonly FileRecord[] }[] = [];
  #generation = 0;

  constructor(files: Pick<ListedFiles, 'after'>, random: () => number = Math.random) {
    this.#files = files;
    this.#random = random;
  }

  /** Grows with every `restart`: what was taken before may have changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Nothing comes any more. */
  get isAtEnd(): boolean {
    return this.#pass >= this.#passes.length;
  }

  /** From the first file on again. `ranked`: some files have a priority of their own. `mixed`: others fetch the same. */
  restart({ ranked, mixed }: { readonly ranked: boolean; readonly mixed: boolean }): void {
    this.#isMixed = mixed;
    this.#generation++;
    this.#passes = ranked ? byPriority : [null];
    this.#pass = 0;
    this.#after = null;
    this.#runs = [];
    this.#run = [];
    this.#justListed = [];
  }

  /**
   * These have just been written to the store; none of a page with folders only, which must not look like the end of the list. What lies behind others
   * that are read back is read back, too: else it would be kept until all of those are fed.
   */
  listed(first: number, files: readonly FileRecord[]): void {
    const last = this.#justListed.at(-1);
    const follows = first === (last === undefined ? this.#next : last.first + last.files.length);
    if (files.length === 0 || !follows || this.#justListed.reduce((sum, page) => sum + page.files.length, files.length) > listedKept) return;
    this.#justListed.push({ first, files });
  }

  /** The next one; null: there is none now. `isListed`: no more will be listed. */
  async next(isListed: boolean): Promise<ListedFile | null> {
    while (!this.isAtEnd) {
      const next = this.#run.shift();
      if (next !== undefined) {
        if (this.#isWanted(next.file)) return next;
        continue;
      }
      this.#run = this.#runs.pop() ?? [];
      if (this.#run.length > 0) continue;
      const generation = this.#generation;
      const page = this.#takeListed() ?? (await this.#files.after(this.#after, recordsPerRead));
      if (generation !== this.#generation) continue;
      const last = page.at(-1);
      if (last !== undefined) {
        this.#after = last.index;
        const runs = cutIntoRuns(page);
        this.#runs = (this.#isMixed ? mixRuns(runs, this.#random) : runs).toReversed();
        continue;
      }
      // What is listed later has no priority of its own yet: only those who wait for all others wait for the list.
      if (!isListed && this.#passes[this.#pass] !== 'high') return null;
      this.#pass++;
      this.#after = null;
    }
    return null;
  }

  /** The file after the one that `next` gave last, if it is of the same run and accepted; else null, and it stays where it is. */
  takeNext(accepts: (index: number, file: FileRecord) => boolean): ListedFile | null {
    const [next] = this.#run;
    if (next === undefined || !this.#isWanted(next.file) || !accepts(next.index, next.file)) return null;
    this.#run.shift();
    return next;
  }

  #isWanted(file: FileRecord): boolean {
    const wanted = this.#passes[this.#pass] ?? null;
    return file.selected && file.state !== 'done' && (wanted === null || file.priority === wanted);
  }

  /** The number of the file that follows those at hand. */
  get #next(): number {
    return this.#after === null ? 0 : this.#after + 1;
  }

  /** The files that follow, if they have just been listed. */
  #takeListed(): ListedFile[] | null {
    const next = this.#next;
    while ((this.#justListed[0]?.first ?? next) < next) this.#justListed.shift();
    if (this.#justListed[0]?.first !== next) return null;
    return this.#justListed.shift()?.files.map((file, at) => ({ index: next + at, file })) ?? null;
  }
}
