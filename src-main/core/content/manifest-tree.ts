import { limits } from '#shared/limits.ts';
import { compareNames, encodeNode, encodePage, entryBytes, isManifestName, nameBytes, pageHeaderBytes, type ManifestEntry } from '#shared/protocol/manifest.ts';
import type { Bytes } from '#shared/units.ts';
import { hashBytes, type Sha256 } from './merkle.ts';

export interface ManifestPage {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  /** Name of its first entry: where to begin when the page is to be built again. */
  readonly first: string;
  readonly entries: number;
}

export interface FolderManifest {
  readonly node: Uint8Array;
  /** SHA-256 of the node, 32 bytes. */
  readonly id: Uint8Array;
}

/**
 * Builds the manifest of one folder from its entries in order, a page at a time, so that memory does not depend on how
 * many there are. A page is closed when the next entry does not fit any more: the pages of a folder follow from its
 * entries alone, and so does its id.
 */
export class ManifestBuilder {
  readonly #sha256: Sha256;
  readonly #onPage: (page: ManifestPage) => void;
  #entries: { entry: ManifestEntry; name: Uint8Array }[] = [];
  #pageBytes = pageHeaderBytes;
  #last: string | null = null;
  readonly #hashes: Uint8Array[] = [];

  constructor(sha256: Sha256, onPage: (page: ManifestPage) => void = () => undefined) {
    this.#sha256 = sha256;
    this.#onPage = onPage;
  }

  /** Throws when the entry is out of order or its name cannot stand in a manifest. */
  add(entry: ManifestEntry): void {
    const name = nameBytes(entry.name);
    if (!isManifestName(entry.name, name.length)) throw new RangeError('not a name for a manifest');
    if (this.#last !== null && compareNames(this.#last, entry.name) >= 0) throw new RangeError('entries of a manifest come in order');
    if (this.#entries.length === limits.content.manifestPageEntries || this.#pageBytes + entryBytes(name.length) > limits.content.manifestPageBytes) this.#closePage();
    this.#entries.push({ entry, name });
    this.#pageBytes += entryBytes(name.length);
    this.#last = entry.name;
  }

  /** More entries than a manifest can list: such a folder has no content id. */
  get isOverfull(): boolean {
    return this.#hashes.length >= limits.content.manifestPagesPerFolder;
  }

  /** `files`, `bytes`: of everything below the folder. */
  finish(files: number, bytes: Bytes): FolderManifest {
    if (this.#entries.length > 0) this.#closePage();
    const pages = new Uint8Array(this.#hashes.length * hashBytes);
    this.#hashes.forEach((hash, number) => pages.set(hash, number * hashBytes));
    const node = encodeNode({ files, bytes, pages });
    const id = new Uint8Array(hashBytes);
    this.#sha256(node, id, 0);
    return { node, id };
  }

  #closePage(): void {
    const bytes = encodePage(this.#entries);
    const hash = new Uint8Array(hashBytes);
    this.#sha256(bytes, hash, 0);
    this.#hashes.push(hash);
    this.#onPage({ bytes, hash, first: this.#entries[0]?.entry.name ?? '', entries: this.#entries.length });
    this.#entries = [];
    this.#pageBytes = pageHeaderBytes;
  }
}
