import type { Looker } from '#main/core/access/audience.ts';
import type { ContentId, OfferId, ShareId } from '#shared/ids.ts';
import type { Audience, Entry, Share } from '#shared/model/share.ts';
import type { SearchFilter } from '#shared/model/search.ts';
import type { FileType } from '#shared/model/search.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';

/** Every look into the library says who looks. */
export type Viewer = Looker;

export interface Page<T> {
  readonly entries: readonly T[];
  readonly total: number;
  readonly next: string | null;
}

/** A file as it is on disk now. `version`: see `fileVersion`. */
export interface FileRef {
  /** Null for a file that is pushed or passed on, not shared. */
  readonly share: ShareId | null;
  /** Path inside the share, `/`-separated; empty when the share is a file. Without a share it begins with the name of what is pushed or passed on. */
  readonly path: string;
  readonly diskPath: string;
  /** Real path of what it must lie in, links followed: the share's or the offered folder, or the file itself. */
  readonly inside: string;
  readonly bytes: Bytes;
  readonly modifiedAt: Timestamp;
  readonly executable: boolean;
  readonly version: string;
  readonly contentId: ContentId | null;
  /** The push that it belongs to; not there when it is shared or passed on. */
  readonly offer?: OfferId;
}

/** A folder's manifest as docs/protocol.md lays it out. */
export interface ManifestPart {
  readonly bytes: Uint8Array;
  /** Times and executable bits beside the content id; same order as the page's entries. Empty for a node. */
  readonly attributes: Uint8Array;
}

export interface LibraryHit {
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly type: FileType;
  readonly bytes: Bytes;
  readonly modifiedAt: Timestamp;
  readonly contentId: ContentId | null;
  readonly score: number;
}

export interface SearchResult {
  /** Best first. */
  readonly hits: readonly LibraryHit[];
  /** There may be more than these: the answer was full, or a word too common to look at everything it names. */
  readonly truncated: boolean;
}

/** What this device shares: scanned, listed, hashed, watched, searched. Implemented by `LibraryService`. */
export interface Library {
  add(path: string, audience: Audience, name?: string): Promise<Share>;
  update(share: string, change: { audience?: Audience; name?: string }): Promise<Share>;
  remove(share: string): Promise<void>;
  rescan(share: string): Promise<Share>;
  pauseHashing(share: string, paused: boolean): Promise<Share>;
  whenHashed(id: ShareId, signal: AbortSignal): Promise<Share>;
  shares(): Promise<readonly Share[]>;
  /** The share that a path leads into. Rejects with `not-found`, also when it is not for the viewer. What it takes says nothing of other shares. */
  shareAt(viewer: Viewer, path: string): Promise<Share>;
  share(id: ShareId): Promise<Share | null>;

  /** Empty path: the shares this viewer may see, as entries. Rejects with `not-found` alike for absent and for forbidden. */
  browse(viewer: Viewer, path: string, cursor: string | undefined, limit: number): Promise<Page<Entry>>;
  /** One file or folder; for a file also where it lies. */
  stat(viewer: Viewer, path: string): Promise<{ entry: Entry; file: FileRef | null }>;
  /** All files below a path, in listing order, paged; folders without files come as entries of kind `folder`. */
  walk(viewer: Viewer, path: string, cursor: string | undefined, limit: number): Promise<Page<{ path: string; entry: Entry; executable: boolean }>>;
  /** A file with this root that the viewer may read and that is unchanged on disk, else null. */
  findFile(viewer: Viewer, id: ContentId): Promise<FileRef | null>;
  /**
   * As `findFile`, but as the file was last seen: whoever reads it checks that it still is that version and still inside
   * of its share, and says so with `wasChanged` when it is not. Content that is fetched in the order of its listing costs
   * one look at the store for hundreds of files.
   */
  fileToRead(viewer: Viewer, id: ContentId): Promise<FileRef | null>;
  wasChanged(file: FileRef): void;
  /** Piece hashes of a file root (32 bytes each), or null when not here or not for the viewer. */
  pieceLayer(viewer: Viewer, id: ContentId): Promise<Uint8Array | null>;
  /** What a content id is, if the viewer may see it. */
  resolve(viewer: Viewer, id: ContentId): Promise<{ kind: 'file' | 'folder'; name: string; bytes: Bytes; files: number } | null>;
  /** Those of the contents that lie in a share, whoever it is for. A whole page of somebody's listing costs little more than those that do. */
  among(ids: readonly ContentId[]): Promise<Set<ContentId>>;
  /** Page 0… of a folder's manifest, or its node with `page: null`. */
  manifest(viewer: Viewer, id: ContentId, page: number | null): Promise<ManifestPart | null>;
  search(viewer: Viewer, words: string, filter: SearchFilter): Promise<SearchResult>;
  /** Somebody waits for it: hashed before everything else. */
  hashSoon(file: FileRef): void;
  /** Hash found while the file was being sent ("one read feeds hash and wire"); stored if the version still fits. */
  learned(file: FileRef, contentId: ContentId, pieceLayer: Uint8Array): Promise<void>;

  /** Whether something on this machine, by its real path, is never given to anybody: what this device keeps of its own, as its key. */
  isPrivate(path: string): boolean;
  onShare(listener: (share: Share) => void): void;
  onShareGone(listener: (id: ShareId) => void): void;
  /** A share is for others than before: told at once, before the change is answered. */
  onRights(listener: () => void): void;
  /** Content below a share changed (for peers who look at it). */
  onListing(listener: (share: Share) => void): void;
  close(): Promise<void>;
}
