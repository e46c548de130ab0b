import type { Bytes } from '#shared/units.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import type { SmallReads } from './read-small-files.ts';

export type SmallHashError = 'file-changed' | 'file-missing' | 'no-permission' | 'disk-error';

/** Pieces of a file of several: `from` and `to` are whole pieces, or `to` is the end of the file. */
export interface FilePart {
  readonly path: string;
  /** The version the file must have before and after. */
  readonly version: string;
  readonly pieceBytes: Bytes;
  readonly from: Bytes;
  readonly to: Bytes;
}

/** What hash workers do. */
export type HashCalls = {
  readonly file: { readonly params: string; readonly result: FileHash };
  /** Piece hashes, 32 bytes each. */
  readonly part: { readonly params: FilePart; readonly result: Uint8Array };
  readonly root: { readonly params: { readonly layer: Uint8Array; readonly pieceBytes: Bytes }; readonly result: Uint8Array };
  readonly files: { readonly params: readonly string[]; readonly result: readonly (FileHash | { readonly error: SmallHashError })[] };
  readonly read: { readonly params: SmallReads; readonly result: Uint8Array };
  readonly piece: { readonly params: { readonly data: Uint8Array; readonly pieceBytes: Bytes; readonly wholeFile: boolean }; readonly result: Uint8Array };
};
