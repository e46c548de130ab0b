import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Link } from '../../ports/links.ts';
import type { DownloadContext } from '../download/download-context.ts';
import { FileBatch, type Batch, type BatchFile } from './file-batch.ts';
import type { FileOwner } from '../file/file-owner.ts';
import { NewFolders } from './new-folders.ts';

/** Enough to be asked for, sent, and written at the same time, and few enough that others who begin with us ask the source for not much of the same. */
const batchesAtOnce = 8;
/** Once so many have come and nobody else fetches the same, more: then neither end waits for the other. */
const batchesAtOnceAlone = 16;
/** Where others have some of them: those that nobody is asked for yet, to choose the rarest of; the others are on their way. */
const waitingAtOnce = 8;

export interface BatchesOwner extends FileOwner {
  /** The whole download has to wait. */
  suspend(reason: ErrorInfo): void;
}

export interface BatchResults {
  /** A file lies under its name. */
  readonly finished: (file: BatchFile, path: string, giver: DeviceId | null) => void;
  /** A batch has ended, and these are left over; not when it was stopped. */
  readonly ended: (left: readonly BatchFile[]) => void;
  /** The first one: somebody else fetches the same, or has it. */
  readonly companionFound: () => void;
}

interface Running {
  readonly batch: FileBatch;
  readonly indices: ReadonlySet<number>;
  readonly ended: Promise<void>;
}

/** The batches of one download that are being fetched now. */
export class FileBatches {
  readonly #context: DownloadContext;
  readonly #owner: BatchesOwner;
  readonly #results: BatchResults;
  readonly #newFolders: NewFolders;
  readonly #running = new Map<FileBatch, Running>();
  /** Devices that fetch the same, or have it. */
  readonly #companions = new Set<Link>();
  #begun = 0;
  #ended = 0;

  constructor(context: DownloadContext, owner: BatchesOwner, results: BatchResults) {
    this.#context = context;
    this.#owner = owner;
    this.#results = results;
    this.#newFolders = new NewFolders(context.receiver);
  }

  /** A run of the download begins, and has put nothing on the disk yet. `folder`: all of its files lie below that; null: below several. */
  runBegins(folder: string | null): void {
    this.#newFolders.forget();
    if (folder !== null) void this.#newFolders.isNew(this.#owner.base, folder);
  }

  get size(): number {
    return this.#running.size;
  }

  get hasRoom(): boolean {
    if (this.#companions.size === 0) return this.#running.size < (this.#ended < batchesAtOnce ? batchesAtOnce : batchesAtOnceAlone);
    let waiting = 0;
    for (const batch of this.#running.keys()) if (!batch.isAsked) waiting++;
    return waiting < waitingAtOnce && this.#running.size - waiting < batchesAtOnce;
  }

  get haveCompanions(): boolean {
    return this.#companions.size > 0;
  }

  /** Files that are in a batch now. */
  *indices(): IterableIterator<number> {
    for (const { indices } of this.#running.values()) yield* indices;
  }

  has(index: number): boolean {
    for (const { indices } of this.#running.values()) if (indices.has(index)) return true;
    return false;
  }

  /** Whether files of this download are best asked for together: their origin is here and understands it, or somebody who may have them. */
  canBegin(file: BatchFile): boolean {
    const origin = this.#owner.originPath(file.record)?.peer;
    for (const link of this.#context.links().all()) if (link.knowsBatches && (origin === undefined || link.remote.id === origin)) return true;
    return false;
  }

  begin(files: Batch): void {
    const batch = new FileBatch(this.#context, this.#owner, files, this.#newFolders, this.#companions, this.#results.finished);
    this.#running.set(batch, { batch, indices: new Set(files.map(({ index }) => index)), ended: this.#run(batch) });
    // Later ones tell of it as they end.
    if (this.#begun++ === 0) this.#meetOthers(batch);
  }

  consider(link: Link, which: 'all' | 'waiting' = 'all'): void {
    // A device that does not answer has nothing for us; a batch that nobody has is fetched file by file.
    for (const batch of this.#running.keys()) if (which === 'all' || !batch.isAsked) batch.consider(link).catch(() => undefined);
  }

  /** Stops those that hold one of these files, or all; resolves when nothing of them is being written any more. */
  async stop(indices: Iterable<number> | 'all'): Promise<void> {
    const named = indices === 'all' ? null : new Set(indices);
    const stopping = [...this.#running.values()].filter((running) => named === null || [...named].some((index) => running.indices.has(index)));
    for (const { batch } of stopping) batch.stop();
    await Promise.all(stopping.map(({ ended }) => ended));
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #run(batch: FileBatch): Promise<void> {
    // Not before the caller has noted it.
    await Promise.resolve();
    let left: readonly BatchFile[] = [];
    try {
      left = await batch.run();
    } catch (error) {
      this.#owner.suspend(errorInfo(error));
    }
    this.#running.delete(batch);
    this.#ended++;
    this.#results.ended(batch.isStopped ? [] : left);
    this.#lookAround(batch);
  }

  /** Whoever has what has just come, or more by now than when the others were begun. */
  #lookAround(batch: FileBatch): void {
    for (const link of this.#companions) {
      if (link.isClosed) this.#companions.delete(link);
      else this.consider(link, 'waiting');
    }
    this.#meetOthers(batch);
  }

  #meetOthers(batch: FileBatch): void {
    for (const link of this.#context.links().all()) if (link.knowsBatches && !this.#companions.has(link)) void this.#meet(link, batch);
  }

  async #meet(link: Link, batch: FileBatch): Promise<void> {
    if (link.remote.id === batch.origin || (await this.#context.directory.hasOfFile(link, batch.sample)) !== 'all' || this.#companions.has(link)) return;
    this.#companions.add(link);
    if (this.#companions.size === 1) this.#results.companionFound();
    this.consider(link);
  }
}
