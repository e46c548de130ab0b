import { dirname, join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { toHex, type ContentId, type ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { shareIdSchema } from '#shared/model/ids.ts';
import type { SearchFilter } from '#shared/model/search.ts';
import type { Audience, Share } from '#shared/model/share.ts';
import { minute, type Millis, type Timestamp } from '#shared/units.ts';
import type { OpenedStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { startWatch } from '#main/disk/watch/start-watch.ts';
import type { StartWatch } from '#main/disk/watch/watch.ts';
import { Bell } from '../bell.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { FileRef, Library, ManifestPart, SearchResult, Viewer } from '../ports/library.ts';
import { Announcer } from './announcer.ts';
import { FileFinder } from './file-finder.ts';
import { HashQueue } from './hash-queue.ts';
import { Manifests } from './manifests.ts';
import { LibraryReader, publicName, toEntry } from './reader.ts';
import { SearchIndex } from './search-index.ts';
import { ShareBackup } from './share-backup.ts';
import { checkShareName, defaultShareName, ShareList } from './share-list.ts';
import { ShareRuntime } from './share-runtime.ts';
import { shareState } from './share-state.ts';
import { ShareablePlaces } from './shareable-places.ts';
import { shareOfKey, shareRange, tables, type ShareRecord } from './tables.ts';
import { Tree } from './tree.ts';

export interface LibraryOptions {
  readonly store: Store;
  readonly hasher: Hasher;
  /** Wall clock, milliseconds. */
  readonly now: () => Timestamp;
  /** Numbers from 0 up to 1, for the ids of shares. */
  readonly random: () => number;
  /** Folders that are never shared, nor anything in them. By default the one the store lies in: it holds the device's key. */
  readonly privatePaths?: readonly string[];
  /** Folders inside private ones that may be shared all the same. */
  readonly sharedInside?: readonly string[];
  /** Time between two looks through every share, besides the watcher. */
  readonly rescanMs?: () => Millis;
  /** What `openStore` said: after a repair listings are made anew with the hashes that are left; shares that are lost come from the list beside the store. */
  readonly recovery?: OpenedStore['recovery'];
  readonly watch?: StartWatch;
  /** What happens in the background and nobody waits for: the disk with the store is full, say. */
  readonly onError?: (error: unknown) => void;
}

/** Opens the library of a store: resumes what was under way, watches every share and looks through it in the background. */
export async function createLibrary(options: LibraryOptions): Promise<LibraryService> {
  const library = new LibraryService(options);
  await library.start();
  return library;
}

/** What this device shares. */
export class LibraryService implements Library {
  readonly #options: LibraryOptions;
  readonly #store: Store;
  readonly #shares = new ShareList();
  readonly #tree: Tree;
  readonly #reader: LibraryReader;
  readonly #manifests: Manifests;
  readonly #index: SearchIndex;
  readonly #finder: FileFinder;
  readonly #queue: HashQueue;
  readonly #announcer: Announcer;
  readonly #backup: ShareBackup;
  readonly #places: ShareablePlaces;
  readonly #onShare = new Set<(share: Share) => void>();
  readonly #onShareGone = new Set<(id: ShareId) => void>();
  readonly #onListing = new Set<(share: Share) => void>();
  readonly #onRights = new Set<() => void>();
  /** Rings with every change of a share, at once. */
  readonly #changes = new Bell();
  /** Shares whose listing was found damaged and is made anew, or was. */
  readonly #rebuilt = new Map<ShareId, 'under way' | 'done'>();
  readonly #background = new Set<Promise<void>>();
  #closed = false;

  /** Use `createLibrary`. */
  constructor(options: LibraryOptions) {
    const { store, hasher, now, privatePaths = [dirname(store.location)], sharedInside = [] } = options;
    const failed = (error: unknown): void => this.#failed(error);
    this.#options = options;
    this.#store = store;
    this.#places = new ShareablePlaces(privatePaths, sharedInside);
    this.#tree = new Tree(store, now, { changed: (share) => this.#changed(share, true), todo: (share) => this.#queue.wake(share), failed });
    this.#reader = new LibraryReader(store, this.#shares);
    this.#manifests = new Manifests(store);
    this.#index = new SearchIndex(store, this.#shares);
    this.#finder = new FileFinder(this.#reader, this.#shares, (path) => this.isPrivate(path));
    this.#backup = new ShareBackup(join(dirname(store.location), 'shares.json'));
    this.#announcer = new Announcer((share, listing) => this.#announce(share, listing), failed);
    this.#queue = new HashQueue(store, hasher, now, {
      share: (id) => this.#shares.get(id) ?? null,
      shares: () => this.#shares.all(),
      commit: (share, changes) => this.#tree.commit(share, changes),
      refresh: async (share, paths) => this.#shares.get(share)?.refresh(paths),
      progressed: (share) => this.#changed(share, false),
      failed,
    });
  }

  /** Reads what is known, then looks at the disk in the background. Called once, by `createLibrary`. */
  async start(): Promise<void> {
    await this.#places.start();
    const recovery = this.#options.recovery?.kind ?? 'none';
    const records = (await this.#store.rows(tables.share)).map(([, record]) => record);
    for (const record of records) this.#tree.adopt(record);
    // A repair keeps what it can read, which may be nothing.
    for (const record of recovery === 'none' ? [] : await this.#backup.read()) {
      if (records.some(({ id }) => id === record.id)) continue;
      await this.#tree.addShare(record);
      records.push(record);
    }
    await this.#tree.finishSweeps();
    for (const record of records) {
      if (recovery === 'repaired') await this.#tree.beginAnew(record.id);
      const kept = await this.#store.keys(tables.kept, { ...shareRange(record.id), limit: 1 });
      this.#open(record, kept.length > 0);
    }
    // A kill may have come between the store and the list. One that could not be read when it was needed stays for whoever can.
    if (recovery === 'none' || records.length > 0) this.#inBackground(this.#saveList());
    this.#store.onDamaged((table, key) => this.#damaged(table, key));
    this.#tree.wakeSealer();
    this.#queue.wake();
  }

  async add(path: string, audience: Audience, name?: string): Promise<Share> {
    const { real, kind, disk } = await this.#places.rootAt(path);
    const known = this.#shares.all().find(({ record }) => record.path === real);
    if (known !== undefined) throw new AppError('already-exists', { name: known.record.name });
    const wanted = this.#shares.uniqueName(checkShareName(name ?? defaultShareName(real)));
    const record: ShareRecord = {
      id: this.#newId(), name: wanted, path: real, kind, audience, paused: false, hashedFiles: 0, hashedBytes: 0, problems: 0, addedAt: this.#options.now(), disk,
    };
    await this.#tree.addShare(record);
    await this.#store.sync();
    const share = this.#open(record, false);
    await this.#saveList();
    return this.#state(share);
  }

  async update(reference: string, change: { audience?: Audience; name?: string }): Promise<Share> {
    const share = this.#shares.find(reference);
    const { audience, name } = change;
    if (name !== undefined && this.#shares.uniqueName(checkShareName(name), share.id) !== name) throw new AppError('already-exists', { name });
    await this.#tree.updateShare(share.id, { ...(audience === undefined ? {} : { audience }), ...(name === undefined ? {} : { name }) });
    if (audience !== undefined) for (const listener of this.#onRights) listener();
    this.#changed(share.id, true);
    await this.#store.sync();
    await this.#saveList();
    return this.#state(share);
  }

  async remove(reference: string): Promise<void> {
    const share = this.#shares.find(reference);
    this.#shares.delete(share.id);
    this.#queue.stop(share.id);
    this.#announcer.forget(share.id);
    for (const listener of this.#onShareGone) listener(share.id);
    this.#changes.ring();
    await share.close();
    await this.#tree.removeShare(share.id);
    await this.#store.sync();
    await this.#saveList();
  }

  rescan(reference: string): Promise<Share> {
    const share = this.#shares.find(reference);
    share.rescan(true);
    return this.#state(share);
  }

  async pauseHashing(reference: string, paused: boolean): Promise<Share> {
    const share = this.#shares.find(reference);
    await this.#tree.updateShare(share.id, { paused });
    if (paused) this.#queue.stop(share.id);
    else this.#queue.wake();
    this.#changed(share.id, false);
    return this.#state(share);
  }

  async whenHashed(id: ShareId, signal: AbortSignal): Promise<Share> {
    for (;;) {
      if (this.#closed || signal.aborted) throw new AppError('cancelled');
      const share = this.#shares.find(id);
      const seen = this.#changes.rings;
      const state = await this.#state(share);
      if (share.missing !== null) throw new AppError(share.missing.code, share.missing.params);
      if (state.contentId !== null && !share.scanning) return state;
      await this.#changes.after(seen, signal);
    }
  }

  shares(): Promise<readonly Share[]> {
    return Promise.all(this.#shares.visible({ kind: 'self' }).map((share) => this.#state(share)));
  }

  async shareAt(viewer: Viewer, path: string): Promise<Share> {
    return this.#state(this.#shares.place(viewer, path).share);
  }

  async share(id: ShareId): Promise<Share | null> {
    const share = this.#shares.get(id);
    return share === undefined ? null : this.#state(share);
  }

  browse(viewer: Viewer, path: string, cursor: string | undefined, limit: number): ReturnType<Library['browse']> {
    return this.#reader.browse(viewer, path, cursor, limit);
  }

  async stat(viewer: Viewer, path: string): ReturnType<Library['stat']> {
    const location = await this.#reader.at(viewer, path);
    const name = publicName(location.share, location.path);
    if (location.entry.kind === 'folder') return { entry: toEntry(name, location.entry, viewer), file: null };
    const { file, entry } = await this.#finder.current(location, path);
    return { entry: toEntry(name, entry, viewer), file };
  }

  walk(viewer: Viewer, path: string, cursor: string | undefined, limit: number): ReturnType<Library['walk']> {
    // Whoever lists a folder to its last file fetches it, as a rule.
    return this.#reader.walk(viewer, path, cursor, limit, viewer.kind === 'self' ? undefined : (location) => { this.#finder.listed(location); });
  }

  findFile(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    return this.#finder.find(viewer, id);
  }

  fileToRead(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    return this.#finder.toRead(viewer, id);
  }

  wasChanged({ share, path, contentId }: FileRef): void {
    if (contentId !== null) this.#finder.forget(contentId);
    const runtime = share === null ? undefined : this.#shares.get(share);
    if (runtime !== undefined) this.#inBackground(runtime.refresh([path]));
  }

  async pieceLayer(viewer: Viewer, id: ContentId): Promise<Uint8Array | null> {
    const location = await this.#reader.firstLocation(viewer, id);
    if (location?.entry.kind !== 'file') return null;
    if (location.entry.bytes === 0) return new Uint8Array(0);
    if (location.entry.bytes <= limits.content.minPieceBytes) return Uint8Array.from(Buffer.from(id, 'hex'));
    return (await this.#store.get(tables.layer, id)) ?? null;
  }

  async resolve(viewer: Viewer, id: ContentId): ReturnType<Library['resolve']> {
    const location = await this.#reader.firstLocation(viewer, id);
    if (location === null) return null;
    const { kind, bytes } = location.entry;
    return { kind, name: publicName(location.share, location.path), bytes, files: location.entry.kind === 'folder' ? location.entry.files : 1 };
  }

  among(ids: readonly ContentId[]): Promise<Set<ContentId>> {
    return this.#reader.among(ids);
  }

  async manifest(viewer: Viewer, id: ContentId, page: number | null): Promise<ManifestPart | null> {
    const location = await this.#reader.firstLocation(viewer, id, 'folder');
    if (location === null) return null;
    return page === null ? this.#manifests.node(location) : this.#manifests.page(location, page);
  }

  search(viewer: Viewer, words: string, filter: SearchFilter): Promise<SearchResult> {
    return this.#index.search(viewer, words, filter);
  }

  hashSoon(file: FileRef): void {
    if (file.share !== null) this.#queue.soon(file.share, file.path);
  }

  async learned(file: FileRef, contentId: ContentId, pieceLayer: Uint8Array): Promise<void> {
    if (file.share === null) return;
    const layer = file.bytes > limits.content.minPieceBytes ? pieceLayer : null;
    await this.#tree.commit(file.share, [{ kind: 'hashed', path: file.path, version: file.version, contentId, layer }]);
  }

  isPrivate(path: string): boolean {
    return this.#places.isPrivate(path);
  }

  onShare(listener: (share: Share) => void): void {
    this.#onShare.add(listener);
  }

  onShareGone(listener: (id: ShareId) => void): void {
    this.#onShareGone.add(listener);
  }

  onListing(listener: (share: Share) => void): void {
    this.#onListing.add(listener);
  }

  onRights(listener: () => void): void {
    this.#onRights.add(listener);
  }

  /** Resolves when what was noticed so far is listed and every content id that can be known is. For tests and tools. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    await Promise.all(this.#shares.all().map((share) => share.settled()));
    await this.#tree.idle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changes.ring();
    await this.#announcer.close();
    await this.#queue.close();
    await Promise.all(this.#shares.all().map((share) => share.close()));
    while (this.#background.size > 0) await Promise.all(this.#background);
    await this.#tree.close();
  }

  #open(record: ShareRecord, useKept: boolean): ShareRuntime {
    const share = new ShareRuntime(record, useKept, {
      store: this.#store,
      tree: this.#tree,
      isPrivate: (path) => this.isPrivate(path),
      watch: this.#options.watch ?? startWatch,
      rescanMs: this.#options.rescanMs ?? (() => 60 * minute),
      touched: (id) => {
        this.#changed(id, false);
        this.#queue.wake();
      },
      failed: (error) => this.#failed(error),
    });
    this.#shares.add(share);
    // A share that was listed before is looked through again quietly; a new one shows that it is being scanned.
    const begin = async (): Promise<void> => {
      const root = await this.#reader.record(record.id, '');
      share.rescan(root === undefined || (root.kind === 'folder' && !root.listed));
    };
    this.#inBackground(begin());
    return share;
  }

  #newId(): ShareId {
    const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(this.#options.random() * 256));
    return shareIdSchema.parse(toHex(bytes));
  }

  #state(share: ShareRuntime): Promise<Share> {
    return shareState(this.#store, share, this.#queue);
  }

  #changed(share: ShareId, listing: boolean): void {
    this.#announcer.changed(share, listing);
    this.#changes.ring();
  }

  async #announce(id: ShareId, listing: boolean): Promise<void> {
    const share = this.#shares.get(id);
    if (share === undefined) return;
    const state = await this.#state(share);
    if (this.#closed || this.#shares.get(id) === undefined) return;
    for (const listener of this.#onShare) listener(state);
    if (listing) for (const listener of this.#onListing) listener(state);
  }

  /** A record of the store was there but not readable: the listing it belongs to is made anew, once. */
  #damaged(table: string, key: string): void {
    const id = table === tables.token.name || table === tables.location.name ? null : shareOfKey(key);
    const share = id === null ? undefined : this.#shares.get(id);
    // What is made anew is read several more times, and has been told of.
    if (share !== undefined && this.#rebuilt.get(share.id) === 'under way') return;
    this.#failed(new AppError('store-damaged', { detail: table }));
    if (share === undefined || this.#closed || this.#rebuilt.has(share.id)) return;
    this.#rebuilt.set(share.id, 'under way');
    this.#inBackground(this.#rebuild(share));
  }

  /** The list beside the store is for bad days: a failure to write it must not undo what was done. */
  async #saveList(): Promise<void> {
    await this.#backup.write(this.#shares.all().map(({ record }) => record)).catch((error: unknown) => this.#failed(error));
  }

  #inBackground(work: Promise<void>): void {
    const task = work.catch((error: unknown) => this.#failed(error)).finally(() => this.#background.delete(task));
    this.#background.add(task);
  }

  async #rebuild(share: ShareRuntime): Promise<void> {
    await share.close();
    if (this.#shares.get(share.id) !== share || this.#closed) return;
    await this.#tree.beginAnew(share.id);
    this.#rebuilt.set(share.id, 'done');
    this.#open(share.record, true);
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#options.onError?.(error);
  }
}
