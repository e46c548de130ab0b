import { isDeepStrictEqual } from 'node:util';
import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { ContentId, DeviceId, TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { FilePriority, Priority } from '#shared/model/transfer.ts';
import type { Link } from '../../ports/links.ts';
import { ShownRate } from '../../../core/pace/shown-rate.ts';
import type { DownloadContext } from './download-context.ts';
import type { DownloadFile } from '../file/download-file.ts';
import { DownloadFiles, type FilesOwner } from './download-files.ts';
import { makeFoldersLeft } from './folders-left.ts';
import type { FileLister } from '../listing/file-lister.ts';
import type { Inherited } from '../file/file-owner.ts';
import { InheritedAudience, saysForWhom } from '../passing-on/inherited-audience.ts';
import type { PeerShare } from './peer-share.ts';
import { rankOf } from '../ranks.ts';
import { ListedFiles } from '../listing/listed-files.ts';
import type { DownloadRecord, FileRecord } from '../records.ts';

/** A reason that may pass by itself (a full disk, a missing folder) is looked at again after this. */
const retryAfterMs = 3 * second;

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

/**
 * One download from its list of files to the last one finished. It may be stopped and started as often as one likes;
 * whatever is verified stays. Errors never end it: it waits, with the reason, until things are better, or until the user
 * pauses or cancels it.
 */
export class Download implements FilesOwner {
  record: DownloadRecord;
  activity: Activity = { kind: 'preparing' };
  readonly shares = new Map<DeviceId, PeerShare>();
  rate = new ShownRate();
  /** Bytes that did not have to travel. */
  savedBytes: Bytes = 0;
  readonly #context: DownloadContext;
  readonly #observer: DownloadObserver;
  readonly #lister: FileLister;
  readonly #listed: ListedFiles;
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;
  readonly #files: DownloadFiles;
  readonly #audience: InheritedAudience;
  /** Whether the user wants it to run; a retry that comes due after a stop sees it. */
  #wanted = false;
  /** Nobody who is linked can go on with the list. */
  isListAway = false;

  constructor(context: DownloadContext, observer: DownloadObserver, lister: FileLister, record: DownloadRecord) {
    this.#context = context;
    this.#observer = observer;
    this.#lister = lister;
    this.record = record;
    this.#listed = new ListedFiles(context.store, record.id);
    this.#audience = new InheritedAudience(() => context.links(), this);
    this.#files = new DownloadFiles(context, this, lister, this.#listed);
  }

  get number(): number {
    return this.record.number;
  }

  get id(): TransferId {
    return this.record.id;
  }

  get base(): string {
    return this.record.base;
  }

  get isRunning(): boolean {
    return this.#run !== null;
  }

  /** Files that are being fetched. */
  get open(): ReadonlyMap<number, DownloadFile> {
    return this.#files.open;
  }

  /** Nothing of it is asked of others, because the same content is fetched to another place. */
  get isCopied(): boolean {
    const files = [...this.open.values()];
    return files.some((file) => file.isCopied) && !files.some((file) => file.isFetched);
  }

  /** What of it servers may know: the whole, and the large files that are being fetched. */
  get contents(): ContentId[] {
    const { contentId, source } = this.record;
    const whole = contentId ?? (source.kind === 'content' ? source.contentId : null);
    const files = [...this.open.values()].flatMap((file) => (file.contentId !== null && file.bytes >= limits.servers.fileBytes ? [file.contentId] : []));
    return [...new Set(whole === null ? files : [whole, ...files])];
  }

  /** Devices that are away and known to have it: whom it was listed from, then who gave most of it. */
  get awaited(): DeviceId[] {
    const { source } = this.record;
    const gave = [...this.shares].filter(([, { bytes }]) => bytes > 0).toSorted(([, a], [, b]) => b.bytes - a.bytes).map(([id]) => id);
    const known = new Set(source.kind === 'path' ? [source.peer, ...gave] : gave);
    const links = this.#context.links();
    return [...known].filter((id) => links.get(id) === undefined && !this.#context.conduct.isBanned(id));
  }

  /** Why it waits, with the name of whom it waits for where that is known; null: it does not wait. */
  get reason(): ErrorInfo | null {
    if (this.activity.kind !== 'waiting') return null;
    const { reason } = this.activity;
    const [first, ...others] = reason.code === 'no-sources' ? this.awaited : [];
    const who = first === undefined ? undefined : this.#context.nameOf(first);
    return who === undefined ? reason : { code: 'no-sources', params: { who, n: others.length } };
  }

  isFetching(index: number): boolean {
    return this.#files.isFetching(index);
  }

  /** What is verified of a file that is being fetched, or was; null when only its record knows. */
  verifiedBytesOf(index: number): Bytes | null {
    return this.#files.verifiedBytesOf(index);
  }

  /** Notes how far its files are, for a start after a crash. */
  keep(): Promise<void> {
    return this.#files.keep();
  }

  /** Verified bytes of finished files, and of begun ones. */
  get doneBytes(): Bytes {
    return this.#files.doneBytes;
  }

  get doneFiles(): number {
    return this.#files.doneFiles;
  }

  /** Asked of the origin itself, once a run; a download by content id asks whoever shares it. */
  audience(): Promise<Inherited | null> {
    return this.#audience.get();
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
    // Who waits for somebody to come must neither look busy nor hold up downloads that can go on.
    this.activity = this.isOriginAway ? { kind: 'waiting', reason: { code: 'no-sources' } } : { kind: 'preparing' };
    this.#audience.runBegins();
    this.isListAway = false;
    this.rate = new ShownRate();
    // The disk gets ready while others are asked. Whatever is wrong with it is told by whoever opens a file.
    this.#context.receiver.volume(this.record.base).catch(() => undefined);
    this.#context.swarm.addDownload(this.number, rankOf[this.record.priority], this.record.inOrder);
    const ended = this.#work(stop.signal).catch((error: unknown) => { this.suspend(errorInfo(error)); });
    this.#run = { stop, ended };
    this.#observer.changed(this);
  }

  /** Stops fetching and leaves everything resumable. */
  async stop(): Promise<void> {
    this.#wanted = false;
    const run = this.#run;
    if (run === null) return;
    run.stop.abort();
    this.#files.cancel();
    await run.ended;
    await this.#leave();
    if (this.#run === run) this.#run = null;
  }

  /** After a stop: whether it was over all the same, or is now because nothing is missing. */
  async endIfComplete(): Promise<boolean> {
    const { listed, state } = this.record;
    if (state !== 'active') return state !== 'paused';
    if (!listed || this.record.foldersLeft.length > 0 || !(await this.#files.isComplete())) return false;
    await this.#end();
    this.#observer.changed(this);
    return true;
  }

  setPriority(priority: Priority): void {
    this.record = { ...this.record, priority };
    if (this.#run !== null) this.#context.swarm.setPriority(this.number, rankOf[priority]);
  }

  /** From the beginning to the end, or as it spreads best; what has been asked for comes all the same. */
  setInOrder(inOrder: boolean): void {
    this.record = { ...this.record, inOrder };
    if (this.#run === null) return;
    this.#context.swarm.setInOrder(this.number, inOrder);
    this.#files.reorder();
  }

  /** Resolves when it is noted, with whether files are wanted now that were not. */
  setFilePriority(indices: readonly number[], priority: FilePriority): Promise<boolean> {
    return this.#files.setPriority(indices, priority);
  }

  /** It stands still until that device is back, from which it was listed. */
  waitsFor(id: DeviceId): boolean {
    const { activity, record: { source } } = this;
    return this.isRunning && activity.kind === 'waiting' && activity.reason.code === 'no-sources' && source.kind === 'path' && source.peer === id;
  }

  linkUp(link: Link): void {
    if (this.waitsFor(link.remote.id)) {
      this.activity = { kind: 'preparing' };
      this.#observer.changed(this);
    }
    this.#files.linkUp(link);
    if (link.remote.id === saysForWhom(this.record)) this.#askAudienceAgain().catch(() => undefined);
  }

  linkDown(id: DeviceId): void {
    for (const file of this.open.values()) file.sources.linkDown(id);
    // Its reason may name that one now.
    const { source } = this.record;
    if (this.activity.kind === 'waiting' && (this.shares.has(id) || (source.kind === 'path' && source.peer === id))) this.#observer.changed(this);
  }

  progressed(bytes: Bytes, from: DeviceId | null, pieces = 1): void {
    if (from === null) {
      this.record = { ...this.record, reusedBytes: this.record.reusedBytes + bytes };
    } else {
      const now = this.#context.now();
      this.rate.add(now, bytes);
      const share = this.#share(from);
      share.pieces += pieces;
      share.bytes += bytes;
      share.rate.add(now, bytes);
      share.gaveAt = now;
    }
    // What lies here already says nothing about whether somebody comes who has the rest.
    const isNew = from === null && this.isOriginAway ? false : this.activity.kind !== 'running';
    if (isNew) this.activity = { kind: 'running' };
    if (isNew) this.#observer.changed(this);
    else this.#observer.moved(this);
  }

  seen(): void {
    this.#observer.moved(this);
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
    for (const { sources } of this.open.values()) {
      if (!sources.isWaiting) return;
      banned ||= sources.haveBanned;
    }
    this.note({ code: banned ? 'sources-banned' : 'no-sources' });
  }

  diskFailed(error: ErrorInfo): void {
    if (error.code !== 'cancelled') this.suspend(error);
  }

  /** Others may have it all the same; then it runs as soon as something comes. */
  get isOriginAway(): boolean {
    const { source } = this.record;
    const links = this.#context.links();
    return source.kind === 'path' ? links.get(source.peer) === undefined : [...links.all()].length === 0;
  }

  #share(id: DeviceId): PeerShare {
    const known = this.shares.get(id) ?? { pieces: 0, bytes: 0, failures: 0, rate: new ShownRate(), gaveAt: null };
    this.shares.set(id, known);
    return known;
  }

  note(reason: ErrorInfo): void {
    const known = this.activity.kind === 'waiting' ? this.activity.reason : null;
    if (!isDeepStrictEqual(known, reason)) this.#wait(reason);
  }

  #wait(reason: ErrorInfo): void {
    this.activity = { kind: 'waiting', reason };
    this.#observer.changed(this);
  }

  /** Stops, waits with a reason and tries again by itself, unless the user stops it meanwhile. */
  suspend(reason: ErrorInfo, waitMs: Millis = retryAfterMs): void {
    const broken = this.#run;
    if (broken === null || broken.stop.signal.aborted) return;
    broken.stop.abort();
    this.#files.cancel();
    this.#wait(reason);
    const wait = new AbortController();
    const ended = (async () => {
      await broken.ended;
      await this.#leave();
      this.#wait(reason);
      await this.#context.pause(waitMs, wait.signal);
      if (!this.#wanted || wait.signal.aborted) return;
      this.#run = null;
      this.start();
    })();
    this.#run = { stop: wait, ended: ended.catch((error: unknown) => { this.#wait(errorInfo(error)); }) };
  }

  /** The origin is here or has changed something: when it is for others now, what is passed on begins anew, for those. */
  async #askAudienceAgain(): Promise<void> {
    if (await this.#audience.hasChanged()) this.suspend({ code: 'source-changed', params: { name: this.record.name } }, 0);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const listing = this.#list(signal);
    // A failed listing ends the feeding too; its error is what the user hears.
    listing.catch(() => { this.#files.ring(); });
    await Promise.all([listing, this.#files.fetchAll(signal)]);
    if (signal.aborted) return;
    await makeFoldersLeft(this.#context.receiver, this.base, this.record.foldersLeft, (foldersLeft) => { this.record = { ...this.record, foldersLeft }; });
    await this.#end();
    this.#run = null;
    this.#context.swarm.removeDownload(this.number);
    this.#observer.changed(this);
  }

  /** Everything that is wanted and listed is there. */
  async #end(): Promise<void> {
    const reason: ErrorInfo | null = this.record.listCursor === null ? null : { code: 'listing-too-long', params: { name: this.record.name } };
    const failed = this.record.failedFiles > 0 || reason !== null;
    const before = this.record;
    this.record = { ...this.record, state: failed ? 'failed' : 'done', reason, partialBytes: 0, finishedAt: this.#context.now() };
    try {
      await this.#observer.save(this.record);
    } catch (error) {
      // It is not over before that is noted.
      this.record = before;
      throw error;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    while (!this.record.listed && !signal.aborted) {
      const page = await this.#lister.next(this.record, signal, () => { this.#listGone(); });
      this.isListAway = false;
      const first = this.record.files;
      await this.#listed.list(first, page.files);
      this.#files.listed(first, page.files);
      this.record = {
        ...this.record,
        ...page.of,
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
      this.#files.ring();
    }
    // It is remembered for half an hour, for those who fetch what it brought.
    this.#listed.listedAll();
  }

  #listGone(): void {
    this.isListAway = true;
    this.#files.noteWaiting();
  }

  async #leave(): Promise<void> {
    try {
      await this.#files.leave();
    } finally {
      this.#context.swarm.removeDownload(this.number);
    }
  }
}
