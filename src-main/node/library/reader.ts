import { AppError } from '#shared/errors.ts';
import type { ContentId, ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Entry } from '#shared/model/share.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { Page, Viewer } from '../ports/library.ts';
import { notFound, type Place, type ShareList } from './share-list.ts';
import type { ShareRuntime } from './share-runtime.ts';
import { childrenRange, entryKey, joinPath, locationPrefix, locationsRange, nameOf, parentOf, pathOfEntryKey, pathOfPathKey, shareOfKey, tables, tailOfKey, type EntryRecord, type FolderRecord } from './tables.ts';

/** Where a content lies, as far as a viewer may know. */
export interface Location extends Place {
  readonly entry: EntryRecord;
}

/** Places of one content that are looked at; with more the first ones do as well. */
const placesLookedAt = 64;

export function toEntry(name: string, record: EntryRecord, viewer: Viewer): Entry {
  const { kind, bytes, modifiedAt, contentId } = record;
  return { name, kind, bytes, files: kind === 'folder' ? record.files : 1, modifiedAt, contentId, haveBytes: viewer.kind === 'self' ? bytes : null };
}

/** Looks into the listings: every look says who looks. */
export class LibraryReader {
  readonly #store: Store;
  readonly #shares: ShareList;

  constructor(store: Store, shares: ShareList) {
    this.#store = store;
    this.#shares = shares;
  }

  record(share: ShareId, path: string): Promise<EntryRecord | undefined> {
    return this.#store.get(tables.entry, entryKey(share, path));
  }

  /** Rejects with `not-found`. */
  async at(viewer: Viewer, path: string): Promise<Location> {
    const place = this.#shares.place(viewer, path);
    const entry = await this.record(place.share.id, place.path);
    if (entry === undefined) throw notFound(path);
    return { ...place, entry };
  }

  async browse(viewer: Viewer, path: string, cursor: string | undefined, limit: number): Promise<Page<Entry>> {
    if (path === '') return this.#browseShares(viewer, cursor, limit);
    const { share, path: inside, entry } = await this.at(viewer, path);
    if (entry.kind === 'file') throw notFound(path);
    const rows = await this.#store.rows(tables.entry, { ...childrenRange(share.id, inside, cursor), limit: limit + 1 });
    const entries = rows.slice(0, limit).map(([key, record]) => toEntry(nameOf(pathOfEntryKey(key)), record, viewer));
    return { entries, total: entry.children, next: rows.length > limit ? (entries.at(-1)?.name ?? null) : null };
  }

  async #browseShares(viewer: Viewer, cursor: string | undefined, limit: number): Promise<Page<Entry>> {
    const visible = this.#shares.visible(viewer);
    const after = visible.filter(({ record }) => cursor === undefined || record.name > cursor);
    const entries = await Promise.all(after.slice(0, limit).map(async (share) => toEntry(share.record.name, await this.#root(share), viewer)));
    return { entries, total: visible.length, next: after.length > limit ? (entries.at(-1)?.name ?? null) : null };
  }

  /** A share that has just been added is an empty one until the first look at the disk. */
  async #root(share: ShareRuntime): Promise<EntryRecord> {
    const { kind, addedAt } = share.record;
    const before = { bytes: 0, modifiedAt: addedAt, contentId: null };
    const unseen: EntryRecord = kind === 'file'
      ? { ...before, kind, executable: false, version: '' }
      : { ...before, kind, files: 0, folders: 0, children: 0, open: 0, listed: false };
    return (await this.record(share.id, '')) ?? unseen;
  }

  /** Depth first, each folder in the order of its listing, at most `limit` and about `limits.browse.pathBytes` of paths; the cursor is the last path given. `note` hears where each one lies. Rejects with `not-found`, and with `bad-argument` for a cursor that no listing gave. */
  async walk(viewer: Viewer, path: string, cursor: string | undefined, limit: number, note: (location: Location) => void = () => undefined): Promise<Page<{ path: string; entry: Entry; executable: boolean }>> {
    const { share, path: inside, entry } = await this.at(viewer, path);
    if (entry.kind === 'file') {
      return { entries: [{ path: '', entry: toEntry(nameOf(path), entry, viewer), executable: entry.executable }], total: 1, next: null };
    }
    const found: { path: string; entry: Entry; executable: boolean }[] = [];
    let pathBytes = 0;
    for await (const [below, record] of this.#files(share.id, inside, cursor)) {
      if (found.length === limit || pathBytes > limits.browse.pathBytes) return { entries: found, total: entry.files, next: found.at(-1)?.path ?? null };
      pathBytes += Buffer.byteLength(below);
      found.push({ path: below, entry: toEntry(nameOf(below), record, viewer), executable: record.kind === 'file' && record.executable });
      note({ share, path: joinPath(inside, below), entry: record });
    }
    return { entries: found, total: entry.files, next: null };
  }

  /** Files and empty folders below a folder, from after `cursor` on; paths are relative to the folder. */
  async *#files(share: ShareId, folder: string, cursor: string | undefined): AsyncGenerator<[string, EntryRecord], void, undefined> {
    if (cursor === undefined) {
      yield* this.#below(share, folder, '', undefined);
      return;
    }
    // What is left: after the cursor in its own folder, then after that folder in the one above it, and so on.
    const components = cursor.split('/', limits.content.folderDepth + 1);
    // Nothing lies deeper. Each level is a look into the store, and others write the cursor.
    if (components.length > limits.content.folderDepth) throw new AppError('bad-argument', { argument: 'cursor' });
    for (let depth = components.length - 1; depth >= 0; depth--) {
      yield* this.#below(share, folder, components.slice(0, depth).join('/'), components[depth]);
    }
  }

  async *#below(share: ShareId, folder: string, path: string, after: string | undefined): AsyncGenerator<[string, EntryRecord], void, undefined> {
    const whole = folder === '' ? path : path === '' ? folder : `${folder}/${path}`;
    for await (const rows of this.#store.batches(tables.entry, childrenRange(share, whole, after))) {
      for (const [key, record] of rows) {
        const below = joinPath(path, nameOf(pathOfEntryKey(key)));
        if (record.kind === 'file' || record.children === 0) yield [below, record];
        else yield* this.#below(share, folder, below, undefined);
      }
    }
  }

  /** The files of a place's folder that are listed after it, at most `count`. */
  async after({ share, path }: Place, count: number): Promise<Location[]> {
    const rows = await this.#store.rows(tables.entry, { ...childrenRange(share.id, parentOf(path), nameOf(path)), limit: count });
    return rows.map(([key, entry]) => ({ share, path: pathOfEntryKey(key), entry }));
  }

  /** Places where a content lies and that this viewer may see, in no particular order. */
  async *locations(viewer: Viewer, id: ContentId): AsyncGenerator<Location, void, undefined> {
    const first = await this.#store.keys(tables.location, { ...locationsRange(id), limit: placesLookedAt });
    let wasVisible = false;
    for (const key of first) {
      const tail = tailOfKey(key);
      const shareId = shareOfKey(tail);
      const share = shareId === null ? null : this.#shares.visibleById(viewer, shareId);
      if (share === null) continue;
      wasVisible = true;
      yield* this.#locationAt(share, pathOfPathKey(tail), id);
    }
    if (wasVisible || first.length < placesLookedAt) return;
    // The first ones all lie in shares of which this viewer knows nothing.
    for (const share of this.#shares.visible(viewer)) {
      const keys = await this.#store.keys(tables.location, { ...locationsRange(id, share.id), limit: placesLookedAt });
      for (const key of keys) yield* this.#locationAt(share, pathOfPathKey(tailOfKey(key)), id);
    }
  }

  async *#locationAt(share: ShareRuntime, path: string, id: ContentId): AsyncGenerator<Location, void, undefined> {
    const entry = await this.record(share.id, path);
    if (entry?.contentId === id) yield { share, path, entry };
  }

  async firstLocation(viewer: Viewer, id: ContentId, kind?: 'folder'): Promise<(Location & { entry: FolderRecord }) | Location | null> {
    for await (const location of this.locations(viewer, id)) if (kind === undefined || location.entry.kind === kind) return location;
    return null;
  }

  /** Those of the contents that lie in a share. */
  async among(ids: readonly ContentId[]): Promise<Set<ContentId>> {
    const noted = await this.#store.prefixesInUse(tables.location, ids.map(locationPrefix));
    const there = new Set<ContentId>();
    // A place that was noted once may hold something else by now.
    await Promise.all(ids.map(async (id) => { if (noted.has(locationPrefix(id)) && (await this.firstLocation({ kind: 'self' }, id)) !== null) there.add(id); }));
    return there;
  }
}

/** Path of a place as viewers name it. */
export const publicPath = (share: ShareRuntime, path: string): string => (path === '' ? share.record.name : `${share.record.name}/${path}`);
export const publicName = (share: ShareRuntime, path: string): string => (path === '' ? share.record.name : nameOf(path));
