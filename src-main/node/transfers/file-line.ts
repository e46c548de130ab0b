import type { TransferId } from '#shared/ids.ts';
import type { Priority } from '#shared/model/transfer.ts';
import type { Row, Store } from '../../disk/store.ts';
import { fileKey, fileRange, filesTable, indexOfKey, type FileRecord } from './records.ts';

const recordsPerRead = 256;
/** Files that were just listed and not fed yet, kept so that they need not be read back: some four megabytes at most. */
const listedKept = 10_000;
const byPriority: readonly Priority[] = ['high', 'normal', 'low'];

/**
 * The files of a download that are still to be fetched, one after the other: in the order they were listed, and where some
 * have a priority of their own, those with the highest first. Then it goes through the list once for each priority, so that
 * a list of any length takes no memory.
 */
export class FileLine {
  readonly #store: Store;
  readonly #id: TransferId;
  /** What it goes through the list for; null: for whatever is wanted. */
  #passes: readonly (Priority | null)[] = [null];
  #pass = 0;
  #after: string | null = null;
  #page: Row<FileRecord>[] = [];
  #justListed: { readonly first: number; readonly files: readonly FileRecord[] }[] = [];
  #generation = 0;

  constructor(store: Store, id: TransferId) {
    this.#store = store;
    this.#id = id;
  }

  /** Grows with every `restart`: what was taken before may have changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Nothing comes any more. */
  get isAtEnd(): boolean {
    return this.#pass >= this.#passes.length;
  }

  /** From the first file on again. `ranked`: some files have a priority of their own. */
  restart(ranked: boolean): void {
    this.#generation++;
    this.#passes = ranked ? byPriority : [null];
    this.#pass = 0;
    this.#after = null;
    this.#page = [];
    this.#justListed = [];
  }

  /** These have just been written to the store. */
  listed(first: number, files: readonly FileRecord[]): void {
    if (this.#justListed.reduce((sum, page) => sum + page.files.length, files.length) <= listedKept) this.#justListed.push({ first, files });
  }

  /** The next one; null: there is none now. `isListed`: no more will be listed. */
  async next(isListed: boolean): Promise<{ readonly index: number; readonly file: FileRecord } | null> {
    while (!this.isAtEnd) {
      const row = this.#page.shift();
      if (row !== undefined) {
        const [key, file] = row;
        this.#after = key;
        if (this.#isWanted(file)) return { index: indexOfKey(key), file };
        continue;
      }
      const generation = this.#generation;
      const page = this.#takeListed() ?? (await this.#store.rows(filesTable, { ...fileRange(this.#id), ...(this.#after === null ? {} : { after: this.#after }), limit: recordsPerRead }));
      if (generation !== this.#generation) continue;
      this.#page = page;
      if (page.length > 0) continue;
      // What is listed later has no priority of its own yet: only those who wait for all others wait for the list.
      if (!isListed && this.#passes[this.#pass] !== 'high') return null;
      this.#pass++;
      this.#after = null;
    }
    return null;
  }

  /** The file after the one that `next` gave last, if it is at hand and accepted; else null, and it stays where it is. */
  takeNext(accepts: (index: number, file: FileRecord) => boolean): { readonly index: number; readonly file: FileRecord } | null {
    const [row] = this.#page;
    if (row === undefined) return null;
    const [key, file] = row;
    const index = indexOfKey(key);
    if (!this.#isWanted(file) || !accepts(index, file)) return null;
    this.#page.shift();
    this.#after = key;
    return { index, file };
  }

  #isWanted(file: FileRecord): boolean {
    const wanted = this.#passes[this.#pass] ?? null;
    return file.selected && file.state !== 'done' && (wanted === null || file.priority === wanted);
  }

  /** The files that follow, if they have just been listed. */
  #takeListed(): Row<FileRecord>[] | null {
    const next = this.#after === null ? 0 : indexOfKey(this.#after) + 1;
    while ((this.#justListed[0]?.first ?? next) < next) this.#justListed.shift();
    if (this.#justListed[0]?.first !== next) return null;
    return this.#justListed.shift()?.files.map((file, at) => [fileKey(this.#id, next + at), file] as const) ?? null;
  }
}
