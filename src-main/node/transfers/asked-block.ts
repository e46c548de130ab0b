import type { RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes } from '#shared/units.ts';
import type { FileNumber, PeerNumber, RequestNumber } from '../../core/swarm/events.ts';
import type { BlockSink } from '../ports/links.ts';
import type { PooledBuffer } from './buffer-pool.ts';

/** One attempt at a piece, as the driver knows it. */
export interface Attempt {
  readonly buffer: PooledBuffer;
  readonly peer: PeerNumber;
  pieceHash: Uint8Array | null;
  /** A block of it came in a form that nobody can read. */
  isBroken: boolean;
}

/** What became of a block that was asked for. */
export interface BlockAnswers {
  arrived(block: AskedBlock, wireBytes: Bytes): void;
  rejected(block: AskedBlock, reason: RejectReason): void;
  lost(block: AskedBlock): void;
}

/** A block on its way. There is one for each small file: a class, so that none of them carries functions of its own. */
export class AskedBlock implements BlockSink {
  readonly request: RequestNumber;
  readonly file: FileNumber;
  readonly peer: PeerNumber;
  readonly buffer: Uint8Array;
  readonly #attempt: Attempt;
  readonly #answers: BlockAnswers;

  constructor(answers: BlockAnswers, request: RequestNumber, file: FileNumber, peer: PeerNumber, attempt: Attempt, begin: Bytes, length: Bytes) {
    this.request = request;
    this.file = file;
    this.peer = peer;
    const { data } = attempt.buffer;
    this.buffer = length === data.length ? data : data.subarray(begin, begin + length);
    this.#attempt = attempt;
    this.#answers = answers;
  }

  done(pieceHash: Uint8Array | null, wireBytes: Bytes): void {
    this.#attempt.pieceHash = pieceHash;
    this.#answers.arrived(this, wireBytes);
  }

  broken(wireBytes: Bytes): void {
    this.#attempt.isBroken = true;
    this.#answers.arrived(this, wireBytes);
  }

  rejected(reason: RejectReason): void {
    this.#answers.rejected(this, reason);
  }

  lost(): void {
    this.#answers.lost(this);
  }
}
