import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { FilePriority } from '#shared/model/transfer.ts';
import type { Bytes } from '#shared/units.ts';
import type { StoreBatch } from '../../../disk/store/store.ts';
import { Bell } from '../../bell.ts';
import type { Link } from '../../ports/links.ts';
import { BegunFiles, type FileTask } from './begun-files.ts';
import type { DownloadContext } from './download-context.ts';
import { DownloadFile } from '../file/download-file.ts';
import { asBatchFile, type Batch, type BatchFile } from '../small-files/file-batch.ts';
import { FileBatches, type BatchesOwner } from '../small-files/file-batches.ts';
import type { FileLister } from '../listing/file-lister.ts';
import { FileLine } from '../listing/file-line.ts';
import { hasNoPlace, withoutPlaceAtOnce } from '../file/own-place.ts';
import { FileStop } from '../file/file-stop.ts';
import { FinishedFiles, type FinishedFor } from './finished-files.ts';
import type { ListedFiles } from '../listing/listed-files.ts';
import { downloadsTable, type FileRecord } from '../records.ts';
import { FileRetries, maybeLater, type RetriesOwner } from './file-retries.ts';
import { RoomForFiles } from './room-for-files.ts';

/** Files whose records are read and written at once when the user changes them. */
const changedAtOnce = 1000;

/** The download these files belong to. */
export interface FilesOwner extends BatchesOwner, FinishedFor, RetriesOwner {
  /** Nobody who is linked can go on with the list. */
  readonly isListAway: boolean;
}

/**
 * The files of one download: which are fetched now, which come next, and what is remembered of each. Changes of the
 * user's mind reach it while it runs; whatever is verified stays on disk and in the journals.
 */
export class DownloadFiles {
  readonly #context: DownloadContext;
  readonly #owner: FilesOwner;
  readonly #listed: ListedFiles;
  readonly #line: FileLine;
  readonly #tasks = new Map<number, FileTask>();
  readonly #begun: BegunFiles;
  readonly #retries: FileRetries;
  /** Small files that are fetched together. */
  readonly #batches: FileBatches;
  /** Taken from the line before its last restart: in the store they still look as if they had to be fetched. */
  #taken: ReadonlySet<number> = new Set();
  readonly #finished: FinishedFiles;
  /** Ends with the last write of these records. */
  #saving: Promise<void> = Promise.resolve();
  /** Whatever is wanted of what is listed so far has been taken from the line. */
  #nothingToTake = false;
  /** Changes under way: nothing is taken from the line, since the store does not show them yet. */
  #changes = 0;
  readonly #room: RoomForFiles;
  /** Rings when a file ended, the list grew or what is wanted changed. */
  readonly #bell = new Bell();

  constructor(context: DownloadContext, owner: FilesOwner, lister: FileLister, listed: ListedFiles) {
    this.#context = context;
    this.#owner = owner;
    this.#listed = listed;
    this.#line = new FileLine(listed);
    this.#begun = new BegunFiles(this.#tasks, listed);
    this.#retries = new FileRetries(context, owner, lister, listed, this.#begun);
    this.#room = new RoomForFiles(this.open);
    this.#finished = new FinishedFiles(context, owner, listed);
    this.#batches = new FileBatches(context, owner, {
      finished: ({ index, record }, path, giver) => { this.#finished.note(index, record, path, { contentId: record.contentId, giver }); },
      ended: (left) => { this.#batchEnded(left); },
      companionFound: () => { this.reorder(); },
    });
  }

  /** Those that are being fetched by themselves. */
  get open(): ReadonlyMap<number, DownloadFile> {
    return this.#begun.open;
  }

  /** It is on its way, or about to be asked for. */
  isFetching(index: number): boolean {
    return this.open.has(index) || this.#batches.has(index);
  }

  /** A device is linked: perhaps it has some of these files. */
  linkUp(link: Link): void {
    for (const file of this.open.values()) {
      // What the device says now is about this file only; the file asks again when the next device comes.
      file.sources.consider(link).catch((error: unknown) => { this.#owner.note(errorInfo(error)); });
    }
    this.#batches.consider(link);
    this.ring();
  }

  /** Verified bytes of finished files, and of begun ones. */
  get doneBytes(): Bytes {
    const { doneBytes, partialBytes } = this.#owner.record;
    return Math.max(0, doneBytes + partialBytes + this.#begun.newBytes + this.#finished.newBytes);
  }

  /** Null: only its record knows. */
  verifiedBytesOf(index: number): Bytes | null {
    return this.#begun.verifiedBytesOf(index);
  }

  get doneFiles(): number {
    return this.#owner.record.doneFiles + this.#finished.count;
  }

  /** They are to come in another order from now on. */
  reorder(): void {
    this.#restart();
    this.#bell.ring();
  }

  /** More of the list is in the store; `ring` follows when the download's record says so. */
  listed(first: number, files: readonly FileRecord[]): void {
    this.#line.listed(first, files);
  }

  /** Something may have changed: whoever waits looks again. */
  ring(): void {
    this.#bell.ring();
  }

  /** When nothing comes any more, the download waits for what the first file that is left waits for, or for the rest of its list. */
  noteWaiting(): void {
    const { record: { listed }, isListAway } = this.#owner;
    if (this.#batches.size > 0 || !this.#nothingToTake || !(listed || isListAway)) return;
    // Those that nobody has told so when others were still coming.
    if (this.open.size > 0) return this.#owner.starved();
    for (const { waitsFor, stop } of this.#tasks.values()) if (waitsFor !== null && !stop.isStopped) return this.#owner.note(waitsFor);
    if (isListAway && this.#tasks.size === 0) this.#owner.note({ code: 'no-sources' });
  }

  /** Fetches whatever is wanted; resolves when all of it is there and noted, or when the signal fires and every file has ended. */
  async fetchAll(signal: AbortSignal): Promise<void> {
    const { bundle, name } = this.#owner.record;
    this.#batches.runBegins(bundle ? null : name);
    this.#restart();
    while (!signal.aborted && !(await this.#step(signal)));
    await this.#ended();
  }

  async #ended(): Promise<void> {
    // What a batch leaves over is fetched file by file.
    await this.#batches.ended();
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
  }

  /** All files that are open end as cancelled; what is verified stays. */
  cancel(): void {
    void this.#batches.stop('all');
    for (const task of this.#tasks.values()) this.#cancelTask(task);
    this.#bell.ring();
  }

  /** After `leave`: nothing is missing of what is wanted, as far as it is listed. */
  async isComplete(): Promise<boolean> {
    if (this.doneBytes < this.#owner.record.bytes) return false;
    this.#restart();
    return (await this.#line.next(true)) === null;
  }

  /** After a stop: waits for every file to end, and notes what is finished and how far the others are. */
  async leave(): Promise<void> {
    await this.#ended();
    await this.#inTurn(async () => {
      await this.#finished.save();
      await this.#keepNow();
      this.#begun.forget();
    });
  }

  /** Notes which files are finished and how far the begun ones are: a crash leaves their journals, but whoever looks then need not open them all. */
  keep(): Promise<void> {
    // Whoever was the last to end for a while came too early for a save.
    return this.#save(false).then(() => this.#inTurn(() => this.#keepNow()));
  }

  async #keepNow(): Promise<void> {
    const batch = this.#context.store.batch();
    const more = this.#begun.keep(batch);
    if (batch.size === 0) return;
    this.#owner.record = { ...this.#owner.record, partialBytes: Math.max(0, this.#owner.record.partialBytes + more) };
    await this.#write(batch);
  }

  /**
   * How much the user wants these files; finished ones stay as they are, whatever was fetched of the others too. Resolves
   * when it is noted, with whether some are wanted now that were not.
   */
  async setPriority(indices: readonly number[], priority: FilePriority): Promise<boolean> {
    this.#changes++;
    let wantsMore = false;
    try {
      for (let from = 0; from < indices.length; from += changedAtOnce) {
        const some = indices.slice(from, from + changedAtOnce);
        await this.#inTurn(async () => { wantsMore = (await this.#change(some, priority)) || wantsMore; });
      }
    } finally {
      this.#changes--;
      this.#restart();
      this.#bell.ring();
    }
    return wantsMore;
  }

  #restart(): void {
    this.#nothingToTake = false;
    const { ranked, inOrder } = this.#owner.record;
    this.#line.restart({ ranked, mixed: this.#batches.haveCompanions && !inOrder });
    this.#taken = new Set([...this.#tasks.keys(), ...this.#batches.indices(), ...this.#finished.indices]);
  }

  /** Begins the next file, or waits; true: everything is there. */
  async #step(signal: AbortSignal): Promise<boolean> {
    const { rings } = this.#bell;
    const { listed } = this.#owner.record;
    const row = this.#changes > 0 ? null : await this.#line.next(listed);
    if (row === null) {
      this.#nothingToTake = this.#changes === 0;
      if (listed && this.#isOver) {
        await this.#finished.settled();
        await this.#save(true);
        if (this.#isOver) return true;
      } else {
        this.noteWaiting();
        await this.#bell.after(rings, signal);
      }
      return false;
    }
    this.#nothingToTake = false;
    const { generation } = this.#line;
    const isOutdated = (): boolean => signal.aborted || this.#changes > 0 || generation !== this.#line.generation;
    if (this.#taken.has(row.index)) return false;
    const batch = this.#batchFrom(row.index, row.file);
    const hasRoom = (): boolean => (batch === null ? this.#room.fits(row.file) : this.#batches.hasRoom);
    while (!isOutdated() && !hasRoom()) await this.#bell.after(this.#bell.rings, signal);
    if (isOutdated()) return false;
    if (batch === null) this.#begin(row.index, row.file);
    else this.#batches.begin(batch);
    return false;
  }

  /** The file with those that follow and can be fetched together with it; null when it is fetched by itself. */
  #batchFrom(index: number, record: FileRecord): Batch | null {
    const first = asBatchFile(index, record);
    if (first === null || !this.#batches.canBegin(first)) return null;
    const files: [BatchFile, ...BatchFile[]] = [first];
    const fits = (index: number, record: FileRecord): boolean => {
      const file = this.#taken.has(index) ? null : asBatchFile(index, record);
      if (file?.record.priority !== first.record.priority) return false;
      files.push(file);
      return true;
    };
    while (this.#line.takeNext(fits) !== null);
    return files.length > 1 ? files : null;
  }

  /** While something is being changed the others of it are not taken up: the line gives them again afterwards. */
  #batchEnded(left: readonly BatchFile[]): void {
    if (this.#changes === 0) for (const { index, record } of left) this.#begin(index, record);
    if (this.#finished.isSaveDue) this.#save(false).catch((error: unknown) => { this.#owner.suspend(errorInfo(error)); });
    this.noteWaiting();
    this.#bell.ring();
  }

  get #isOver(): boolean {
    return this.#changes === 0 && this.#line.isAtEnd && this.#tasks.size === 0 && this.#batches.size === 0;
  }

  #begin(index: number, record: FileRecord): void {
    const task: FileTask = { index, record, waitsFor: null, stop: new FileStop(), ended: Promise.resolve() };
    this.#tasks.set(index, task);
    task.ended = this.#fetch(task);
  }

  async #fetch(task: FileTask): Promise<void> {
    try {
      while (!task.stop.isStopped && !(await this.#attempt(task)));
    } catch (error) {
      this.#owner.suspend(errorInfo(error));
    } finally {
      this.#tasks.delete(task.index);
      this.noteWaiting();
      if (this.#room.isWorthALook) this.#bell.ring();
    }
  }

  /** True: the file is there. One that cannot be had now must not hold up the others; it is tried again. */
  async #attempt(task: FileTask): Promise<boolean> {
    const { index, stop } = task;
    const file = new DownloadFile(this.#context, this.#owner, index, this.#begun.known(task), stop);
    this.#begun.opened(task, file);
    try {
      const { path, ...what } = await file.run();
      this.#begun.ended(task);
      // Nobody wants it since a moment ago: it lies there all the same, and is found if it is wanted again.
      if (!task.record.selected) return false;
      this.#finished.note(index, task.record, path, what);
    } catch (error) {
      const { proven } = file;
      await file.stop();
      this.#begun.closed(task, file.verifiedBytes, proven);
      const reason = errorInfo(error);
      if (stop.isStopped) return false;
      if (maybeLater(reason) || this.#waitsForPlace(reason)) {
        await this.#retries.wait(task, reason);
      } else {
        stop.stop();
        this.#owner.suspend(reason);
      }
      return false;
    }
    if (this.#finished.isSaveDue) await this.#save(false);
    return true;
  }

  /** It waits until there is a place for it, while others go on; when many have none, none is looked for. */
  #waitsForPlace(reason: ErrorInfo): boolean {
    const { base } = this.#owner;
    if (!hasNoPlace(reason, base)) return false;
    return [...this.#tasks.values()].filter(({ waitsFor }) => waitsFor !== null && hasNoPlace(waitsFor, base)).length < withoutPlaceAtOnce;
  }

  #cancelTask(task: FileTask): void {
    task.stop.stop();
    this.open.get(task.index)?.cancel();
  }

  /** No save runs at the same time, so what the store and `#finished` say together is true. */
  async #change(indices: readonly number[], priority: FilePriority): Promise<boolean> {
    const selected = priority !== 'skip';
    await this.#batches.stop(indices);
    const records = await this.#listed.getMany(indices);
    const finished = new Set(this.#finished.indices);
    const changed = new Map<number, FileRecord>();
    const ending: Promise<void>[] = [];
    let wantsMore = false;
    indices.forEach((index, at) => {
      const task = this.#tasks.get(index);
      const before = task?.record ?? records[at];
      if (before === undefined || before.state === 'done' || finished.has(index)) return;
      const after = { ...before, selected, priority: priority === 'skip' ? before.priority : priority };
      if (after.selected === before.selected && after.priority === before.priority) return;
      changed.set(index, after);
      if (after.selected !== before.selected) this.#count(after);
      if (after.selected && !before.selected) wantsMore = true;
      if (task === undefined) return;
      task.record = after;
      this.open.get(index)?.setPriority(after.priority);
      if (after.selected) return;
      this.#cancelTask(task);
      ending.push(task.ended);
    });
    await Promise.all(ending);
    const batch = this.#context.store.batch();
    for (const [index, record] of changed) this.#listed.put(batch, index, this.#begun.changed(index, record));
    const ranked = this.#owner.record.ranked || (changed.size > 0 && (priority === 'high' || priority === 'low'));
    this.#owner.record = { ...this.#owner.record, ranked };
    await this.#write(batch);
    return wantsMore;
  }

  /** A file counts from now on, or does not any more: its bytes, and those of them that lie on disk. */
  #count(file: FileRecord): void {
    const { record } = this.#owner;
    const sign = file.selected ? 1 : -1;
    const partialBytes = Math.max(0, record.partialBytes + sign * file.partialBytes);
    this.#owner.record = { ...record, partialBytes, bytes: record.bytes + sign * file.bytes };
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#saving.then(work);
    this.#saving = done.catch(() => undefined);
    return done;
  }

  /** One save after the other: each takes what is finished by then. */
  #save(all: boolean): Promise<void> {
    return this.#inTurn(async () => { if (all || this.#finished.isSaveDue) await this.#finished.save(); });
  }

  /** With the download's own record, so that a crash leaves both or neither. */
  #write(batch: StoreBatch): Promise<void> {
    const { record } = this.#owner;
    return batch.put(downloadsTable, record.id, record).write();
  }
}
