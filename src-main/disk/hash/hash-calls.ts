import type { Bytes, Millis } from '#shared/units.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import type { SmallReads } from './read-small-files.ts';

export type SmallHashError = 'file-changed' | 'file-missing' | 'no-permission' | 'disk-error';

/** A file that several threads hash together: each takes the next part until none is left. */
export interface SharedFile {
  readonly path: string;
  readonly bytes: Bytes;
  /** The version the file must have before a thread reads of it and after. */
  readonly version: string;
  readonly pieceBytes: Bytes;
  /** One number: how many parts have been taken. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** Piece hashes, 32 bytes each, written by whoever hashed the piece. */
  readonly layer: Uint8Array<SharedArrayBuffer>;
}

/** One result or error each, and how long the thread was at it. */
export interface HashedFiles {
  readonly hashes: readonly (FileHash | { readonly error: SmallHashError })[];
  readonly tookMs: Millis;
}

/** What hash workers do. */
export type HashCalls = {
  readonly file: { readonly params: string; readonly result: FileHash };
  /** Bytes that this thread hashed. */
  readonly share: { readonly params: SharedFile; readonly result: Bytes };
  readonly root: { readonly params: { readonly layer: Uint8Array; readonly pieceBytes: Bytes }; readonly result: Uint8Array };
  readonly files: { readonly params: readonly string[]; readonly result: HashedFiles };
  readonly read: { readonly params: SmallReads; readonly result: Uint8Array };
  readonly piece: { readonly params: { readonly data: Uint8Array; readonly pieceBytes: Bytes; readonly wholeFile: boolean }; readonly result: Uint8Array };
};
