import type { ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { BadPiece } from '#shared/model/peer.ts';
import type { RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { ServeRefusal, ServeSettings, WantNumber } from '../../core/serve/events.ts';
import type { Pieces } from '../../core/swarm/members.ts';
import type { Link } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';
import type { WriteOutcome } from '../ports/receiver.ts';
import type { Conduct } from './conduct.ts';

/** What the swarm tells of one open file. */
export interface FileListener {
  /** Verifies and stores one piece; the buffer may be reused when the answer comes. `giver`: who gave all of it; null: several did. */
  write(piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon: boolean, giver: DeviceId | null): Promise<WriteOutcome>;
  pieceWritten(piece: number, bytes: Bytes, from: DeviceId): void;
  complete(): void;
  /** Nobody who is up has the missing pieces. */
  starved(): void;
  /** A peer does not give it any more. */
  sourceLost(from: DeviceId, reason: RejectReason): void;
  /** A piece arrived damaged. */
  corrupt(piece: number, from: DeviceId): void;
  /** So many bytes of it did not have to travel, because a block came compressed. */
  saved(bytes: Bytes): void;
  /** What evidence says of a piece. */
  about(piece: number): Pick<BadPiece, 'file' | 'contentId' | 'expected'>;
  diskFailed(error: ErrorInfo): void;
}

/** Sends the blocks that the swarm decided to give. */
export interface BlockSender {
  serve(want: WantNumber): void;
  refuse(want: WantNumber, why: ServeRefusal): void;
  /** How many pieces a content has, and which of them this device may have from here now; null when it may have none. */
  piecesFor(link: Link, key: string): Promise<{ readonly count: number; readonly here: Pieces } | null>;
}

export interface SwarmDriverOptions {
  readonly receiveBudgetBytes: Bytes;
  readonly requestWindowBytes: Bytes;
  /** Looked at again whenever it matters: the user may change it. */
  readonly serving: ServeSettings;
  readonly conduct: Conduct;
  readonly outgoing: Outgoing;
  readonly now: () => Millis;
  /** Whether blocks may come compressed; asked for every request. */
  readonly takesCompressed: () => boolean;
  /** Numbers for contents that are served without being fetched; the same count that files get theirs from. */
  readonly nextNumber: () => number;
}
