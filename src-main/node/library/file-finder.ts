import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import type { ContentId } from '#shared/ids.ts';
import type { FileRef, Viewer } from '../ports/library.ts';
import { observePath } from './share-scan.ts';
import type { LibraryReader, Location } from './reader.ts';
import { notFound } from './share-list.ts';
import type { FileRecord } from './tables.ts';

/**
 * Finds files to read, as they are on disk at this moment: a file that is not what its listing says is looked at again
 * before anybody gets it, and never given out under its old content id.
 */
export class FileFinder {
  readonly #reader: LibraryReader;
  readonly #isPrivate: (diskPath: string) => boolean;

  constructor(reader: LibraryReader, isPrivate: (diskPath: string) => boolean) {
    this.#reader = reader;
    this.#isPrivate = isPrivate;
  }

  /** A file with this content that is unchanged on disk. */
  async find(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    for await (const location of this.#reader.locations(viewer, id)) {
      if (location.entry.kind === 'file' && (await this.#isUnchanged(location, location.entry))) return toRef(location, location.entry);
    }
    return null;
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
    if (state.kind === 'file' && state.version === entry.version && (await isInside(share.diskPath(path), share.record.path))) return true;
    await share.refresh([path]);
    return false;
  }
}

/** Whether no folder on the way has become a link that leads out of the share. */
async function isInside(disk: string, root: string): Promise<boolean> {
  try {
    const real = await realpath(disk);
    return real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
  } catch {
    // It went between two looks: it is not there, so it is not inside.
    return false;
  }
}

const toRef = ({ share, path }: Location, { bytes, modifiedAt, executable, version, contentId }: FileRecord): FileRef => ({
  share: share.id, path, diskPath: share.diskPath(path), bytes, modifiedAt, executable, version, contentId,
});
