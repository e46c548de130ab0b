import { fromHex, toHex, type ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { encodeAttributes, encodeNode, encodePage, nameBytes, type ManifestEntry } from '#shared/protocol/manifest.ts';
import { ManifestBuilder } from '#main/core/content/manifest-tree.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { ManifestPart } from '../ports/library.ts';
import type { Location } from './reader.ts';
import { childrenRange, entryKey, nameOf, pathOfEntryKey, tables, type FolderRecord } from './tables.ts';

const nothing = new Uint8Array(0);

/**
 * Manifests of folders, built again from the listing whenever somebody asks: of long ones the first name and
 * the hash of each page are kept. What does not hash to the folder's content id any more is not given out.
 */
export class Manifests {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The node of a folder. Null when the listing changed meanwhile. */
  async node({ share, path, entry }: Location): Promise<ManifestPart | null> {
    if (entry.kind !== 'folder') return null;
    const pages = await this.#store.get(tables.page, entryKey(share.id, path));
    const node = pages === undefined
      ? await this.#nodeOfOnePage(share.id, path, entry)
      : encodeNode({ files: entry.files, bytes: entry.bytes, pages: fromHex(pages.map(({ hash }) => hash).join('')) });
    if (node === null) return null;
    const id = new Uint8Array(32);
    sha256(node, id, 0);
    return toHex(id) === entry.contentId ? { bytes: node, attributes: nothing } : null;
  }

  async #nodeOfOnePage(share: ShareId, path: string, folder: FolderRecord): Promise<Uint8Array | null> {
    const builder = new ManifestBuilder(sha256);
    const rows = await this.#store.rows(tables.entry, { ...childrenRange(share, path), limit: limits.content.manifestPageEntries });
    for (const [key, { kind, bytes, contentId }] of rows) {
      if (contentId === null) return null;
      builder.add({ kind, name: nameOf(pathOfEntryKey(key)), bytes, root: fromHex(contentId) });
    }
    return builder.finish(folder.files, folder.bytes).node;
  }

  /** One page of a folder; reads only its entries. Null when there is no such page, or the listing changed meanwhile. */
  async page({ share, path, entry }: Location, number: number): Promise<ManifestPart | null> {
    if (entry.kind !== 'folder' || entry.children === 0) return null;
    const pages = (await this.#store.get(tables.page, entryKey(share.id, path))) ?? [{ first: '' }];
    const first = pages[number]?.first;
    if (first === undefined) return null;
    const until = pages[number + 1]?.first;
    const range = childrenRange(share.id, path);
    const rows = await this.#store.rows(tables.entry, {
      ...range,
      ...(number === 0 ? {} : { from: `${range.from ?? ''}${first}` }),
      ...(until === undefined ? {} : { before: `${range.from ?? ''}${until}` }),
      limit: limits.content.manifestPageEntries,
    });
    const entries: { entry: ManifestEntry; name: Uint8Array }[] = [];
    for (const [key, { kind, bytes, contentId }] of rows) {
      if (contentId === null) return null;
      const name = nameOf(pathOfEntryKey(key));
      entries.push({ entry: { kind, name, bytes, root: fromHex(contentId) }, name: nameBytes(name) });
    }
    // Every change takes the folder's id away in the same write: with the id still there, these are its entries.
    if ((await this.#store.get(tables.entry, entryKey(share.id, path)))?.contentId !== entry.contentId) return null;
    const attributes = encodeAttributes(rows.map(([, record]) => ({ modifiedAt: record.modifiedAt, executable: record.kind === 'file' && record.executable })));
    return { bytes: encodePage(entries), attributes };
  }
}
