import type { Merkle, Sha256 } from '#main/core/content/merkle.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { LockWorld } from './file-lock.ts';

/** When received data is made durable, how much space is never used, and what goes past the system's cache. */
export interface SyncPolicy {
  /** Recorded since the last barrier before the next one begins. */
  readonly groupBytes: Bytes;
  readonly groupMs: Millis;
  readonly reserveBytes: Bytes;
  /** Files of at least this size are written past the system's cache where that can be, unless they are read again at once. */
  readonly directFromBytes: Bytes;
}

/** Everything outside that receiving needs: a test passes its own. */
export interface ReceiveWorld extends LockWorld {
  readonly sha256: Sha256;
  readonly merkle: Merkle;
  readonly bootId: Uint8Array | null;
  /** Whether the volume that a folder chosen by the user lies on is not mounted now. Throws system errors. */
  readonly isAway: (base: string) => boolean;
  /** Gives files the mark this system has for what others sent; null where there is none. Never rejects. */
  readonly mark: ((paths: readonly string[]) => Promise<void>) | null;
  readonly policy: SyncPolicy;
  /** Milliseconds since some moment, which nobody sets. */
  readonly elapsed: () => Millis;
  /** Random bytes for journal ids and names of trial files. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** 0 ≤ x < 1; which pieces are read again as a sample. */
  readonly random: () => number;
  /** Lets other work in: called between pieces of long checks. */
  readonly nextTurn: () => Promise<void>;
}
