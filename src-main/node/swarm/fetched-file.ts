import type { FileListener } from './swarm-ports.ts';

/** A file that is being fetched, as the driver of the swarm knows it. */
export class FetchedFile {
  readonly listener: FileListener;
  /** Null while it is not known: then the keys tell versions of the file from each other. */
  readonly root: Uint8Array | null;
  /** The key by which each source knows the file: its root, or a provisional one. */
  readonly keys = new Map<number, Uint8Array>();
  /** The key that came last. */
  #key: Uint8Array | null = null;

  constructor(root: Uint8Array | null, listener: FileListener) {
    this.root = root;
    this.listener = listener;
  }

  /** A source knows the file by this key. True when it may be another version than what came before. */
  noteKey(peer: number, key: Uint8Array): boolean {
    const last = this.#key;
    this.#key = key;
    this.keys.set(peer, key);
    return this.root === null && last !== null && Buffer.compare(last, key) !== 0;
  }
}
