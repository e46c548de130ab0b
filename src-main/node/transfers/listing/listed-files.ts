import type { TransferId } from '#shared/ids.ts';
import { Bitfield } from '../../../core/bitfield.ts';
import { withPrefix, type Range, type Store, type StoreBatch } from '../../../disk/store/store.ts';
import type { ListedFile } from '../small-files/file-runs.ts';
import { doneTable, fileKey, filesTable, indexOfKey, pagesTable, type FilePage, type FileRecord } from '../records.ts';

/** Rows are few then, and whoever needs one file of a page reads no more than some 40 KB. */
const filesPerPage = 128;
/** Read in one step by whoever goes through all of a list. */
const filesAtOnce = 4 * filesPerPage;
const pageOf = (index: number): number => Math.floor(index / filesPerPage);
const fileIn = (page: FilePage | undefined, index: number): FileRecord | undefined => page?.files[index - page.first];

/**
 * What the store knows of the files of one download, by their numbers in its list. Most are listed, fetched and done, and that is all
 * there is to say of them: so the list is kept in pages, as it came, with a bit for each file that is done. A file of which there
 * is more to say has a record of its own, which counts instead of what was listed. Older versions wrote nothing but such records.
 */
export class ListedFiles {
  readonly #store: Store;
  readonly #id: TransferId;
  /** The last page that was listed, up to the file `end`; null: not by this object. */
  #listed: { readonly end: number; readonly page: FilePage } | null = null;
  /** What `get` read last: who asks for one file asks for those beside it, too. */
  #lastRead: { readonly number: number; readonly page: Promise<FilePage | undefined> } | null = null;

  constructor(store: Store, id: TransferId) {
    this.#store = store;
    this.#id = id;
  }

  /** The list from the file `first` on. */
  async list(first: number, files: readonly FileRecord[]): Promise<void> {
    const batch = this.#store.batch();
    let page = this.#listed?.end === first ? this.#listed.page : await this.#begun(first, batch);
    for (let at = 0; at < files.length;) {
      const number = pageOf(first + at);
      const end = (number + 1) * filesPerPage - first;
      const before = pageOf(page.first) === number ? page : { first: first + at, files: [] };
      page = { first: before.first, files: [...before.files, ...files.slice(at, end)] };
      batch.put(pagesTable, this.#key(number), page);
      at = end;
    }
    await batch.write();
    this.#listed = { end: first + files.length, page };
  }

  /** Nothing more is listed for now: what was kept to go on with is read again if it is needed. */
  listedAll(): void {
    this.#listed = null;
  }

  /** There is more to say of a file than that it is done. */
  put(batch: StoreBatch, index: number, record: FileRecord): void {
    batch.put(filesTable, this.#key(index), record);
  }

  /** Files are done, whatever else is noted of them. The batch is to be written before the next call. */
  async done(batch: StoreBatch, indices: readonly number[]): Promise<void> {
    const numbers = [...new Set(indices.map(pageOf))];
    const before = await this.#store.getMany(doneTable, numbers.map((number) => this.#key(number)));
    const pages = new Map(numbers.map((number, at) => [number, new Bitfield(filesPerPage, before[at])]));
    for (const index of indices) pages.get(pageOf(index))?.add(index % filesPerPage);
    for (const [number, { bytes }] of pages) batch.put(doneTable, this.#key(number), bytes);
  }

  /** What one file is; whether it is done only the others tell. */
  async get(index: number): Promise<FileRecord | undefined> {
    return (await this.#store.get(filesTable, this.#key(index))) ?? fileIn(await this.#read(pageOf(index)), index) ?? fileIn(await this.#readAnew(pageOf(index)), index);
  }

  /** In the order of the numbers; undefined where there is none. */
  async getMany(indices: readonly number[]): Promise<(FileRecord | undefined)[]> {
    const numbers = [...new Set(indices.map(pageOf))];
    const keys = numbers.map((number) => this.#key(number));
    const own = await this.#store.getMany(filesTable, indices.map((index) => this.#key(index)));
    const [pages, done] = [await this.#store.getMany(pagesTable, keys), await this.#store.getMany(doneTable, keys)];
    const places = new Map(numbers.map((number, at) => [number, at]));
    return indices.map((index, at) => {
      const place = places.get(pageOf(index)) ?? 0;
      return withState(own[at] ?? fileIn(pages[place], index), index, done[place]);
    });
  }

  /** Those after a number (null: from the first on), in order; fewer than the limit at the end and where the store is damaged, none only at the end. */
  async after(index: number | null, limit: number): Promise<ListedFile[]> {
    for (let from: number | null = index === null ? 0 : index + 1; from !== null; from = await this.#firstFrom(from + limit)) {
      const files = await this.#between(from, from + limit);
      if (files.length > 0) return files;
    }
    return [];
  }

  /** All of them, in order. */
  async *all(): AsyncGenerator<ListedFile, void, undefined> {
    for (let last: number | null = null; ;) {
      const files = await this.after(last, filesAtOnce);
      if (files.length === 0) return;
      yield* files;
      last = files.at(-1)?.index ?? last;
    }
  }

  /** All of it is forgotten when `batch` is written. */
  async forgetIn(batch: StoreBatch): Promise<void> {
    for (const table of [filesTable, pagesTable, doneTable]) {
      for await (const keys of this.#store.keyBatches(table, this.#from(0))) for (const key of keys) batch.delete(table, key);
    }
  }

  /** The page that goes on with the file `first`. What the store has from there was listed before a crash, and before the download's record knew of it: it goes. */
  async #begun(first: number, batch: StoreBatch): Promise<FilePage> {
    for (const key of await this.#store.keys(filesTable, this.#from(first))) batch.delete(filesTable, key);
    for (const key of await this.#store.keys(pagesTable, this.#from(pageOf(first)))) batch.delete(pagesTable, key);
    const before = await this.#store.get(pagesTable, this.#key(pageOf(first)));
    if (before === undefined || before.first >= first) return { first, files: [] };
    const page = { first: before.first, files: before.files.slice(0, first - before.first) };
    batch.put(pagesTable, this.#key(pageOf(first)), page);
    return page;
  }

  async #between(from: number, before: number): Promise<ListedFile[]> {
    const ofPages = { from: this.#key(pageOf(from)), before: this.#key(pageOf(before - 1) + 1) };
    const pages = new Map(await this.#store.rows(pagesTable, ofPages));
    const done = new Map(await this.#store.rows(doneTable, ofPages));
    const own = new Map(await this.#store.rows(filesTable, { from: this.#key(from), before: this.#key(before) }));
    const files: ListedFile[] = [];
    for (let index = from; index < before; index++) {
      const key = this.#key(pageOf(index));
      const file = withState(own.get(this.#key(index)) ?? fileIn(pages.get(key), index), index, done.get(key));
      if (file !== undefined) files.push({ index, file });
    }
    return files;
  }

  /** Where the store goes on; null: it does not. */
  async #firstFrom(index: number): Promise<number | null> {
    const [own] = await this.#store.keys(filesTable, { ...this.#from(index), limit: 1 });
    const [page] = await this.#store.keys(pagesTable, { ...this.#from(pageOf(index)), limit: 1 });
    const starts = [...(own === undefined ? [] : [indexOfKey(own)]), ...(page === undefined ? [] : [Math.max(index, indexOfKey(page) * filesPerPage)])];
    return starts.length === 0 ? null : Math.min(...starts);
  }

  #read(number: number): Promise<FilePage | undefined> {
    return this.#lastRead?.number === number ? this.#lastRead.page : this.#readAnew(number);
  }

  /** The last page of a list grows. */
  #readAnew(number: number): Promise<FilePage | undefined> {
    const page = this.#store.get(pagesTable, this.#key(number));
    this.#lastRead = { number, page };
    return page;
  }

  #key(number: number): string {
    return fileKey(this.#id, number);
  }

  #from(number: number): Range {
    return { ...withPrefix(`${this.#id}/`), from: this.#key(number) };
  }
}

function withState(record: FileRecord | undefined, index: number, done: Uint8Array | undefined): FileRecord | undefined {
  if (record === undefined || done === undefined || !new Bitfield(filesPerPage, done).has(index % filesPerPage)) return record;
  return { ...record, partialBytes: 0, state: 'done' };
}
