import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { Bytes } from '#shared/units.ts';
import type { Audience } from '#shared/model/share.ts';
import type { Priority } from '#shared/model/transfer.ts';
import type { PriorityRank } from '../../core/swarm/events.ts';
import type { Link } from '../ports/links.ts';
import { RateEstimator } from '../../core/swarm/rate-estimator.ts';
import { DownloadFile, type DownloadFileOwner } from './download-file.ts';
import { Bell } from '../bell.ts';
import type { DownloadContext } from './download-context.ts';
import type { FileLister } from './file-lister.ts';
import type { Row } from '../../disk/store.ts';
import { fileKey, filesTable, fileRange, indexOfKey, type DownloadRecord, type FileRecord } from './records.ts';

export const rankOf: Record<Priority, PriorityRank> = { low: 0, normal: 1, high: 2 };

/** Large files at once: each holds a journal and a buffer window. */
const largeFilesAtOnce = 4;
const recordsPerRead = 256;
/** Files that were just listed and not fed yet, kept so that they need not be read back. */
const listedKept = 2000;
const saveEveryMs = 1 * second;
const saveEveryFiles = 1000;
/** A reason that may pass by itself (a full disk, a missing folder) is looked at again after this. */
const retryAfterMs = 3 * second;
const rateWindowMs = 3 * second;

export interface PeerShare {
  pieces: number;
  bytes: Bytes;
  failures: number;
}

/** Tells the service that a download looks different now. */
export interface DownloadObserver {
  changed(download: Download): void;
  /** Only its progress: told a hundred times a second and more. */
  moved(download: Download): void;
  save(record: DownloadRecord): Promise<void>;
}

/** What was listed is fetched all the same; then the download ends with `listing-too-long`. */
const isTooLong = ({ listedEntries, listedBytes, listCursor }: DownloadRecord): boolean =>
  listedEntries >= limits.transfer.listedEntries || listedBytes >= limits.transfer.listedBytes || (listCursor?.length ?? 0) > limits.transfer.listCursorBytes;

/** Why an active download does not move, or that it does. */
export type Activity = { readonly kind: 'preparing' } | { readonly kind: 'running' } | { readonly kind: 'waiting'; readonly reason: ErrorInfo };

const waitsForSources = new Set<string>(['no-sources', 'peer-offline', 'link-closed', 'timeout', 'source-changed', 'not-found', 'content-unknown', 'hash-mismatch', 'file-locked']);

/**
 * One download from its list of files to the last one finished. It may be stopped and started as often as one likes;
 * whatever is verified stays. Errors never end it: it waits, with the reason, until things are better, or until the user
 * pauses or cancels it.
 */
export class Download implements DownloadFileOwner {
  record: DownloadRecord;
  activity: Activity = { kind: 'preparing' };
  readonly open = new Map<number, DownloadFile>();
  readonly shares = new Map<DeviceId, PeerShare>();
  readonly rate = new RateEstimator(rateWindowMs);
  /** Bytes that did not have to travel. */
  savedBytes: Bytes = 0;
  readonly #context: DownloadContext;
  readonly #observer: DownloadObserver;
  readonly #lister: FileLister;
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;
  #finished: { readonly index: number; readonly record: FileRecord }[] = [];
  /** Verified bytes of files that are closed and not finished: they wait to be tried again, or a stop has closed them. */
  #leftBytes: Bytes = 0;
  /** Whether this run has opened files: from then on `partialBytes` of the record is old. */
  #opened = false;
  #savedAt = 0;
  #saving: Promise<void> = Promise.resolve();
  #justListed: { readonly first: number; readonly files: readonly FileRecord[] }[] = [];
  /** Whether the user wants it to run; a retry that comes due after a stop sees it. */
  #wanted = false;
  /** Rings when a file ended or the list grew. */
  readonly #bell = new Bell();
  #audience: Promise<Audience | null> | null = null;

  constructor(context: DownloadContext, observer: DownloadObserver, lister: FileLister, record: DownloadRecord) {
    this.#context = context;
    this.#observer = observer;
    this.#lister = lister;
    this.record = record;
  }

  get number(): number {
    return this.record.number;
  }

  get base(): string {
    return this.record.base;
  }

  get isRunning(): boolean {
    return this.#run !== null;
  }

  /** Verified bytes of finished and open files. */
  get doneBytes(): Bytes {
    // Until its files are open again, what was verified before the stop is known only as a sum.
    let bytes = this.record.doneBytes + (this.#opened || this.record.state === 'done' ? 0 : this.record.partialBytes) + this.#leftBytes;
    for (const file of this.open.values()) bytes += file.verifiedBytes;
    for (const { record } of this.#finished) bytes += record.bytes;
    return bytes;
  }

  get doneFiles(): number {
    return this.record.doneFiles + this.#finished.length;
  }

  /** Asked of the origin itself, once a run; a download by content id asks whoever shares it. */
  audience(): Promise<Audience | null> {
    this.#audience ??= this.#askAudience().catch(() => this.record.audience);
    return this.#audience;
  }

  originPath(file: FileRecord): { peer: DeviceId; path: string } | null {
    const { source } = this.record;
    if (source.kind !== 'path') return null;
    return { peer: source.peer, path: file.remotePath === '' ? source.path : `${source.path}/${file.remotePath}` };
  }

  start(): void {
    this.#wanted = true;
    if (this.#run !== null) return;
    const stop = new AbortController();
    this.activity = { kind: 'preparing' };
    this.#audience = null;
    this.#context.swarm.addDownload(this.number, rankOf[this.record.priority]);
    const ended = this.#work(stop.signal).catch((error: unknown) => { this.#suspend(errorInfo(error)); });
    this.#run = { stop, ended };
    this.#observer.changed(this);
  }

  /** Stops fetching and leaves everything resumable. */
  async stop(): Promise<void> {
    this.#wanted = false;
    const run = this.#run;
    if (run === null) return;
    run.stop.abort();
    this.#cancelFiles();
    await run.ended;
    await this.#leave();
    if (this.#run === run) this.#run = null;
  }

  setPriority(priority: Priority): void {
    this.record = { ...this.record, priority };
    if (this.#run !== null) this.#context.swarm.setPriority(this.number, rankOf[priority]);
  }

  linkUp(link: Link): void {
    for (const file of this.open.values()) {
      // What the device says now is about this file only; the file asks again when the next device comes.
      file.consider(link).catch((error: unknown) => { this.#note(errorInfo(error)); });
    }
    this.#bell.ring();
  }

  linkDown(id: DeviceId): void {
    for (const file of this.open.values()) file.linkDown(id);
  }

  progressed(bytes: Bytes, from: DeviceId | null): void {
    if (from === null) {
      this.record = { ...this.record, reusedBytes: this.record.reusedBytes + bytes };
    } else {
      this.rate.add(this.#context.now(), bytes);
      const share = this.#share(from);
      share.pieces++;
      share.bytes += bytes;
    }
    const isNew = this.activity.kind !== 'running';
    if (isNew) this.activity = { kind: 'running' };
    if (isNew) this.#observer.changed(this);
    else this.#observer.moved(this);
  }

  saved(bytes: Bytes): void {
    this.savedBytes += bytes;
  }

  troubled(from: DeviceId): void {
    this.#share(from).failures++;
    this.#observer.moved(this);
  }

  starved(): void {
    let banned = false;
    for (const file of this.open.values()) {
      if (!file.isStarved) return;
      banned ||= file.hasBannedSource;
    }
    this.#note({ code: banned ? 'sources-banned' : 'no-sources' });
  }

  diskFailed(error: ErrorInfo): void {
    if (error.code !== 'cancelled') this.#suspend(error);
  }

  #share(id: DeviceId): PeerShare {
    const known = this.shares.get(id) ?? { pieces: 0, bytes: 0, failures: 0 };
    this.shares.set(id, known);
    return known;
  }

  #note(reason: ErrorInfo): void {
    this.activity = { kind: 'waiting', reason };
    this.#observer.changed(this);
  }

  /** Stops, waits with a reason and tries again by itself, unless the user stops it meanwhile. */
  #suspend(reason: ErrorInfo): void {
    const broken = this.#run;
    if (broken === null || broken.stop.signal.aborted) return;
    broken.stop.abort();
    this.#cancelFiles();
    this.#note(reason);
    const wait = new AbortController();
    const ended = (async () => {
      await broken.ended;
      await this.#leave();
      this.#note(reason);
      await this.#context.pause(retryAfterMs, wait.signal);
      if (!this.#wanted || wait.signal.aborted) return;
      this.#run = null;
      this.start();
    })();
    this.#run = { stop: wait, ended: ended.catch((error: unknown) => { this.#note(errorInfo(error)); }) };
  }

  /** What the origin said last holds while it is away. */
  async #askAudience(): Promise<Audience | null> {
    const { source } = this.record;
    const links = this.#context.links();
    let audience: Audience | null = null;
    if (source.kind === 'path') {
      const origin = links.get(source.peer);
      if (origin === undefined) return this.record.audience;
      ({ audience } = await origin.request('audience', { path: source.path }));
    } else {
      for (const link of links.all()) {
        audience ??= (await link.request('audience', { contentId: source.contentId }).catch(() => null))?.audience ?? null;
      }
      audience ??= this.record.audience;
    }
    this.record = { ...this.record, audience };
    return audience;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const listing = this.#list(signal);
    // A failed listing ends the feeding too; its error is what the user hears.
    listing.catch(() => { this.#bell.ring(); });
    await Promise.all([listing, this.#feed(signal)]);
    if (signal.aborted) return;
    await this.#saveFinished(true);
    const reason: ErrorInfo | null = this.record.listCursor === null ? null : { code: 'listing-too-long', params: { name: this.record.name } };
    const failed = this.record.failedFiles > 0 || reason !== null;
    this.record = { ...this.record, state: failed ? 'failed' : 'done', reason, partialBytes: 0, finishedAt: this.#context.now() };
    this.#run = null;
    this.#context.swarm.removeDownload(this.number);
    await this.#observer.save(this.record);
    this.#observer.changed(this);
  }

  async #list(signal: AbortSignal): Promise<void> {
    while (!this.record.listed && !signal.aborted) {
      const page = await this.#lister.next(this.record, signal);
      const first = this.record.files;
      const batch = this.#context.store.batch();
      page.files.forEach((file, at) => batch.put(filesTable, fileKey(this.record.id, first + at), file));
      await batch.write();
      if (this.#justListed.reduce((sum, { files }) => sum + files.length, page.files.length) <= listedKept) this.#justListed.push({ first, files: page.files });
      this.record = {
        ...this.record,
        files: first + page.files.length,
        bytes: this.record.bytes + page.files.reduce((sum, file) => sum + file.bytes, 0),
        listedEntries: this.record.listedEntries + page.entries,
        listedBytes: this.record.listedBytes + page.bytes,
        listCursor: page.next,
        listed: page.next === null,
      };
      if (page.next !== null && isTooLong(this.record)) this.record = { ...this.record, listed: true };
      await this.#observer.save(this.record);
      this.#observer.changed(this);
      this.#bell.ring();
    }
  }

  async #feed(signal: AbortSignal): Promise<void> {
    const range = fileRange(this.record.id);
    let after: string | null = null;
    this.#justListed = [];
    const running = new Set<Promise<void>>();
    for (;;) {
      if (signal.aborted) break;
      const { listed } = this.record;
      const { rings } = this.#bell;
      const page: readonly Row<FileRecord>[] = this.#takeListed(after) ?? (await this.#context.store.rows(filesTable, { ...range, ...(after === null ? {} : { after }), limit: recordsPerRead }));
      if (page.length === 0) {
        if (listed) break;
        await this.#bell.after(rings, signal);
        continue;
      }
      for (const [key, file] of page) {
        after = key;
        if (!file.selected || file.state === 'done') continue;
        while (!signal.aborted && !this.#hasRoomFor(file)) await this.#bell.after(this.#bell.rings, signal);
        if (signal.aborted) break;
        const task: Promise<void> = this.#fetchFile(indexOfKey(key), file, signal).finally(() => {
          running.delete(task);
          this.#bell.ring();
        });
        running.add(task);
        task.catch(() => undefined);
      }
    }
    await Promise.all(running);
  }

  /** The files that follow a key, if they have just been listed. */
  #takeListed(after: string | null): Row<FileRecord>[] | null {
    const next = after === null ? 0 : indexOfKey(after) + 1;
    while ((this.#justListed[0]?.first ?? next) < next) this.#justListed.shift();
    if (this.#justListed[0]?.first !== next) return null;
    return this.#justListed.shift()?.files.map((file, at) => [fileKey(this.record.id, next + at), file] as const) ?? null;
  }

  #hasRoomFor(file: FileRecord): boolean {
    if (this.open.size >= limits.transfer.filesOpenAtOnce * 2) return false;
    if (file.bytes <= limits.content.minPieceBytes) return true;
    let large = 0;
    for (const other of this.open.values()) if (!other.isSmall) large++;
    return large < largeFilesAtOnce;
  }

  async #fetchFile(index: number, record: FileRecord, signal: AbortSignal): Promise<void> {
    const file = new DownloadFile(this.#context, this, index, record, signal);
    this.open.set(index, file);
    this.#opened = true;
    try {
      const { path, contentId } = await file.run();
      this.#finished.push({ index, record: { ...record, contentId, state: 'done' } });
      if (this.record.kind === 'file') this.record = { ...this.record, path, contentId };
      this.open.delete(index);
      await this.#saveFinished(false);
    } catch (error) {
      const { verifiedBytes } = file;
      await file.stop();
      this.open.delete(index);
      this.#leftBytes += verifiedBytes;
      if (!signal.aborted) await this.#fetchLater(index, record, verifiedBytes, errorInfo(error), signal);
    }
  }

  /** One file that cannot be had now must not hold up the others; it is tried again until the download is stopped. */
  async #fetchLater(index: number, record: FileRecord, leftBytes: Bytes, reason: ErrorInfo, signal: AbortSignal): Promise<void> {
    if (!waitsForSources.has(reason.code)) return this.#suspend(reason);
    if (this.open.size === 0) this.#note(reason);
    await this.#context.pause(retryAfterMs, signal);
    if (signal.aborted) return;
    const fresh = reason.code === 'source-changed' ? await this.#lister.refresh(this.record, record, signal).catch(() => record) : record;
    if (fresh !== record) {
      await this.#context.store.put(filesTable, fileKey(this.record.id, index), fresh);
      this.record = { ...this.record, bytes: this.record.bytes - record.bytes + fresh.bytes };
      await this.#observer.save(this.record);
    }
    this.#leftBytes -= leftBytes;
    await this.#fetchFile(index, fresh, signal);
  }

  /** One save after the other: each takes what is finished by then. */
  #saveFinished(all: boolean): Promise<void> {
    const saved = this.#saving.then(() => this.#saveNow(all));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async #saveNow(all: boolean): Promise<void> {
    const now = this.#context.now();
    if (this.#finished.length === 0) return;
    if (!all && now - this.#savedAt < saveEveryMs && this.#finished.length < saveEveryFiles) return;
    this.#savedAt = now;
    // What finishes while this is being written waits for the next time: a copy, since that list grows.
    const finished = [...this.#finished];
    // The list of what is done must never be ahead of the bytes on disk.
    await this.#context.receiver.flush();
    const batch = this.#context.store.batch();
    for (const { index, record } of finished) batch.put(filesTable, fileKey(this.record.id, index), record);
    await batch.write();
    this.#finished = this.#finished.slice(finished.length);
    this.record = {
      ...this.record,
      doneFiles: this.record.doneFiles + finished.length,
      doneBytes: this.record.doneBytes + finished.reduce((sum, { record }) => sum + record.bytes, 0),
    };
    await this.#observer.save(this.record);
  }

  async #leave(): Promise<void> {
    await Promise.all([...this.open.values()].map((file) => file.stop()));
    // All in one turn: what is verified counts as open or as left, never as both.
    let partialBytes = this.#leftBytes;
    for (const file of this.open.values()) partialBytes += file.verifiedBytes;
    if (this.#opened) this.record = { ...this.record, partialBytes };
    this.#opened = false;
    this.#leftBytes = 0;
    this.open.clear();
    this.#context.swarm.removeDownload(this.number);
    await this.#saveFinished(true);
    await this.#observer.save(this.record);
  }

  #cancelFiles(): void {
    for (const file of this.open.values()) file.cancel();
    this.#bell.ring();
  }
}
