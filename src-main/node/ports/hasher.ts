import type { Bytes } from '#shared/units.ts';

export interface FileHash {
  /** BEP 52 merkle root over 16 KiB leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Piece hashes, 32 bytes each; for a file of one piece the root itself. */
  readonly layer: Uint8Array;
  readonly pieceBytes: Bytes;
  readonly bytes: Bytes;
  /** `version` of the file (see `fileVersion`), the same before and after reading. */
  readonly version: string;
}

/** A part of a small file that is to be read. */
export interface SmallRead {
  readonly path: string;
  /** Real path of the folder (or file) it must lie in, links followed; null: wherever it lies. */
  readonly inside: string | null;
  /** Version the file must still have after it was read. */
  readonly version: string;
  /** Bytes from the beginning of the file. */
  readonly position: Bytes;
  /** Filled, and not to be touched until the answer. */
  readonly into: Uint8Array<SharedArrayBuffer>;
}

/** Reads and hashes files in worker threads. */
export interface Hasher {
  /** Rejects with `file-changed` when the file changed while it was read, `file-missing`, `no-permission`, `cancelled`. */
  hashFile(path: string, options?: { signal?: AbortSignal; onProgress?: (bytes: Bytes) => void }): Promise<FileHash>;
  /** Many small files in one trip to a worker; one result or error code each. */
  hashFiles(paths: readonly string[], options?: { signal?: AbortSignal }): Promise<readonly (FileHash | { readonly error: 'file-changed' | 'file-missing' | 'no-permission' | 'disk-error' })[]>;
  /** Hash of one piece that lies in shared memory. `wholeFile`: it is all there is, so no padding to the piece size. */
  hashPiece(data: Uint8Array, pieceBytes: Bytes, wholeFile: boolean): Promise<Uint8Array>;
  /** Many parts of small files in one trip. One byte each: 1, or 0 when the file is gone, elsewhere, shorter or another version. */
  readSmall(reads: readonly SmallRead[]): Promise<Uint8Array>;
  close(): Promise<void>;
}
