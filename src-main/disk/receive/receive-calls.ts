import type { FileTarget, ReceivedFile, SeenFile, VolumeAbilities, WriteOutcome } from '#main/node/ports/receiver.ts';
import type { Bytes } from '#shared/units.ts';
import type { PackedOutcomes, PackedSmallFiles, PackedTargets } from './packed-files.ts';
import type { SyncPolicy } from './receive-world.ts';

interface Handle {
  readonly handle: number;
}

/** What receiving threads do. */
export type ReceiveCalls = {
  readonly open: { readonly params: Handle & { readonly target: FileTarget }; readonly result: ReceivedFile };
  readonly look: { readonly params: FileTarget; readonly result: SeenFile };
  readonly write: { readonly params: Handle & { readonly piece: number; readonly data: Uint8Array; readonly pieceHash: Uint8Array | null; readonly isReadSoon: boolean }; readonly result: WriteOutcome };
  readonly bindRoot: { readonly params: Handle & { readonly root: Uint8Array; readonly layer: Uint8Array | null }; readonly result: { missing: readonly number[] } };
  readonly finish: { readonly params: Handle; readonly result: { path: string } };
  readonly close: { readonly params: Handle; readonly result: void };
  readonly discard: { readonly params: Handle; readonly result: void };
  readonly discardPartial: { readonly params: { readonly base: string; readonly path: readonly string[]; readonly bytes: Bytes; readonly root: Uint8Array | null }; readonly result: void };
  readonly writeSmall: { readonly params: PackedSmallFiles; readonly result: PackedOutcomes };
  readonly existing: { readonly params: PackedTargets; readonly result: readonly (string | null)[] };
  readonly volume: { readonly params: string; readonly result: VolumeAbilities };
  readonly makeFolder: { readonly params: { readonly base: string; readonly path: readonly string[] }; readonly result: void };
  readonly flush: { readonly params: null; readonly result: void };
  readonly shutdown: { readonly params: null; readonly result: void };
  readonly setMount: { readonly params: { readonly base: string; readonly mountPoint: string | null }; readonly result: void };
  /** Another thread of this receiver died; what it had locked is free. */
  readonly writerDied: { readonly params: string; readonly result: void };
};

/** What a receiving thread begins with: the first message to it. */
export interface ReceiveBeginning {
  /** Names this thread in lock files. */
  readonly token: string;
  readonly policy: SyncPolicy;
  /** Tokens of threads of this process that died: what they locked is free. */
  readonly deadWriters: readonly string[];
  /** By base, as `setMount` said. */
  readonly mounts: ReadonlyMap<string, string>;
}
