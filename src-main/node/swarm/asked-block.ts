import type { DeviceId } from '#shared/ids.ts';
import type { RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes } from '#shared/units.ts';
import type { FileNumber, PeerNumber, RequestNumber } from '../../core/swarm/numbers.ts';
import type { BlockProgress, BlockSink, Link } from '../ports/links.ts';
import type { Attempt } from './attempt.ts';

/** What became of a block that was asked for. */
export interface BlockAnswers {
  arrived(block: AskedBlock, wireBytes: Bytes): void;
  rejected(block: AskedBlock, reason: RejectReason): void;
  lost(block: AskedBlock): void;
}

/** Where a block belongs. */
export interface BlockPlace {
  readonly request: RequestNumber;
  readonly file: FileNumber;
  readonly peer: PeerNumber;
  readonly piece: number;
  readonly begin: Bytes;
  readonly length: Bytes;
}

/** A block on its way. There is one for each small file: a class, so that none of them carries functions of its own. */
export class AskedBlock implements BlockSink {
  readonly request: RequestNumber;
  readonly file: FileNumber;
  readonly peer: PeerNumber;
  /** The link's own number for it. */
  linkRequest = 0;
  readonly #begin: Bytes;
  readonly #length: Bytes;
  readonly #link: Link;
  readonly #from: DeviceId;
  readonly #attempt: Attempt;
  readonly #answers: BlockAnswers;
  /** What had come when its connection ended. */
  #atEnd: BlockProgress | null = null;

  constructor(answers: BlockAnswers, link: Link, attempt: Attempt, { request, file, peer, begin, length }: BlockPlace) {
    this.request = request;
    this.file = file;
    this.peer = peer;
    this.#begin = begin;
    this.#length = length;
    this.#link = link;
    this.#from = link.remote.id;
    this.#attempt = attempt;
    this.#answers = answers;
  }

  get buffer(): Uint8Array {
    const { data } = this.#attempt;
    return this.#length === data.length ? data : data.subarray(this.#begin, this.#begin + this.#length);
  }

  get progress(): BlockProgress {
    return this.#atEnd ?? this.#link.blockProgress(this.linkRequest);
  }

  cancel(): void {
    this.#link.cancelBlock(this.linkRequest);
  }

  done(pieceHash: Uint8Array | null, wireBytes: Bytes): void {
    this.#attempt.pieceHash = pieceHash;
    this.#answers.arrived(this, wireBytes);
  }

  broken(wireBytes: Bytes): void {
    this.#attempt.brokenBy = this.#from;
    this.#answers.arrived(this, wireBytes);
  }

  rejected(reason: RejectReason): void {
    this.#answers.rejected(this, reason);
  }

  lost(kept: Bytes): void {
    this.#atEnd = { moved: kept, quietMs: 0, kept };
    this.#answers.lost(this);
  }
}
