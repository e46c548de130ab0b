import { realpath } from 'node:fs/promises';
import type { ContentId, ShareId } from '#shared/ids.ts';
import { isInside } from '../../disk/is-inside.ts';
import type { FileRef, Viewer } from '../ports/library.ts';
import { observePath } from './share-scan.ts';
import type { LibraryReader, Location } from './reader.ts';
import { notFound, type Place, type ShareList } from './share-list.ts';
import { parentOf, type EntryRecord, type FileRecord } from './tables.ts';

/** Files listed after one that was asked for, in the same folder, that are probably asked for next. */
const neighbours = 256;
/** When it is the first one of its folder: perhaps nobody wants the others. */
const firstNeighbours = 16;
const filesRemembered = 16_384;

/**
 * Finds files to read, as they are on disk at this moment: a file that is not what its listing says is looked at again
 * before anybody gets it, and never given out under its old content id.
 */
export class FileFinder {
  readonly #reader: LibraryReader;
  readonly #isPrivate: (diskPath: string) => boolean;

  readonly #shares: ShareList;
  /** Where contents were seen that will probably be asked for, oldest first. */
  readonly #seen = new Map<ContentId, { readonly share: ShareId; readonly path: string; readonly entry: FileRecord }>();
  #looking: Promise<unknown> | null = null;
  /** Folder of the last file that was looked for in the store. */
  #lastFolder = '';

  constructor(reader: LibraryReader, shares: ShareList, isPrivate: (diskPath: string) => boolean) {
    this.#reader = reader;
    this.#shares = shares;
    this.#isPrivate = isPrivate;
  }

  /** A file with this content that is unchanged on disk. */
  async find(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    for await (const location of this.#reader.locations(viewer, id)) {
      if (location.entry.kind === 'file' && (await this.#isUnchanged(location, location.entry))) return toRef(location, location.entry);
    }
    return null;
  }

  /** See `Library.fileToRead`. One look after the other: each brings along what is listed next, which others wait for. */
  async toRead(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    for (;;) {
      const seen = this.#seenBy(viewer, id);
      if (seen !== null) return seen;
      if (this.#looking === null) break;
      await this.#looking;
    }
    const looking = this.#look(viewer, id);
    const settled = looking.then(() => undefined, () => undefined).then(() => { if (this.#looking === settled) this.#looking = null; });
    this.#looking = settled;
    return looking;
  }

  /** It was not what it should be: the next time it is looked for on disk. */
  forget(id: ContentId): void {
    this.#seen.delete(id);
  }

  /** It was listed for somebody, and is probably asked for next. */
  listed({ share, path, entry }: Location): void {
    this.#note(share.id, path, entry);
  }

  #seenBy(viewer: Viewer, id: ContentId): FileRef | null {
    const seen = this.#seen.get(id);
    const share = seen === undefined ? null : this.#shares.visibleById(viewer, seen.share);
    return seen === undefined || share === null ? null : toRef({ share, path: seen.path }, seen.entry);
  }

  async #look(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    const found = await this.find(viewer, id);
    const share = found?.share == null ? null : this.#shares.visibleById(viewer, found.share);
    if (found === null || share === null || found.path === '') return found;
    const folder = `${share.id}/${parentOf(found.path)}`;
    const count = folder === this.#lastFolder ? neighbours : firstNeighbours;
    for (const { path, entry } of await this.#reader.after({ share, path: found.path }, count)) this.#note(share.id, path, entry);
    this.#lastFolder = folder;
    return found;
  }

  #note(share: ShareId, path: string, entry: EntryRecord): void {
    if (entry.kind !== 'file' || entry.contentId === null) return;
    this.#seen.delete(entry.contentId);
    this.#seen.set(entry.contentId, { share, path, entry });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= filesRemembered) break;
      this.#seen.delete(oldest);
    }
  }

  /** The file at a place as it is now. Rejects with `not-found` when it is gone. */
  async current(location: Location, publicPath: string): Promise<{ entry: FileRecord; file: FileRef }> {
    const { share, path, entry } = location;
    if (entry.kind === 'file' && (await this.#isUnchanged(location, entry))) return { entry, file: toRef(location, entry) };
    const now = await this.#reader.record(share.id, path);
    if (now?.kind !== 'file' || !(await this.#isUnchanged(location, now))) throw notFound(publicPath);
    return { entry: now, file: toRef(location, now) };
  }

  async #isUnchanged({ share, path }: Location, entry: FileRecord): Promise<boolean> {
    const state = await observePath({ root: share.record.path, isPrivate: this.#isPrivate }, path);
    if (state.kind === 'file' && state.version === entry.version && (await leadsInside(share.diskPath(path), share.record.path))) return true;
    await share.refresh([path]);
    return false;
  }
}

/** Whether no folder on the way has become a link that leads out of the share. */
async function leadsInside(disk: string, root: string): Promise<boolean> {
  try {
    return isInside(root, await realpath(disk));
  } catch {
    // It went between two looks: it is not there, so it is not inside.
    return false;
  }
}

const toRef = ({ share, path }: Place, { bytes, modifiedAt, executable, version, contentId }: FileRecord): FileRef => ({
  share: share.id, path, diskPath: share.diskPath(path), inside: share.record.path, bytes, modifiedAt, executable, version, contentId,
});
