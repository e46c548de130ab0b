import { resolve } from 'node:path';
import { AppError, errorInfo } from '#shared/errors.ts';
import type { DeviceId, TransferId } from '#shared/ids.ts';
import { safeName } from '#shared/names.ts';
import type { FilePriority, Priority, Transfer, TransferDetail, TransferFile } from '#shared/model/transfer.ts';
import type { Settings } from '#shared/settings.ts';
import type { Sought } from '../../core/servers/holder-questions.ts';
import { Serial } from '../library/serial.ts';
import type { PaceWatch } from '../pace/pace-watch.ts';
import type { Link } from '../ports/links.ts';
import { BaseFolders } from './base-folders.ts';
import { discardPartials } from './download/discard-partials.ts';
import { Download, type DownloadObserver } from './download/download.ts';
import type { DownloadContext } from './download/download-context.ts';
import { DownloadIndex, isFinished } from './download-index.ts';
import { DownloadLine } from './download-line.ts';
import { viewDetail, viewDownload } from './download-view.ts';
import { FileLister, nameRules } from './listing/file-lister.ts';
import { ListedFiles } from './listing/listed-files.ts';
import type { NewDownload } from './new-download.ts';
import { downloadsTable, type DownloadRecord } from './records.ts';

const sampleEveryMs = 1000;
const samplesKept = 120;
const tellMovedEveryMs = 100;
/** Whoever takes up one that ended waits so long. */
const forgottenAtOnce = 500;

export interface TransfersPorts {
  readonly context: DownloadContext;
  readonly settings: () => Settings;
  readonly pace: Pick<PaceWatch, 'brakeOfDownload' | 'sourcesOf'>;
  /** 16 hex digits. */
  readonly newId: () => TransferId;
  readonly onChange: (transfer: Transfer) => void;
  /** They are forgotten. */
  readonly onGone: (ids: readonly TransferId[]) => void;
  readonly onDone: (transfer: Transfer) => void;
}

/** All downloads of a node: which ones run, which wait their turn, and what is remembered of those that ended. */
export class TransfersService implements DownloadObserver {
  readonly #ports: TransfersPorts;
  readonly #context: DownloadContext;
  readonly #lister: FileLister;
  /** Everything that is not finished. */
  readonly #downloads = new Map<TransferId, Download>();
  readonly #index = new DownloadIndex();
  readonly #samples = new Map<TransferId, number[]>();
  readonly #moved = new Set<Download>();
  #movedTimer: NodeJS.Timeout | null = null;
  readonly #line: DownloadLine;
  readonly #baseFolders: BaseFolders;
  /** Taking up, forgetting and choosing files of downloads that ended, one after the other: two at once would each go by what the store had before. */
  readonly #ofEnded = new Serial();
  #nextNumber = 1;
  #sampler: NodeJS.Timeout | null = null;

  constructor(ports: TransfersPorts) {
    this.#ports = ports;
    this.#context = ports.context;
    this.#lister = new FileLister(ports.context);
    this.#baseFolders = new BaseFolders(ports.context.store);
    this.#line = new DownloadLine(this.#downloads, () => ports.settings().activeTransfers);
  }

  /** Takes up where the last run ended. */
  async open(): Promise<void> {
    for await (const rows of this.#context.store.batches(downloadsTable)) {
      for (const [, record] of rows) {
        this.#nextNumber = Math.max(this.#nextNumber, record.number + 1);
        this.#index.note(record);
        if (record.mountPoint !== null) await this.#baseFolders.note(record.mountPoint);
        if (record.state === 'active' || record.state === 'paused') this.#add(record);
      }
    }
    this.#line.schedule();
    this.#sampler = setInterval(() => { this.#sample(); }, sampleEveryMs);
  }

  /** Makes a folder that downloads are to go to. Rejects with `folder-gone` where a drive is away, `no-permission`, `disk-full`, `not-a-folder`, `disk-error`. */
  makeFolder(base: string): Promise<void> {
    return this.#baseFolders.make(resolve(base));
  }

  async start(wanted: NewDownload): Promise<Transfer> {
    const base = resolve(wanted.base);
    const mountPoint = await this.#baseFolders.prepare(base);
    const record: DownloadRecord = {
      id: this.#ports.newId(), number: this.#nextNumber++, source: wanted.source, kind: wanted.kind, name: safeName(wanted.name, nameRules).name, bundle: wanted.bundle, offered: wanted.offered ?? null, base, mountPoint,
      state: 'active', reason: null, priority: wanted.priority, inOrder: wanted.inOrder, ranked: false, contentId: wanted.contentId, audience: null, audienceBy: null, listed: false, listCursor: null,
      files: 0, bytes: 0, listedEntries: 0, listedBytes: 0, foldersLeft: [], doneFiles: 0, doneBytes: 0, reusedBytes: 0, partialBytes: 0, failedFiles: 0, path: null,
      addedAt: this.#context.now(), finishedAt: null,
    };
    const same = [...this.#downloads.values()].find((other) => sameGoal(other.record, record));
    if (same !== undefined) return this.#takeUp(same);
    // Whoever asks for the same while it is being noted finds it.
    const download = this.#add(record);
    try {
      await this.#line.whileStopped(download, () => this.save(record));
    } catch (error) {
      this.#downloads.delete(record.id);
      this.#index.forget(record.id);
      throw error;
    }
    this.changed(download);
    return this.#view(download);
  }

  async list(finished: boolean | undefined, cursor: string | undefined, limit: number): Promise<{ transfers: Transfer[]; total: number; next: string | null }> {
    const { ids, total, next } = this.#index.page(finished, cursor, limit);
    const ended = ids.filter((id) => !this.#downloads.has(id));
    const records = await this.#context.store.getMany(downloadsTable, ended);
    const stored = new Map(ended.map((id, at) => [id, records[at]]));
    const transfers = ids.flatMap((id) => {
      // One that ended or went on meanwhile is as it is now.
      const record = this.#downloads.get(id)?.record ?? stored.get(id);
      return record === undefined ? [] : [this.viewOf(record)];
    });
    return { transfers, total, next };
  }

  async get(id: TransferId): Promise<Transfer> {
    return this.viewOf(await this.#record(id));
  }

  async detail(id: TransferId): Promise<TransferDetail> {
    const download = this.#downloads.get(id);
    const { pace } = this.#ports;
    const transfer = await this.get(id);
    return viewDetail(transfer, download, {
      now: this.#context.now(), rates: this.#samples.get(id) ?? [], brake: transfer.state !== 'running' ? null : download?.isCopied === true ? { by: 'copied' } : pace.brakeOfDownload(id),
      arriving: (file) => this.#context.swarm.arriving(file), sources: pace.sourcesOf(id),
      about: (peer) => ({
        latencyMs: this.#context.links().get(peer)?.latencyMs ?? null, isLinked: this.#context.links().get(peer) !== undefined,
        badPieces: this.#context.conduct.of(peer),
      }),
    });
  }

  async files(id: TransferId, cursor: string | undefined, limit: number): Promise<{ files: TransferFile[]; total: number; next: string | null }> {
    const record = await this.#record(id);
    const download = this.#downloads.get(id);
    const rows = await new ListedFiles(this.#context.store, id).after(cursor === undefined ? null : Number(cursor), limit);
    const files = rows.map(({ index, file }): TransferFile => ({
      index, path: file.remotePath === '' ? record.name : file.remotePath, mappedPath: file.mapped ? file.path.join('/') : null, bytes: file.bytes,
      doneBytes: file.state === 'done' ? file.bytes : download?.verifiedBytesOf(index) ?? file.partialBytes, priority: file.selected ? file.priority : 'skip',
      state: download?.isFetching(index) === true ? 'running' : file.state,
    }));
    const last = files.at(-1)?.index ?? record.files;
    return { files, total: record.files, next: last + 1 < record.files ? String(last) : null };
  }

  /** One whose last byte was just coming is done then. */
  async pause(id: TransferId): Promise<Transfer> {
    const download = this.#unfinished(id);
    await this.#line.whileStopped(download, async () => { if (!(await download.endIfComplete())) await this.#setState(download, 'paused'); });
    return this.viewOf(download.record);
  }

  resume(id: TransferId): Promise<Transfer> {
    const takeUp = async (): Promise<Transfer> =>
      this.#takeUp(this.#downloads.get(id) ?? this.#add({ ...(await this.#record(id)), state: 'paused', finishedAt: null, failedFiles: 0 }));
    return this.#downloads.has(id) ? takeUp() : this.#ofEnded.run(takeUp);
  }

  /** Ends it; `deletePartial` also deletes what of unfinished files is on disk. */
  async cancel(id: TransferId, deletePartial: boolean): Promise<Transfer> {
    const download = this.#downloads.get(id);
    if (download === undefined) return this.get(id);
    await this.#line.whileStopped(download, async () => {
      if (await download.endIfComplete()) return;
      if (deletePartial) await discardPartials(this.#context, download.record);
      download.record = { ...download.record, finishedAt: this.#context.now() };
      await this.#setState(download, 'cancelled');
      // It may have been taken up again while that was noted.
      if (download.record.state === 'cancelled') this.#downloads.delete(id);
      this.#samples.delete(id);
    });
    return this.viewOf(download.record);
  }

  async retry(id: TransferId | undefined): Promise<number> {
    const failed = this.#index.ids((state) => state === 'failed').filter((each) => id === undefined || each === id);
    await this.#line.changeMany(async () => { for (const each of failed) await this.resume(each); });
    return failed.length;
  }

  async pauseAll(paused: boolean): Promise<number> {
    const chosen = [...this.#downloads.values()].filter((download) => (download.record.state === 'paused') !== paused);
    await this.#line.changeMany(async () => {
      for (const { id, record } of chosen) {
        // It may have ended while the ones before it were changed.
        if (this.#downloads.has(id) && (record.state === 'paused') !== paused) await (paused ? this.pause(id) : this.resume(id));
      }
    });
    return chosen.length;
  }

  async setPriority(id: TransferId, priority: Priority): Promise<Transfer> {
    const download = this.#unfinished(id);
    download.setPriority(priority);
    await this.save(download.record);
    this.#line.schedule();
    this.changed(download);
    return this.#view(download);
  }

  /** Takes effect on what has not been asked for yet. */
  async setInOrder(id: TransferId, inOrder: boolean): Promise<Transfer> {
    const download = this.#unfinished(id);
    download.setInOrder(inOrder);
    await this.save(download.record);
    this.changed(download);
    return this.#view(download);
  }

  /**
   * How much the user wants some files: what was fetched of a file stays, whatever is said. One that is done goes on when
   * a file is wanted now that was not; one that was cancelled or failed waits for the user.
   */
  async setFilePriority(id: TransferId, indices: readonly number[], priority: FilePriority): Promise<Transfer> {
    const choose = async (): Promise<[Download, boolean]> => {
      const download = this.#downloads.get(id) ?? new Download(this.#context, this, this.#lister, await this.#record(id));
      return [download, await download.setFilePriority(indices, priority)];
    };
    const [download, wantsMore] = await (this.#downloads.has(id) ? choose() : this.#ofEnded.run(choose));
    if (wantsMore && download.record.state === 'done') return this.resume(id);
    this.#ports.onChange(this.#view(download));
    return this.#view(download);
  }

  /** Forgets one that ended, or all that need nobody any more; failed ones wait for the user. Files stay where they are. */
  async forget(id: TransferId | undefined): Promise<number> {
    const ended = this.#index.ids((state) => id !== undefined || isFinished(state)).filter((each) => !this.#downloads.has(each) && (id === undefined || each === id));
    let forgotten = 0;
    for (let from = 0; from < ended.length; from += forgottenAtOnce) forgotten += await this.#ofEnded.run(() => this.#forget(ended.slice(from, from + forgottenAtOnce)));
    return forgotten;
  }

  linkUp(link: Link): void {
    this.#line.linkUp(link, (download) => { this.changed(download); });
  }

  linkDown(id: DeviceId): void {
    for (const download of this.#downloads.values()) download.linkDown(id);
  }

  /** The user holds nothing against a device any more, whatever it sent. */
  forgive(id: DeviceId): void {
    this.#context.conduct.forgive(id);
    this.#askAgain(id);
  }

  /** Settings may allow more or fewer at once. */
  settingsChanged(): void {
    this.#line.schedule();
  }

  viewOf(record: DownloadRecord): Transfer {
    const download = this.#downloads.get(record.id);
    return viewDownload(download?.record ?? record, download, this.#context.now());
  }

  get active(): Transfer[] {
    return [...this.#downloads.values()].filter((download) => download.isRunning).map((download) => this.#view(download));
  }

  /** What servers may be asked for. */
  get sought(): Sought[] {
    const { pace } = this.#ports;
    return [...this.#downloads.values()].filter((download) => download.isRunning).map((download) => {
      const { id, state, etaSeconds } = this.#view(download);
      const feeding = [...pace.sourcesOf(id).values()].filter((source) => source.state === 'feeding').length;
      return { id, isWaiting: state === 'waiting', etaSeconds, brake: pace.brakeOfDownload(id)?.by ?? null, feeding, audience: download.record.audience, contents: download.contents };
    });
  }

  /** What runs, with its number in the swarm. */
  get running(): { readonly id: TransferId; readonly number: number }[] {
    return [...this.#downloads.values()].filter((download) => download.isRunning).map(({ record: { id }, number }) => ({ id, number }));
  }

  async close(): Promise<void> {
    if (this.#sampler !== null) clearInterval(this.#sampler);
    if (this.#movedTimer !== null) clearTimeout(this.#movedTimer);
    await Promise.all([...this.#downloads.values()].map((download) => download.stop()));
  }

  changed(download: Download): void {
    const { id, state } = download.record;
    // One that ended has been told, and may have been taken up again since, or forgotten.
    if (this.#downloads.get(id) !== download) return;
    this.#ports.onChange(this.#view(download));
    if (state !== 'done' && state !== 'failed') return;
    this.#downloads.delete(id);
    this.#samples.delete(id);
    this.#ports.onDone(this.viewOf(download.record));
    this.#line.schedule();
  }

  /** Told together after a while: to describe a download for each of ten thousand files would cost more than to write them. */
  moved(download: Download): void {
    this.#moved.add(download);
    this.#movedTimer ??= setTimeout(() => {
      this.#movedTimer = null;
      const moved = [...this.#moved];
      this.#moved.clear();
      for (const each of moved) this.changed(each);
    }, tellMovedEveryMs);
  }

  save(record: DownloadRecord): Promise<void> {
    this.#index.note(record);
    return this.#context.store.put(downloadsTable, record.id, record);
  }

  #view(download: Download): Transfer {
    return viewDownload(download.record, download, this.#context.now());
  }

  #add(record: DownloadRecord): Download {
    const download = new Download(this.#context, this, this.#lister, record);
    this.#downloads.set(record.id, download);
    this.#context.receiver.setMount(record.base, record.mountPoint);
    return download;
  }

  async #takeUp(download: Download): Promise<Transfer> {
    download.record = { ...download.record, reason: null, finishedAt: null };
    await this.#setState(download, 'active');
    this.#line.schedule();
    return this.#view(download);
  }

  async #setState(download: Download, state: DownloadRecord['state']): Promise<void> {
    download.record = { ...download.record, state };
    await this.save(download.record);
    this.changed(download);
  }

  #unfinished(id: TransferId): Download {
    const download = this.#downloads.get(id);
    if (download === undefined) throw new AppError('transfer-unknown', { name: id });
    return download;
  }

  async #record(id: TransferId): Promise<DownloadRecord> {
    const record = this.#downloads.get(id)?.record ?? (await this.#context.store.get(downloadsTable, id));
    if (record === undefined) throw new AppError('transfer-unknown', { name: id });
    return record;
  }

  #askAgain(id: DeviceId): void {
    const link = this.#context.swarm.forgiven(id);
    if (link !== null) this.linkUp(link);
  }

  #sample(): void {
    const now = this.#context.now();
    for (const id of this.#context.conduct.forgiveInTime()) this.#askAgain(id);
    for (const [id, download] of this.#downloads) {
      if (!download.isRunning) continue;
      const samples = this.#samples.get(id) ?? [];
      samples.push(download.activity.kind === 'running' ? download.rate.rate(now) : 0);
      if (samples.length > samplesKept) samples.shift();
      this.#samples.set(id, samples);
      download.keep().catch((error: unknown) => { download.suspend(errorInfo(error)); });
      if (samples.at(-1) !== 0 || samples.at(-2) !== 0) this.#ports.onChange(this.#view(download));
    }
    this.#line.schedule();
  }

  /** How many were: not those that were taken up again, or are forgotten already. */
  async #forget(ids: readonly TransferId[]): Promise<number> {
    const { store } = this.#context;
    const ended = ids.filter((id) => !this.#downloads.has(id) && this.#index.has(id));
    if (ended.length === 0) return 0;
    const batch = store.batch();
    await Promise.all(ended.map((id) => new ListedFiles(store, id).forgetIn(batch)));
    for (const id of ended) batch.delete(downloadsTable, id);
    await batch.write();
    for (const id of ended) this.#index.forget(id);
    this.#ports.onGone(ended);
    return ended.length;
  }
}

/** The same thing asked for twice is one download. */
const sameGoal = (a: DownloadRecord, b: DownloadRecord): boolean =>
  a.base === b.base && a.name === b.name && JSON.stringify(a.source) === JSON.stringify(b.source);

