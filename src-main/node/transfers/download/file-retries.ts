import type { ErrorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { FileLister } from '../listing/file-lister.ts';
import type { ListedFiles } from '../listing/listed-files.ts';
import { downloadsTable, type DownloadRecord } from '../records.ts';
import type { BegunFiles, FileTask } from './begun-files.ts';
import { discardOutdated, isOtherVersion } from './discard-partials.ts';
import type { DownloadContext } from './download-context.ts';

/** A file that nobody has now is looked for again after this. */
const retryAfterMs = 3 * second;

const waitsForSources = new Set<string>(['no-sources', 'peer-offline', 'link-closed', 'timeout', 'source-changed', 'not-found', 'content-unknown', 'hash-mismatch', 'file-locked']);
/** The origin may have another version now. */
const mayHaveChanged = new Set<string>(['source-changed', 'content-unknown']);
/** Their sentences name a file. */
const saysWhichFile = new Set<string>(['source-changed', 'not-found', 'hash-mismatch']);

/** Whether the file may come all the same, later or from others, and must not hold up those that come now. */
export function maybeLater({ code }: ErrorInfo): boolean {
  return waitsForSources.has(code);
}

/** The download that files are tried again for. */
export interface RetriesOwner {
  record: DownloadRecord;
  /** A reason why nothing comes now, which may pass by itself. */
  note(reason: ErrorInfo): void;
}

/** What happens between two attempts at a file of one download: a wait, and a look whether its source has another version now. */
export class FileRetries {
  readonly #context: DownloadContext;
  readonly #owner: RetriesOwner;
  readonly #lister: FileLister;
  readonly #listed: ListedFiles;
  readonly #begun: BegunFiles;

  constructor(context: DownloadContext, owner: RetriesOwner, lister: FileLister, listed: ListedFiles, begun: BegunFiles) {
    this.#context = context;
    this.#owner = owner;
    this.#lister = lister;
    this.#listed = listed;
    this.#begun = begun;
  }

  /** Resolves when the task is to be tried again, with the record of what its source has now; early when it is stopped. */
  async wait(task: FileTask, reason: ErrorInfo): Promise<void> {
    task.waitsFor = saysWhichFile.has(reason.code) ? { code: reason.code, params: { name: task.record.remotePath, ...reason.params } } : reason;
    if (this.#begun.open.size === 0) this.#owner.note(task.waitsFor);
    const { signal } = task.stop;
    await this.#context.pause(retryAfterMs, signal);
    task.waitsFor = null;
    if (!signal.aborted && mayHaveChanged.has(reason.code)) await this.#refresh(task, signal);
  }

  async #refresh(task: FileTask, signal: AbortSignal): Promise<void> {
    const before = task.record;
    const fresh = await this.#lister.refresh(this.#owner.record, before, signal).catch(() => before);
    if (fresh === before || signal.aborted) return;
    // A disk that fails now fails again when the file is opened, and is told then.
    if (before.bytes >= limits.transfer.batchedBelowBytes && isOtherVersion(before, fresh)) await discardOutdated(this.#context, this.#owner.record, before).catch(() => undefined);
    // What the user wanted meanwhile holds.
    task.record = { ...fresh, selected: task.record.selected, priority: task.record.priority };
    this.#begun.outdated(task);
    this.#owner.record = { ...this.#owner.record, bytes: this.#owner.record.bytes - before.bytes + fresh.bytes };
    const { record } = this.#owner;
    const batch = this.#context.store.batch();
    this.#listed.put(batch, task.index, task.record);
    await batch.put(downloadsTable, record.id, record).write();
  }
}
