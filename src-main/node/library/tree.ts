import { contentIdOf, fromHex, toHex, type ContentId, type ShareId } from '#shared/ids.ts';
import { second, type Timestamp } from '#shared/units.ts';
import { ManifestBuilder } from '#main/core/content/manifest-tree.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { Store, StoreBatch } from '#main/disk/store/store.ts';
import { deleteShareName, putShareName } from './share-name-index.ts';
import { Serial } from './serial.ts';
import { childrenRange, entryKey, locationKey, locationsRange, nameOf, parentOf, pathKey, pathOfEntryKey, pathOfPathKey, shareOfKey, shareRange, tables, type FolderRecord, type ShareRecord } from './tables.ts';
import type { Change } from './tree-change.ts';
import { TreeCommit } from './tree-commit.ts';
import { deleteKept, keepHashes, sweepFolder } from './tree-sweep.ts';

export interface TreeEvents {
  /** What viewers see of the share, or its totals, have changed. */
  changed(share: ShareId): void;
  /** There are files to hash. */
  todo(share: ShareId): void;
  /** Something in the background failed: the store could not be written. */
  failed(error: unknown): void;
}

/** Content ids that could not be worked out, because the store failed, are tried again after this long. */
const retryMs = 30 * second;

/**
 * The listings of all shares in the store. Every write goes through here, one after the other; reads go to the store
 * directly and see each write whole or not at all.
 */
export class Tree {
  readonly #store: Store;
  readonly #now: () => Timestamp;
  readonly #events: TreeEvents;
  readonly #writes = new Serial();
  readonly #shares = new Map<ShareId, ShareRecord>();
  #sealing: Promise<void> | null = null;
  #sealAgain = false;
  #sealLater: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(store: Store, now: () => Timestamp, events: TreeEvents) {
    this.#store = store;
    this.#now = now;
    this.#events = events;
  }

  /** Registers a share; `record` is kept up to date as its files change. */
  adopt(record: ShareRecord): void {
    this.#shares.set(record.id, record);
  }

  /** Writes what has become known. Gives back files whose hash was of another version than the one listed. */
  async commit(share: ShareId, changes: readonly Change[], useKept = false): Promise<{ stale: readonly string[] }> {
    const stale: string[] = [];
    for (let rest = changes; rest.length > 0;) {
      const result = await this.#writes.run(() => this.#commitOnce(share, rest, useKept));
      if (result === null) break;
      stale.push(...result.stale);
      rest = result.deferred;
      if (result.changed) this.#events.changed(share);
      if (result.todo > 0) this.#events.todo(share);
      if (result.due > 0) this.wakeSealer();
    }
    return { stale };
  }

  async #commitOnce(share: ShareId, changes: readonly Change[], useKept: boolean) {
    const record = this.#shares.get(share);
    if (record === undefined) return null;
    const result = await new TreeCommit(this.#store, record, this.#now()).run(changes, useKept);
    for (const path of result.sweeps) await this.#sweep(record.id, path);
    await this.#dropLayers(result.dropped);
    return result;
  }

  /** Records a new share. */
  async addShare(record: ShareRecord): Promise<void> {
    await this.#writes.run(() => putShareName(this.#store.batch(), record).put(tables.share, record.id, record).write());
    this.adopt(record);
  }

  /** Changes what is recorded of the share itself, in order with everything else. */
  async updateShare(share: ShareId, change: Partial<Omit<ShareRecord, 'id'>>): Promise<void> {
    await this.#writes.run(async () => {
      const record = this.#shares.get(share);
      if (record === undefined) return;
      const after = { ...record, ...change };
      const batch = this.#store.batch().put(tables.share, share, after);
      if (after.name !== record.name || after.kind !== record.kind) putShareName(deleteShareName(batch, record), after);
      await batch.write();
      Object.assign(record, change);
    });
  }

  /** Runs something that writes to the store itself, in order with everything else. */
  exclusively<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.#writes.run(task);
  }

  /** Takes a share out of the store: at once out of every listing, then all that was known of its files. */
  async removeShare(share: ShareId): Promise<void> {
    const record = this.#shares.get(share);
    if (record === undefined) return;
    this.#shares.delete(share);
    await this.#writes.run(async () => {
      const batch = deleteShareName(await this.#withoutRoot(share), record);
      await batch.delete(tables.share, share).put(tables.sweep, pathKey(share, ''), true).write();
      await this.#sweep(share, '');
    });
  }

  /** Deletes what an earlier run left below removed folders and shares, and counts again what that run had not. */
  async finishSweeps(): Promise<void> {
    const shares = new Set<ShareId>();
    for (const key of await this.#store.keys(tables.sweep)) {
      const share = shareOfKey(key);
      if (share === null) continue;
      shares.add(share);
      await this.#writes.run(() => this.#sweep(share, pathOfPathKey(key)));
    }
    for (const share of shares) await this.#writes.run(() => this.#recount(share));
  }

  async #recount(share: ShareId): Promise<void> {
    const record = this.#shares.get(share);
    if (record === undefined) return;
    const counted = { hashedFiles: 0, hashedBytes: 0, problems: (await this.#store.keys(tables.problem, shareRange(share))).length };
    for await (const rows of this.#store.batches(tables.entry, shareRange(share))) {
      for (const [, entry] of rows) {
        if (entry.kind !== 'file' || entry.contentId === null) continue;
        counted.hashedFiles++;
        counted.hashedBytes += entry.bytes;
      }
    }
    await this.#store.put(tables.share, share, { ...record, ...counted });
    Object.assign(record, counted);
  }

  async #sweep(share: ShareId, path: string): Promise<void> {
    const record = this.#shares.get(share) ?? null;
    const { hashedFiles, hashedBytes, problems, dropped } = await sweepFolder(this.#store, share, path);
    const batch = this.#store.batch().delete(tables.sweep, pathKey(share, path));
    if (record !== null) {
      const counted = { hashedFiles: record.hashedFiles - hashedFiles, hashedBytes: record.hashedBytes - hashedBytes, problems: record.problems - problems };
      batch.put(tables.share, share, { ...record, ...counted });
      Object.assign(record, counted);
    }
    await batch.write();
    if (record === null) await deleteKept(this.#store, share);
    // The whole listing of a share that stays is being made anew: the piece hashes will be needed again.
    if (record === null || path !== '') await this.#dropLayers(dropped);
  }

  /** Empties the listing of a share, to be made anew from the disk; hashes are kept for files that have not changed. */
  async beginAnew(share: ShareId): Promise<void> {
    await this.#writes.run(async () => {
      await keepHashes(this.#store, share);
      const batch = await this.#withoutRoot(share);
      await batch.put(tables.sweep, pathKey(share, ''), true).write();
      await this.#sweep(share, '');
      await this.#recount(share);
    });
  }

  /** A batch that takes the root of a share out of the listing. */
  async #withoutRoot(share: ShareId): Promise<StoreBatch> {
    const root = await this.#store.get(tables.entry, entryKey(share, ''));
    const batch = this.#store.batch();
    for (const table of [tables.entry, tables.page]) batch.delete(table, entryKey(share, ''));
    for (const table of [tables.todo, tables.due]) batch.delete(table, pathKey(share, ''));
    return root === undefined || root.contentId === null ? batch : batch.delete(tables.location, locationKey(root.contentId, share, ''));
  }

  /** Deletes the piece hashes of contents that are nowhere any more. */
  async #dropLayers(ids: Iterable<ContentId>): Promise<void> {
    const batch = this.#store.batch();
    for (const id of ids) {
      const places = await this.#store.keys(tables.location, { ...locationsRange(id), limit: 1 });
      if (places.length === 0) batch.delete(tables.layer, id);
    }
    await batch.write();
  }

  /** Works out content ids of folders in the background. */
  wakeSealer(): void {
    if (this.#sealing !== null) {
      this.#sealAgain = true;
      return;
    }
    if (this.#closed) return;
    this.#sealing = this.#sealAll().catch((error: unknown) => {
      if (!this.#closed) this.#sealLater ??= setTimeout(() => this.#sealNow(), retryMs);
      this.#events.failed(error);
    }).finally(() => {
      this.#sealing = null;
    });
  }

  #sealNow(): void {
    this.#sealLater = null;
    this.wakeSealer();
  }

  async #sealAll(): Promise<void> {
    do {
      this.#sealAgain = false;
      for await (const keys of this.#store.keyBatches(tables.due)) {
        for (const key of keys) {
          if (this.#closed) return;
          const share = shareOfKey(key);
          const sealed = share !== null && (await this.#writes.run(() => this.#seal(share, pathOfPathKey(key))));
          if (sealed) {
            this.#sealAgain = true;
            this.#events.changed(share);
          }
        }
      }
    } while (this.#sealAgain);
  }

  /** Works out one folder's content id; false when it turned out not to be due. */
  async #seal(share: ShareId, path: string): Promise<boolean> {
    const folder = await this.#store.get(tables.entry, entryKey(share, path));
    const batch = this.#store.batch().delete(tables.due, pathKey(share, path));
    const isDue = folder?.kind === 'folder' && folder.listed && folder.open === 0 && folder.contentId === null;
    const manifest = isDue && this.#shares.has(share) ? await this.#manifestOf(share, path, folder) : null;
    if (manifest === null || folder?.kind !== 'folder') {
      await batch.write();
      return false;
    }
    batch.put(tables.entry, entryKey(share, path), { ...folder, contentId: manifest.id });
    batch.put(tables.location, locationKey(manifest.id, share, path), true);
    if (manifest.pages.length > 1) batch.put(tables.page, entryKey(share, path), manifest.pages);
    if (path !== '') await this.#closeChild(share, parentOf(path), batch);
    await batch.write();
    return true;
  }

  async #closeChild(share: ShareId, path: string, batch: StoreBatch): Promise<void> {
    const parent = await this.#store.get(tables.entry, entryKey(share, path));
    if (parent?.kind !== 'folder') return;
    const open = parent.open - 1;
    batch.put(tables.entry, entryKey(share, path), { ...parent, open });
    if (open === 0 && parent.listed) batch.put(tables.due, pathKey(share, path), true);
  }

  async #manifestOf(share: ShareId, path: string, folder: FolderRecord): Promise<{ id: ContentId; pages: { first: string; hash: string }[] } | null> {
    const pages: { first: string; hash: string }[] = [];
    const builder = new ManifestBuilder(sha256, ({ first, hash }) => pages.push({ first, hash: toHex(hash) }));
    for await (const rows of this.#store.batches(tables.entry, childrenRange(share, path))) {
      for (const [key, { kind, bytes, contentId }] of rows) {
        if (contentId === null) return null;
        builder.add({ kind, name: nameOf(pathOfEntryKey(key)), bytes, root: fromHex(contentId) });
      }
    }
    if (builder.isOverfull) return null;
    return { id: contentIdOf(builder.finish(folder.files, folder.bytes).id), pages };
  }

  /** Resolves when nothing is being written and no content id is being worked out. */
  async idle(): Promise<void> {
    do await this.#writes.idle();
    while (this.#sealing !== null && (await this.#sealing, true));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#sealLater !== null) clearTimeout(this.#sealLater);
    await this.idle();
  }
}
