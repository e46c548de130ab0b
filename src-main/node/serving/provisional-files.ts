import { randomBytes } from 'node:crypto';
import { contentIdOf, type ContentId } from '#shared/ids.ts';
import { hashBytes, Merkle } from '../../core/content/merkle.ts';
import { pieceBytesFor, pieceCount } from '../../core/content/piece-size.ts';
import { sha256 } from '../../disk/hash/sha256.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';

const keysPerLink = 1024;
const versionsKept = 4096;

/** A file that is sent before it has a root: "one read feeds hash and wire". Its pieces' hashes are kept as they go out. */
export class ProvisionalFile {
  readonly key: string;
  readonly file: FileRef;
  readonly pieceBytes: number;
  readonly #layer: Uint8Array;
  readonly #known: boolean[];
  #missing: number;
  #contentId: ContentId | null = null;

  constructor(file: FileRef) {
    this.key = randomBytes(hashBytes).toString('hex');
    this.file = file;
    this.pieceBytes = pieceBytesFor(file.bytes);
    this.#missing = pieceCount(file.bytes, this.pieceBytes);
    this.#known = new Array<boolean>(this.#missing).fill(false);
    this.#layer = new Uint8Array(this.#missing * hashBytes);
  }

  get isWholePiece(): boolean {
    return this.#known.length <= 1;
  }

  pieceHash(piece: number): Uint8Array | null {
    return this.#known[piece] === true ? this.#layer.subarray(piece * hashBytes, (piece + 1) * hashBytes) : null;
  }

  /** Returns the root and the layer when this was the last piece whose hash was missing. */
  learn(piece: number, hash: Uint8Array): { contentId: ContentId; layer: Uint8Array } | null {
    if (this.#known[piece] !== false) return null;
    this.#known[piece] = true;
    this.#layer.set(hash, piece * hashBytes);
    if (--this.#missing > 0) return null;
    this.#contentId = contentIdOf(new Merkle(sha256).rootOfLayer(this.#layer, this.pieceBytes));
    return { contentId: this.#contentId, layer: this.#layer };
  }

  /** The whole file was read at once. */
  learnWhole(contentId: ContentId, layer: Uint8Array): void {
    this.#layer.set(layer.subarray(0, this.#layer.length));
    this.#known.fill(true);
    this.#missing = 0;
    this.#contentId = contentId;
  }

  get layer(): Uint8Array {
    return this.#layer;
  }

  get contentId(): ContentId | null {
    return this.#contentId;
  }
}

/** What a key stands for on one link. */
export interface OpenedFile {
  readonly file: ProvisionalFile;
  /** Finds it anew as the device may see it now; rejects when it may not, or not any more. */
  readonly find: () => Promise<unknown>;
}

/**
 * Keys under which files without a root are asked for. A key is good for the link it was given to, and for no other, and only as long as
 * the device finds the file by which it got the key.
 */
export class ProvisionalFiles {
  readonly #byLink = new WeakMap<Link, Map<string, OpenedFile>>();
  /** The same file sent to several devices is read and hashed for all of them together. */
  readonly #byVersion = new Map<string, WeakRef<ProvisionalFile>>();

  open(link: Link, file: FileRef, find: OpenedFile['find']): ProvisionalFile {
    const version = `${file.diskPath}\0${file.version}`;
    const known = this.#byVersion.get(version)?.deref();
    const opened = known ?? new ProvisionalFile(file);
    if (known === undefined) this.#byVersion.set(version, new WeakRef(opened));
    const keys = this.#byLink.get(link) ?? new Map<string, OpenedFile>();
    this.#byLink.set(link, keys);
    keys.set(opened.key, { file: opened, find });
    // The oldest key makes room: its file can be opened again.
    for (const key of keys.keys()) {
      if (keys.size <= keysPerLink) break;
      keys.delete(key);
    }
    if (this.#byVersion.size > versionsKept) this.#sweep();
    return opened;
  }

  /** A file that got its root by being sent to this link. */
  withRoot(link: Link, id: ContentId): ProvisionalFile | null {
    for (const { file } of this.#byLink.get(link)?.values() ?? []) if (file.contentId === id) return file;
    return null;
  }

  find(link: Link, key: string): OpenedFile | undefined {
    return this.#byLink.get(link)?.get(key);
  }

  #sweep(): void {
    for (const [version, file] of this.#byVersion) if (file.deref() === undefined) this.#byVersion.delete(version);
  }
}
