import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { Link } from '../ports/links.ts';
import type { DownloadContext } from './download-context.ts';
import { FileBatch, type BatchFile } from './file-batch.ts';
import type { FileOwner } from './file-owner.ts';

/** Enough to be asked for, sent, and written at the same time. */
const batchesAtOnce = 8;

export interface BatchesOwner extends FileOwner {
  /** The whole download has to wait. */
  suspend(reason: ErrorInfo): void;
}

export interface BatchResults {
  /** A file lies under its name. */
  readonly finished: (file: BatchFile, path: string) => void;
  /** A batch has ended, and these are left over; not when it was stopped. */
  readonly ended: (left: readonly BatchFile[]) => void;
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
  readonly #running = new Map<FileBatch, Running>();

  constructor(context: DownloadContext, owner: BatchesOwner, results: BatchResults) {
    this.#context = context;
    this.#owner = owner;
    this.#results = results;
  }

  get size(): number {
    return this.#running.size;
  }

  get hasRoom(): boolean {
    return this.#running.size < batchesAtOnce;
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

  begin(files: readonly BatchFile[]): void {
    const batch = new FileBatch(this.#context, this.#owner, files, this.#results.finished);
    this.#running.set(batch, { batch, indices: new Set(files.map(({ index }) => index)), ended: this.#run(batch) });
  }

  consider(link: Link): void {
    // A device that does not answer has nothing for us; a batch that nobody has is fetched file by file.
    for (const batch of this.#running.keys()) batch.consider(link).catch(() => undefined);
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
    this.#results.ended(batch.isStopped ? [] : left);
  }
}
