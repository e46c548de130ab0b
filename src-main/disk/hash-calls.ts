import type { Bytes } from '#shared/units.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import type { SmallReads } from './read-small-files.ts';

export type SmallHashError = 'file-changed' | 'file-missing' | 'no-permission' | 'disk-error';

/** What hash workers do. */
export type HashCalls = {
  readonly file: { readonly params: string; readonly result: FileHash };
  readonly files: { readonly params: readonly string[]; readonly result: readonly (FileHash | { readonly error: SmallHashError })[] };
  readonly read: { readonly params: SmallReads; readonly result: Uint8Array };
  readonly piece: { readonly params: { readonly data: Uint8Array; readonly pieceBytes: Bytes; readonly wholeFile: boolean }; readonly result: Uint8Array };
};
