import type { ErrorInfo } from '#shared/errors.ts';
import type { Bytes } from '#shared/units.ts';
import type { StoreBatch } from '../../../disk/store/store.ts';
import type { DownloadFile } from '../file/download-file.ts';
import type { FileStop } from '../file/file-stop.ts';
import type { ListedFiles } from '../listing/listed-files.ts';
import type { FileRecord, ProvenPieces } from '../records.ts';

/** One file from the moment it is taken from the line until it is finished, or nobody wants it any more. */
export interface FileTask {
  readonly index: number;
  record: FileRecord;
  /** Why it waits to be tried again. */
  waitsFor: ErrorInfo | null;
  readonly stop: FileStop;
  ended: Promise<void>;
}

/** A wanted file that is neither finished nor untouched since the start: what its record does not say yet. */
interface Begun {
  readonly record: FileRecord;
  /** Verified. */
  readonly bytes: Bytes;
  readonly proven: ProvenPieces | undefined;
}

const isMoved = ({ record, bytes, proven }: Begun): boolean => bytes !== record.partialBytes || (proven !== undefined && proven.pieces !== record.proven?.pieces);
const recordOf = ({ record, bytes, proven }: Begun): FileRecord => ({ ...record, partialBytes: bytes, ...(proven === undefined ? {} : { proven }) });

/** How much is verified of those files of one download that are begun and not finished, until their records say so too. */
export class BegunFiles {
  /** Being fetched now. */
  readonly open = new Map<number, DownloadFile>();
  /** Closed and wanted: they wait to be tried again, or a stop has closed them. */
  readonly #left = new Map<number, Begun>();
  readonly #tasks: ReadonlyMap<number, FileTask>;
  readonly #listed: ListedFiles;

  constructor(tasks: ReadonlyMap<number, FileTask>, listed: ListedFiles) {
    this.#tasks = tasks;
    this.#listed = listed;
  }

  /** Null: only its record knows. */
  verifiedBytesOf(index: number): Bytes | null {
    return this.open.get(index)?.verifiedBytes ?? this.#left.get(index)?.bytes ?? null;
  }

  /** Verified bytes that the records do not count; below 0 when some were lost. */
  get newBytes(): Bytes {
    let more = 0;
    for (const { record, bytes } of this.#all()) more += bytes - record.partialBytes;
    return more;
  }

  /** What is known of a file that is about to be opened. */
  known({ index, record }: FileTask): FileRecord {
    const left = this.#left.get(index);
    return left === undefined ? record : recordOf({ ...left, record });
  }

  opened({ index }: FileTask, file: DownloadFile): void {
    this.#left.delete(index);
    this.open.set(index, file);
  }

  /** It lies under its name. */
  ended({ index }: FileTask): void {
    this.open.delete(index);
  }

  /** It was closed before it was finished, with so much verified. */
  closed({ index, record }: FileTask, bytes: Bytes, proven: ProvenPieces | undefined): void {
    this.open.delete(index);
    const begun = { record, bytes, proven };
    if (isMoved(begun)) this.#left.set(index, begun);
  }

  /** The origin has another version of it: what was verified is worth nothing. */
  outdated({ index, record }: FileTask): void {
    this.#left.set(index, { record, bytes: 0, proven: undefined });
  }

  /** The user wants it in another way, or not any more. Returns what the store is to keep of it. */
  changed(index: number, record: FileRecord): FileRecord {
    const left = this.#left.get(index);
    if (!record.selected) this.#left.delete(index);
    else if (left !== undefined) this.#left.set(index, { ...left, record });
    return record.selected || left === undefined ? record : recordOf({ ...left, record });
  }

  /** Their records say from now on how far they are. Returns by how many bytes these have moved. */
  keep(batch: StoreBatch): Bytes {
    let more = 0;
    for (const begun of [...this.#all()].filter(isMoved)) {
      const { index, bytes, proven } = begun;
      const record = recordOf(begun);
      more += bytes - begun.record.partialBytes;
      const task = this.#tasks.get(index);
      if (task !== undefined) task.record = record;
      if (this.#left.has(index)) this.#left.set(index, { record, bytes, proven });
      this.#listed.put(batch, index, record);
    }
    return more;
  }

  /** Their records say it all. */
  forget(): void {
    this.#left.clear();
  }

  *#all(): IterableIterator<Begun & { readonly index: number }> {
    for (const [index, left] of this.#left) yield { index, ...left };
    for (const [index, { verifiedBytes, proven }] of this.open) {
      const record = this.#tasks.get(index)?.record;
      if (record?.selected === true) yield { index, record, bytes: verifiedBytes, proven };
    }
  }
}
