import type { BodyFrameType } from '#shared/protocol/frames.ts';
import type { BlockRequest, RejectReason } from '#shared/protocol/hot-frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { minute, type Millis } from '#shared/units.ts';
import type { Connection, LaneSink } from './connection.ts';
import { SeldomMap } from './seldom-map.ts';

const idleLaneMs = 1 * minute;

/** What only the control connection carries. */
export type ControlFrames = (type: Parameters<LaneSink['control']>[0], body: Uint8Array) => void;

/** What becomes of the frames about blocks that a lane reads. */
export interface LaneBlocks {
  wanted(lane: Lane, request: BlockRequest): void;
  unwanted(lane: Lane, requestId: number): void;
  rejected(lane: Lane, requestId: number, reason: RejectReason): void;
  /** Where the payload goes; null: it is read and dropped. */
  begins(lane: Lane, requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed: boolean): Uint8Array | null;
  arrived(requestId: number): void;
}

/** One connection as part of a link. Lane 0 is the control connection. */
export class Lane implements LaneSink {
  readonly number: number;
  readonly connection: Connection;
  /** Bytes asked for on this lane that have not arrived. */
  askedBytes = 0;
  /** Blocks the other end asked for on this lane, and their lengths. */
  readonly wanted = new SeldomMap<number, number>();
  #payloadBytes = 0;
  #usedAt: Millis | null = null;
  readonly #blocks: LaneBlocks;
  readonly #control: ControlFrames | null;

  constructor(number: number, connection: Connection, blocks: LaneBlocks, control: ControlFrames | null) {
    this.number = number;
    this.connection = connection;
    this.#blocks = blocks;
    this.#control = control;
  }

  control(type: Exclude<BodyFrameType, 1 | 2 | 3 | 4>, body: Uint8Array): void {
    if (this.#control === null) throw new ProtocolError('unexpected-frame', `type ${type} on a bulk connection`);
    this.#control(type, body);
  }
  /** A bulk connection that nobody uses is closed by whoever dialled it; it is made again when it pays. */
  tick(now: Millis): void {
    const { payloadBytes, dialled } = this.connection;
    if (this.#usedAt === null || this.askedBytes > 0 || this.wanted.size > 0 || payloadBytes !== this.#payloadBytes) this.#usedAt = now;
    this.#payloadBytes = payloadBytes;
    if (this.number > 0 && dialled && now - this.#usedAt >= idleLaneMs) this.connection.end({ code: 'link-closed' });
  }

  blockRequest(request: BlockRequest): void {
    this.#blocks.wanted(this, request);
  }
  cancelBlock(requestId: number): void {
    this.#blocks.unwanted(this, requestId);
  }
  rejectBlock(requestId: number, reason: RejectReason): void {
    this.#blocks.rejected(this, requestId, reason);
  }
  blockBegin(requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed: boolean): Uint8Array | null {
    return this.#blocks.begins(this, requestId, payloadBytes, pieceHash, isCompressed);
  }
  blockEnd(requestId: number): void {
    this.#blocks.arrived(requestId);
  }
}
