import { relative, sep } from 'node:path';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import { second, type Bytes, type Timestamp } from '#shared/units.ts';
import type { DownloadContext } from './download-context.ts';
import type { FetchedFor } from '../passing-on/fetched-small-files.ts';
import { isSmall } from '../small-files/file-runs.ts';
import type { ListedFiles } from '../listing/listed-files.ts';
import { downloadsTable, type DownloadRecord, type FileRecord } from '../records.ts';

const saveEveryMs = 1 * second;
const saveEveryFiles = 1000;

/** The download they belong to. */
export interface FinishedFor extends FetchedFor {
  record: DownloadRecord;
}

/** Files of one download that lie under their names, until the store says so too. */
export class FinishedFiles {
  readonly #context: Pick<DownloadContext, 'fetchedSmall' | 'received' | 'receiver' | 'store' | 'now'>;
  readonly #owner: FinishedFor;
  readonly #listed: ListedFiles;
  #files: { readonly index: number; readonly record: FileRecord; readonly contentId: ContentId | null; readonly path: string }[] = [];
  #savedAt: Timestamp = 0;
  /** For whom the small files are, asked when there is the first one. */
  #audience: Promise<unknown> | null = null;

  constructor(context: Pick<DownloadContext, 'fetchedSmall' | 'received' | 'receiver' | 'store' | 'now'>, owner: FinishedFor, listed: ListedFiles) {
    this.#context = context;
    this.#owner = owner;
    this.#listed = listed;
  }

  get count(): number {
    return this.#files.length;
  }

  /** Their bytes without those that the download's record counts already. */
  get newBytes(): Bytes {
    return this.#files.reduce((sum, { record }) => sum + record.bytes - record.partialBytes, 0);
  }

  get indices(): number[] {
    return this.#files.map(({ index }) => index);
  }

  /** There are many, or it is a while ago. */
  get isSaveDue(): boolean {
    return this.count >= saveEveryFiles || this.#context.now() - this.#savedAt >= saveEveryMs;
  }

  /** `giver`: the device that gave all of it; null: it was here before, or came from several. */
  note(index: number, record: FileRecord, path: string, { contentId, giver }: { readonly contentId: ContentId | null; readonly giver: DeviceId | null }): void {
    this.#files.push({ index, record, contentId, path });
    if (this.#owner.record.kind === 'file') this.#owner.record = { ...this.#owner.record, path, contentId };
    if (contentId === null || giver === null || !isSmall(record)) return;
    this.#context.fetchedSmall.note(this.#owner, index, { path: record.path, contentId, giver }, path);
    this.#audience ??= this.#owner.audience();
  }

  /** Nothing of it needs the origin any more: it may go as soon as the download is done. */
  async settled(): Promise<void> {
    await this.#audience;
  }

  /** One after the other; the caller sees to that. */
  async save(): Promise<void> {
    if (this.count === 0) return;
    this.#savedAt = this.#context.now();
    // What finishes while this is being written waits for the next time: a copy, since that list grows.
    const finished = [...this.#files];
    // The list of what is done must never be ahead of the bytes on disk.
    await this.#context.receiver.flush();
    const batch = this.#context.store.batch();
    await this.#listed.done(batch, finished.map(({ index }) => index));
    let [doneBytes, partialBytes] = [0, 0];
    for (const { index, record, contentId, path } of finished) {
      doneBytes += record.bytes;
      partialBytes += record.partialBytes;
      const placed = relative(this.#owner.base, path).split(sep);
      const isMapped = placed.join(sep) !== record.path.join(sep);
      if (isMapped || contentId !== record.contentId) this.#listed.put(batch, index, { ...record, contentId, ...(isMapped ? { path: placed, mapped: true } : {}) });
      if (contentId !== null && record.bytes > 0) this.#context.received.note(batch, contentId, path, record.bytes, this.#savedAt);
    }
    const withThem = (record: DownloadRecord): DownloadRecord => ({
      ...record, doneFiles: record.doneFiles + finished.length, doneBytes: record.doneBytes + doneBytes, partialBytes: Math.max(0, record.partialBytes - partialBytes),
    });
    await batch.put(downloadsTable, this.#owner.id, withThem(this.#owner.record)).write();
    this.#files = this.#files.slice(finished.length);
    this.#owner.record = withThem(this.#owner.record);
  }
}
