import { AppError, errorInfo, type ErrorCode } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { second, type Millis } from '#shared/units.ts';
import { openStore, type OpenedStore } from '../disk/store/open-store.ts';
import type { Store, StoreBatch } from '../disk/store/store.ts';
import type { NodeRecord, StoredNode } from './registry/node-record.ts';
import type { RegistryState, RegistryStore, RestoredState } from './registry-store.ts';
import { decodeEntry, encodeEntry, entryKey, entryTable, nodeTable, parseEntryKey } from './stored-rows.ts';

/** A store that cannot write is tried again so often. */
const retryMs = 5 * second;
/** Rows of one batch while everything is written again. */
const batchRows = 1000;

interface WaitingBatch {
  readonly batch: StoreBatch;
  /** Resolves when it is written, or cannot be. */
  readonly done: Promise<void>;
  readonly finish: () => void;
}

export interface EmbeddedStoreOptions {
  readonly folder: string;
  readonly state: RegistryState;
  /** Called with every change of `problem`. */
  readonly onProblem: (problem: ErrorCode | null, error: unknown) => void;
  /** The database was damaged, and what became of it. */
  readonly onRecovery: (recovery: OpenedStore['recovery']) => void;
  /** For tests. */
  readonly open?: (folder: string) => Promise<OpenedStore>;
  readonly retryMs?: number;
}

/**
 * `following`: every change is put into the batch that waits, which is written as soon as the one before it is. `lost`: a write failed, so
 * what is on the disk is not what is in memory, and changes are not noted any more: they would fill the memory. From time to time the
 * database is opened anew (after a failed write LevelDB takes no further ones) and made equal to memory, row by row, while changes follow again.
 */
type Mode = 'following' | 'lost' | 'closed';

/** The registry's state in LevelDB, in a folder of its own. What `settled` has waited for survives the end of the process, however it comes. */
export class EmbeddedStore implements RegistryStore {
  readonly #options: EmbeddedStoreOptions;
  #store: Store | null = null;
  #mode: Mode = 'lost';
  /** Nodes by the serial that their entries are stored under, while those are read. */
  readonly #loading = new Map<number, NodeRecord>();
  #loaded: Promise<boolean> = Promise.resolve(true);
  #closing = false;
  #problem: ErrorCode | null = null;
  /** Changes that are noted while a batch is being written. */
  #waiting: WaitingBatch | null = null;
  /** The batch that is being written. */
  #current: WaitingBatch | null = null;
  #retry: NodeJS.Timeout | null = null;
  #repair: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedStoreOptions) {
    this.#options = options;
  }

  get problem(): ErrorCode | null {
    return this.#problem;
  }

  /** Rejects with `node-already-running`, `newer-data`, `no-permission`. Whatever else is wrong with the disk is a `problem`. */
  async loadNodes(into: RestoredState): Promise<void> {
    try {
      this.#store = await this.#open();
      for await (const rows of this.#store.batches(nodeTable)) {
        for (const [, stored] of rows) {
          const node = into.node(stored);
          if (node !== null) this.#loading.set(stored.serial, node);
        }
      }
      this.#mode = 'following';
    } catch (error) {
      if (error instanceof AppError && ['node-already-running', 'newer-data', 'no-permission'].includes(error.code)) throw error;
      this.#lose(error);
    }
  }

  loadEntries(into: RestoredState): Promise<boolean> {
    this.#loaded = this.#readEntries(into);
    return this.#loaded;
  }

  async #readEntries(into: RestoredState): Promise<boolean> {
    try {
      for await (const rows of this.#store?.batches(entryTable) ?? []) {
        for (const [key, row] of rows) {
          const parsed = parseEntryKey(key);
          const node = parsed === null ? undefined : this.#loading.get(parsed.serial);
          const entry = parsed === null ? null : decodeEntry(parsed.contentId, row);
          if (node === undefined || entry === null || !into.entry(node, entry)) this.#note()?.delete(entryTable, key);
        }
        if (this.#closing || this.#mode !== 'following') return false;
      }
    } catch (error) {
      this.#lose(error);
    } finally {
      this.#loading.clear();
    }
    return this.#mode === 'following';
  }

  nodeChanged(node: NodeRecord): void {
    this.#note()?.put(nodeTable, node.deviceId, storedNode(node));
  }

  nodeGone(node: NodeRecord): void {
    this.#note()?.delete(nodeTable, node.deviceId);
  }

  entryAdded(node: NodeRecord, entry: Entry): void {
    this.#note()?.put(entryTable, entryKey(node.serial, entry.contentId), encodeEntry(entry));
  }

  entryRemoved(node: NodeRecord, contentId: ContentId): void {
    this.#note()?.delete(entryTable, entryKey(node.serial, contentId));
  }

  async settled(): Promise<void> {
    await (this.#waiting ?? this.#current)?.done;
  }

  expire(now: Millis, most: number): number {
    return this.#options.state.expire(now, most);
  }

  /** There are no other servers. */
  heardMsAgo(): Promise<ReadonlyMap<DeviceId, Millis>> {
    return Promise.resolve(new Map());
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#loaded;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    await this.#repair;
    await this.settled();
    this.#mode = 'closed';
    const store = this.#store;
    this.#store = null;
    // What could not be written was said when it could not.
    await store?.close().catch(() => undefined);
  }

  async #open(): Promise<Store> {
    const { store, recovery } = await (this.#options.open ?? openStore)(this.#options.folder);
    if (recovery.kind !== 'none') this.#options.onRecovery(recovery);
    return store;
  }

  #note(): StoreBatch | null {
    if (this.#mode !== 'following' || this.#store === null) return null;
    if (this.#waiting !== null) return this.#waiting.batch;
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => { finish = resolve; });
    this.#waiting = { batch: this.#store.batch(), done, finish };
    if (this.#current === null) void this.#write();
    return this.#waiting.batch;
  }

  async #write(): Promise<void> {
    // What is told in one go is one batch.
    await Promise.resolve();
    for (;;) {
      this.#current = this.#waiting;
      this.#waiting = null;
      if (this.#current === null) return;
      try {
        await this.#current.batch.write();
      } catch (error) {
        this.#lose(error);
      }
      this.#current.finish();
    }
  }

  #lose(error: unknown): void {
    this.#mode = 'lost';
    this.#waiting?.finish();
    this.#waiting = null;
    const { code } = errorInfo(error);
    if (code !== this.#problem) this.#options.onProblem(code, error);
    this.#problem = code;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#repair = this.#catchUp();
    }, this.#options.retryMs ?? retryMs).unref();
  }

  async #catchUp(): Promise<void> {
    try {
      await this.#store?.close().catch(() => undefined);
      this.#store = null;
      this.#store = await this.#open();
      this.#mode = 'following';
      await this.#dropStale(this.#store);
      await this.#writeAll();
      // A failed batch has been seen to already, and the next try is set.
      if (this.#retry !== null) return;
      this.#problem = null;
      this.#options.onProblem(null, null);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Rows of what is not in memory any more. */
  async #dropStale(store: Store): Promise<void> {
    const { state } = this.#options;
    for await (const keys of store.keyBatches(nodeTable)) {
      const known = new Set<string>(Array.from(state.nodes(), (node) => node.deviceId));
      for (const key of keys) if (!known.has(key)) this.#note()?.delete(nodeTable, key);
      await this.settled();
    }
    for await (const keys of store.keyBatches(entryTable)) {
      const nodes = new Map(Array.from(state.nodes(), (node) => [node.serial, node]));
      for (const key of keys) {
        const parsed = parseEntryKey(key);
        if (parsed === null || nodes.get(parsed.serial)?.listings.has(parsed.contentId) !== true) this.#note()?.delete(entryTable, key);
      }
      await this.settled();
    }
  }

  async #writeAll(): Promise<void> {
    for (const node of [...this.#options.state.nodes()]) {
      if (node.gone) continue;
      this.nodeChanged(node);
      for (const [at, listing] of [...node.listings.values()].entries()) {
        // Each row is taken from memory at the moment it is noted, so it is never older than a change that is noted before it.
        if (node.listings.get(listing.contentId) === listing) this.entryAdded(node, node.entryOf(listing));
        if (at % batchRows === batchRows - 1) await this.settled();
      }
      await this.settled();
      if (this.#mode !== 'following') return;
    }
  }
}

const storedNode = ({ deviceId, serial, addresses, rooms, outside, revision }: NodeRecord): StoredNode & { addresses: string[]; rooms: string[] } =>
  ({ deviceId, serial, addresses: [...addresses], rooms: [...rooms], outside, revision });
