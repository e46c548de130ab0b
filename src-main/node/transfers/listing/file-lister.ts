import { AppError, errorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { safePath } from '#shared/names.ts';
import type { WireFile } from '#shared/protocol/control.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { Link, Links } from '../../ports/links.ts';
import type { Receiver } from '../../ports/receiver.ts';
import { hasNoPlace, withoutPlaceAtOnce } from '../file/own-place.ts';
import { checkOffered } from './as-offered.ts';
import type { DownloadRecord, FileRecord } from '../records.ts';
import { readManifestPage } from './manifest-reader.ts';

export interface ListerPorts {
  readonly receiver: Pick<Receiver, 'makeFolder'>;
  readonly links: () => Pick<Links, 'get'>;
  linkTo(id: DeviceId, signal: AbortSignal): Promise<Link>;
  withSources<T>(id: ContentId, preferred: DeviceId | null, signal: AbortSignal, work: (links: readonly Link[]) => Promise<T>, waits?: () => void): Promise<T>;
}

/** Windows cannot store some characters that others can. */
export const nameRules = { windows: process.platform === 'win32' };

/** A page of the list, and what it costs. */
export interface ListedPage {
  /** What it is a list of: a folder may be a file at its source by now. With the empty folders of it that have no place, also of the pages before. */
  readonly of: Pick<DownloadRecord, 'kind' | 'contentId' | 'foldersLeft'>;
  readonly files: readonly FileRecord[];
  /** Null after the last page. */
  readonly next: string | null;
  /** Files and folders; an empty page counts as one. */
  readonly entries: number;
  /** About what its records take in the store. */
  readonly bytes: Bytes;
}

/** A record without its names. */
const recordBytes = 200;

/** A file in the place of a folder is listed as the folder itself. */
function whatIsListed({ kind, contentId, bundle, listCursor }: DownloadRecord, { files: [first, ...others], next }: { readonly files: readonly WireFile[]; readonly next: string | null }): Pick<DownloadRecord, 'kind' | 'contentId'> {
  const isFile = !bundle && listCursor === null && next === null && others.length === 0 && first?.kind === 'file' && first.path === '';
  return isFile && kind === 'folder' ? { kind: 'file', contentId: first.contentId } : { kind, contentId };
}

/** Reads the list of a download's files, page by page, so that fetching begins before a long list is complete. */
export class FileLister {
  readonly #ports: ListerPorts;

  constructor(ports: ListerPorts) {
    this.#ports = ports;
  }

  /** The page at `record.listCursor`; `next` is null after the last one. Empty folders are created as they come. `waits` is told when nobody who is linked can give it. */
  async next(record: DownloadRecord, signal: AbortSignal, waits: () => void): Promise<ListedPage> {
    const page = record.source.kind === 'path' ? await this.#walk(record, record.source, signal, waits) : await this.#readManifest(record, record.source.contentId, signal, waits);
    checkOffered(record.offered, page.files.map(({ path }) => path), page.files.reduce((sum, { bytes }) => sum + bytes, record.bytes));
    const files: FileRecord[] = [];
    const foldersLeft = [...record.foldersLeft];
    let listedBytes = recordBytes;
    for (const file of page.files) {
      const { path, changed } = safePath([...(record.bundle ? [] : [record.name]), ...(file.path === '' ? [] : file.path.split('/'))], nameRules);
      listedBytes += recordBytes + 2 * file.path.length;
      if (file.kind === 'folder') {
        await this.#ports.receiver.makeFolder(record.base, path).catch((error: unknown) => {
          if (foldersLeft.length >= withoutPlaceAtOnce || !hasNoPlace(errorInfo(error), record.base)) throw error;
          foldersLeft.push([...path]);
        });
        continue;
      }
      const { bytes, modifiedAt, executable, contentId } = file;
      if (bytes > limits.content.fileBytes) throw new AppError('protocol-error', { name: file.path });
      files.push({ remotePath: file.path, path: [...path], mapped: changed.length > 0, bytes, modifiedAt, executable, contentId, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' });
    }
    return { of: { ...whatIsListed(record, page), foldersLeft }, files, next: page.next, entries: Math.max(1, page.files.length), bytes: listedBytes };
  }

  /** A file that changed at its source, as it is there now; the same record when nothing is different, or the source is away: others may have what it had. */
  async refresh(record: DownloadRecord, file: FileRecord, signal: AbortSignal): Promise<FileRecord> {
    const { source } = record;
    const link = source.kind === 'path' ? this.#ports.links().get(source.peer) : undefined;
    if (source.kind !== 'path' || link === undefined) return file;
    const path = file.remotePath === '' ? source.path : `${source.path}/${file.remotePath}`;
    const { entry, executable } = await link.request('stat', { path }, { signal });
    if (entry.kind !== 'file' || (entry.bytes === file.bytes && entry.contentId === file.contentId)) return file;
    checkOffered(record.offered, [file.remotePath], record.bytes - file.bytes + entry.bytes);
    return { ...file, bytes: entry.bytes, modifiedAt: entry.modifiedAt, contentId: entry.contentId, executable };
  }

  async #walk(record: DownloadRecord, source: { peer: DeviceId; path: string }, signal: AbortSignal, waits: () => void): Promise<{ files: readonly WireFile[]; next: string | null }> {
    if (this.#ports.links().get(source.peer) === undefined) waits();
    const link = await this.#ports.linkTo(source.peer, signal);
    if (record.kind === 'file' && !record.bundle) {
      const { entry, executable } = await link.request('stat', { path: source.path }, { signal });
      // A folder is more than was asked for, and may be anything: whoever wants that asks for it.
      if (entry.kind !== 'file') throw new AppError('source-changed', { name: record.name });
      const { bytes, modifiedAt, contentId } = entry;
      return { files: [{ path: '', kind: 'file', bytes, modifiedAt, executable, contentId }], next: null };
    }
    return link.request('walk', { path: source.path, ...(record.listCursor === null ? {} : { cursor: record.listCursor }), limit: limits.browse.entriesPerPage }, { signal });
  }

  #readManifest(record: DownloadRecord, id: ContentId, signal: AbortSignal, waits: () => void): Promise<{ files: readonly WireFile[]; next: string | null }> {
    return this.#ports.withSources(id, null, signal, (links) => readManifestPage(links, record, id, signal), waits);
  }
}
