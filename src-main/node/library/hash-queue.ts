import { AppError, type ErrorCode } from '#shared/errors.ts';
import { contentIdOf, type ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { KiB, MiB, second, type Bytes, type Timestamp } from '#shared/units.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { FileHash, Hasher } from '../ports/hasher.ts';
import { longestTickMs, restMs } from './coarse-times.ts';
import { entryKey, pathKey, pathOfPathKey, shareOfKey, shareRange, tables } from './tables.ts';
import type { Change } from './tree-change.ts';

/** What the queue needs to know of a share. */
export interface HashShare {
  readonly id: ShareId;
  readonly paused: boolean;
  /** Whether its files can be reached now. */
  readonly available: boolean;
  diskPath(path: string): string;
}

export interface HashQueueOutside {
  share(id: ShareId): HashShare | null;
  shares(): Iterable<HashShare>;
  commit(share: ShareId, changes: readonly Change[]): Promise<{ stale: readonly string[] }>;
  /** Looks at paths again; what is listed of them may be out of date. */
  refresh(share: ShareId, paths: readonly string[]): Promise<void>;
  /** Bytes hashed of files that are not finished have changed. */
  progressed(share: ShareId): void;
  failed(error: unknown): void;
}

/** Files up to one piece go to the worker in batches: the trip costs more than the hash of a small file. */
const batchFiles = 128;
const batchBytes = 16 * MiB;
/** One hashes while the results of the other are written. */
const jobsAtOnce = 2;
/** Besides these: what somebody waits for does not queue behind files of a hundred gigabytes. */
const urgentJobs = 1;
/** A file that changed while it was read is tried again after this long. */
const retryMs = 2 * second;
const urgentLimit = 10_000;
/** What a file costs besides its bytes, when the time left is estimated. */
const fileCostBytes = 32 * KiB;

interface Job {
  readonly share: ShareId;
  readonly paths: readonly string[];
  readonly abort: AbortController;
  /** Bytes of it that are read. */
  read: Bytes;
}

/**
 * Hashes what has no content id yet: first what somebody waits for, then share after share in the order of paths. The
 * list of what is to do lies in the store, so a restart goes on where it was.
 */
export class HashQueue {
  readonly #store: Store;
  readonly #hasher: Hasher;
  readonly #now: () => Timestamp;
  readonly #outside: HashQueueOutside;
  /** `pathKey` of files somebody waits for, first come first. */
  readonly #urgent = new Set<string>();
  readonly #busy = new Set<string>();
  /** Shares of which nothing was to do when they were looked at: of hundreds only few change. */
  readonly #idle = new Set<ShareId>();
  /** Until when a file is left alone. */
  readonly #resting = new Map<string, Timestamp>();
  readonly #jobs = new Set<Job>();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #choosing = false;
  #chooseAgain = false;
  /** Grows with what may make a choice wrong that is being made: a share was stopped, a file is hashed by now. */
  #turns = 0;
  #closed = false;
  /** Work per second, bytes with the cost of files added; null until measured. */
  #rate: number | null = null;

  constructor(store: Store, hasher: Hasher, now: () => Timestamp, outside: HashQueueOutside) {
    this.#store = store;
    this.#hasher = hasher;
    this.#now = now;
    this.#outside = outside;
  }

  /** There may be something to do; of `share`, if it is given, there is something new. */
  wake(share: ShareId | null = null): void {
    if (this.#closed) return;
    if (share !== null) this.#idle.delete(share);
    if (this.#choosing) {
      this.#chooseAgain = true;
      return;
    }
    this.#choosing = true;
    const task = this.#fill().catch((error: unknown) => this.#failed(error)).finally(() => {
      this.#choosing = false;
      this.#running.delete(task);
      if (this.#chooseAgain) {
        this.#chooseAgain = false;
        this.wake();
      }
    });
    this.#running.add(task);
  }

  /** The file is hashed before all others, also when its share is paused. */
  soon(share: ShareId, path: string): void {
    if (this.#urgent.size >= urgentLimit) return;
    this.#urgent.add(pathKey(share, path));
    this.wake();
  }

  /** Ends what is being hashed of a share: it was paused or removed. */
  stop(share: ShareId): void {
    this.#turns++;
    this.#idle.delete(share);
    for (const job of this.#jobs) if (job.share === share) job.abort.abort(new AppError('cancelled'));
  }

  /** Bytes read of files of the share that are not finished. */
  readBytes(share: ShareId): Bytes {
    let bytes = 0;
    for (const job of this.#jobs) if (job.share === share) bytes += job.read;
    return bytes;
  }

  /** Seconds for so much work at the rate of the last files; null until known. */
  secondsFor(files: number, bytes: Bytes): number | null {
    return this.#rate === null ? null : Math.ceil((bytes + files * fileCostBytes) / this.#rate);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const job of this.#jobs) job.abort.abort(new AppError('cancelled'));
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #fill(): Promise<void> {
    while (!this.#closed && this.#jobs.size < jobsAtOnce + urgentJobs) {
      const turn = this.#turns;
      const job = (await this.#chooseUrgent()) ?? (this.#jobs.size < jobsAtOnce ? await this.#choose() : null);
      if (job === null || this.#closed) return;
      if (turn === this.#turns) this.#start(job.share, job.paths);
    }
  }

  #start(share: HashShare, paths: readonly string[]): void {
    const job: Job = { share: share.id, paths, abort: new AbortController(), read: 0 };
    this.#jobs.add(job);
    for (const path of paths) {
      this.#busy.add(pathKey(share.id, path));
      this.#urgent.delete(pathKey(share.id, path));
    }
    const task = this.#run(job, share).catch((error: unknown) => {
      // Whatever it was would happen again at once; only a job that was stopped is begun again at the first chance.
      if (!job.abort.signal.aborted) this.#rest(share.id, paths);
      this.#failed(error);
    }).finally(() => {
      this.#turns++;
      this.#jobs.delete(job);
      for (const path of paths) this.#busy.delete(pathKey(share.id, path));
      this.#running.delete(task);
      this.wake();
    });
    this.#running.add(task);
  }

  /** A failure of the store or the worker: told, and tried again later instead of at once. */
  #failed(error: unknown): void {
    if (this.#closed || (error instanceof AppError && error.code === 'cancelled')) return;
    this.#wakeAt(this.#now() + retryMs);
    this.#outside.failed(error);
  }

  async #choose(): Promise<{ share: HashShare; paths: string[] } | null> {
    for (const share of this.#outside.shares()) {
      if (share.paused || !share.available || this.#idle.has(share.id)) continue;
      // Before it is looked at: what comes meanwhile must not be missed.
      this.#idle.add(share.id);
      const paths = await this.#chooseFrom(share);
      if (paths.length > 0) return { share, paths };
    }
    return null;
  }

  async #chooseUrgent(): Promise<{ share: HashShare; paths: string[] } | null> {
    for (const key of this.#urgent) {
      if (this.#busy.has(key)) continue;
      const id = shareOfKey(key);
      const share = id === null ? null : this.#outside.share(id);
      const todo = share?.available === true ? await this.#store.get(tables.todo, key) : undefined;
      const readyAt = todo === undefined ? 0 : this.#readyAt(key, todo.seenAt);
      if (readyAt > this.#now()) {
        this.#wakeAt(readyAt);
        continue;
      }
      if (share !== null && todo !== undefined) return { share, paths: [pathOfPathKey(key)] };
      this.#urgent.delete(key);
    }
    return null;
  }

  /** The next batch of small files, or one larger file, whichever comes first. */
  async #chooseFrom(share: HashShare): Promise<string[]> {
    const chosen: string[] = [];
    let bytes = 0;
    let wakeAt = Infinity;
    for await (const rows of this.#store.batches(tables.todo, shareRange(share.id))) {
      this.#idle.delete(share.id);
      for (const [key, todo] of rows) {
        if (this.#busy.has(key)) continue;
        const readyAt = this.#readyAt(key, todo.seenAt);
        if (readyAt > this.#now()) {
          wakeAt = Math.min(wakeAt, readyAt);
          continue;
        }
        const isSmall = todo.bytes <= limits.content.minPieceBytes;
        if (!isSmall && chosen.length === 0) return [pathOfPathKey(key)];
        if (!isSmall) continue;
        chosen.push(pathOfPathKey(key));
        bytes += todo.bytes;
        if (chosen.length === batchFiles || bytes >= batchBytes) return chosen;
      }
      // What is behind the first rows waits for its turn; looking through all of a large list each time would not pay.
      if (chosen.length > 0) return chosen;
    }
    if (wakeAt !== Infinity) this.#wakeAt(wakeAt);
    return chosen;
  }

  #readyAt(key: string, seenAt: Timestamp): Timestamp {
    const until = this.#resting.get(key);
    // One that was seen later than can be was seen by another clock.
    if (until === undefined) return seenAt > this.#now() + 2 * longestTickMs ? 0 : seenAt + restMs;
    if (until > this.#now()) return until;
    this.#resting.delete(key);
    return 0;
  }

  #wakeAt(at: Timestamp): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.max(1, at - this.#now()));
  }

  async #run(job: Job, share: HashShare): Promise<void> {
    const began = this.#now();
    const results = await this.#hash(job, share);
    const done = results.flatMap((result, at) => ('error' in result ? [] : [hashed(job.paths[at] ?? '', result)]));
    const { stale } = await this.#outside.commit(job.share, done);
    this.#measure(results, this.#now() - began);
    const changed = [...stale];
    for (const [at, result] of results.entries()) {
      const path = job.paths[at] ?? '';
      if (!('error' in result)) continue;
      if (result.error === 'no-permission' || result.error === 'disk-error') await this.#unreadable(share, path, result.error);
      else changed.push(path);
    }
    await this.#again(share, changed);
  }

  async #hash(job: Job, share: HashShare): Promise<readonly (FileHash | { readonly error: ErrorCode })[]> {
    const { signal } = job.abort;
    const [first = ''] = job.paths;
    try {
      if (job.paths.length > 1) return await this.#hasher.hashFiles(job.paths.map((path) => share.diskPath(path)), { signal });
      return [await this.#hasher.hashFile(share.diskPath(first), {
        signal,
        onProgress: (bytes) => {
          job.read = bytes;
          this.#outside.progressed(job.share);
        },
      })];
    } catch (error) {
      // Errors of the file itself are results.
      const code = error instanceof AppError ? error.code : null;
      if (code !== null && job.paths.length === 1 && fileErrors.has(code)) return [{ error: code }];
      throw error;
    }
  }

  /** What the system refuses to give is taken out of the listing, and tried again once it has changed. */
  async #unreadable(share: HashShare, path: string, code: 'no-permission' | 'disk-error'): Promise<void> {
    const entry = code === 'no-permission' ? await this.#store.get(tables.entry, entryKey(share.id, path)) : undefined;
    const version = entry?.kind === 'file' ? entry.version : null;
    await this.#outside.commit(share.id, [{ kind: 'observed', path, state: { kind: 'problem', error: { code, params: { path } }, version } }]);
  }

  /** They changed meanwhile: looked at again, and hashed when they have come to rest. */
  async #again(share: HashShare, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    this.#rest(share.id, paths);
    await this.#outside.refresh(share.id, paths);
  }

  #rest(share: ShareId, paths: readonly string[]): void {
    for (const path of paths) this.#resting.set(pathKey(share, path), this.#now() + retryMs);
    // Files that are gone are no longer on the list, so nobody asks for the end of their rest.
    if (this.#resting.size > urgentLimit) for (const [key, until] of this.#resting) if (until < this.#now()) this.#resting.delete(key);
  }

  #measure(results: readonly (FileHash | { readonly error: ErrorCode })[], elapsedMs: number): void {
    const work = results.reduce((sum, result) => sum + ('error' in result ? 0 : result.bytes + fileCostBytes), 0);
    if (work === 0 || elapsedMs <= 0) return;
    const rate = (work * 1000 * Math.max(1, this.#jobs.size)) / elapsedMs;
    this.#rate = this.#rate === null ? rate : 0.8 * this.#rate + 0.2 * rate;
  }
}

const fileErrors: ReadonlySet<ErrorCode> = new Set(['file-changed', 'file-missing', 'no-permission', 'disk-error']);

const hashed = (path: string, { version, root, layer }: FileHash): Change => ({ kind: 'hashed', path, version, contentId: contentIdOf(root), layer: layer.length > root.length ? layer : null });
