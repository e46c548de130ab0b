import { AppError } from '#shared/errors.ts';
import { invariant } from '#shared/assert.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { plainOnly } from '#shared/protocol/pace.ts';
import { limits } from '#shared/limits.ts';
import { encodeCancel, encodeReject, encodeRequest, type BlockRequest, type BlockWanted, type RejectReason } from '#shared/protocol/hot-frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { ArrivalPace } from '../core/compression/arrival-pace.ts';
import type { BlockProgress, BlockSink } from '../node/ports/links.ts';
import type { Decompressor } from './decompressor.ts';
import type { Lane, LaneBlocks } from './lane.ts';
import { SeldomMap } from './seldom-map.ts';

interface Pending {
  readonly sink: BlockSink;
  readonly lane: Lane;
  readonly length: number;
  readonly mayBeCompressed: boolean;
  pieceHash: Uint8Array | null;
  /** What comes on the wire for it. */
  payloadBytes: Bytes;
  isCompressed: boolean;
}

export interface BlockHandler {
  wanted(lane: number, request: BlockRequest): void;
  cancelled(lane: number, requestId: number): void;
}

const nothing: BlockProgress = { moved: 0, quietMs: 0, kept: 0 };

/** Blocks in both directions over the lanes of one link. Every request ends exactly once: done, rejected, lost or cancelled. */
export class BlockExchange implements LaneBlocks {
  readonly #handler: BlockHandler;
  /** In the order in which they came up: a few. */
  #lanes: readonly Lane[] = [];
  readonly #pending = new SeldomMap<number, Pending>();
  /** Compressed blocks that have arrived, until they are plain. */
  readonly #decompressing = new SeldomMap<number, Pending>();
  readonly #decompressor: Pick<Decompressor, 'decompress'>;
  readonly #now: () => Millis;
  readonly #pace = new ArrivalPace();
  #nextId = 1;
  /** Answers that may still come to requests we cancelled. */
  #cancelled = 0;
  #sentBytes = 0;
  #endedLanesBytes = 0;

  constructor(handler: BlockHandler, decompressor: Pick<Decompressor, 'decompress'>, now: () => Millis) {
    this.#handler = handler;
    this.#decompressor = decompressor;
    this.#now = now;
  }

  /** How fast blocks arrive while we wait for some, bytes/s on the wire; null while nobody knows. */
  get arrivalRate(): number | null {
    return this.#pace.bytesPerSecond;
  }

  /** Payload bytes that have gone out. */
  get sentBytes(): number {
    return this.#sentBytes;
  }
  /** Payload bytes that have arrived. */
  get receivedBytes(): number {
    let bytes = this.#endedLanesBytes;
    for (const lane of this.#lanes) bytes += lane.connection.payloadBytes;
    return bytes;
  }
  get lanes(): Iterable<Lane> {
    return this.#lanes;
  }
  /** Bulk connections this end dialled. */
  get dialledLanes(): number {
    let count = 0;
    for (const { number, connection } of this.#lanes) if (number > 0 && connection.dialled) count++;
    return count;
  }
  get bulkLanes(): number {
    return this.#lanes.filter(({ number }) => number > 0).length;
  }

  add(lane: Lane): void {
    this.#lanes = [...this.#lanes, lane];
  }

  /** A lane has ended: what was asked for on it is lost. */
  remove(lane: Lane): void {
    if (!this.#lanes.includes(lane)) return;
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    this.#endedLanesBytes += lane.connection.payloadBytes;
    for (const [requestId, pending] of this.#pending.entries()) {
      if (pending.lane !== lane) continue;
      this.#pending.delete(requestId);
      this.#pace.ended(this.#now(), 0);
      pending.sink.lost(this.#progressOf(requestId, pending).kept);
    }
    // Whoever lost the link takes the buffers back at once.
    for (const [requestId, pending] of this.#decompressing.entries()) {
      if (pending.lane !== lane) continue;
      this.#decompressing.delete(requestId);
      pending.sink.lost(0);
    }
    for (const [requestId] of lane.wanted.entries()) this.#handler.cancelled(lane.number, requestId);
    lane.wanted.clear();
  }

  // What we ask for.
  ask({ pace = plainOnly, ...request }: BlockWanted, sink: BlockSink): number {
    const requestId = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    const lane = this.#bestLane();
    if (lane === null) {
      queueMicrotask(() => { sink.lost(0); });
      return requestId;
    }
    lane.askedBytes += request.length;
    this.#pace.asked(this.#now());
    this.#pending.set(requestId, { sink, lane, length: request.length, mayBeCompressed: pace !== plainOnly, pieceHash: null, payloadBytes: 0, isCompressed: false });
    lane.connection.send(encodeRequest({ ...request, pace, requestId }));
    return requestId;
  }

  /** What has come of a block that is on its way. */
  progress(requestId: number): BlockProgress {
    const pending = this.#pending.get(requestId);
    return pending === undefined ? nothing : this.#progressOf(requestId, pending);
  }

  /** The sink hears nothing more, and its buffer is not written any more. */
  cancel(requestId: number): void {
    if (this.#decompressing.delete(requestId)) return;
    const pending = this.#take(requestId);
    if (pending === null) return;
    this.#cancelled++;
    pending.lane.connection.dropPayload(requestId);
    pending.lane.connection.send(encodeCancel(requestId));
  }

  begins(lane: Lane, requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed: boolean): Uint8Array | null {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) {
      this.#unasked('block');
      return null;
    }
    // A compressed block is shorter than the plain one, so that it can wait in the place where that will lie.
    const isRight = isCompressed ? pending.mayBeCompressed && payloadBytes < pending.length : payloadBytes === pending.length;
    if (pending.lane !== lane || !isRight) throw new ProtocolError('bad-field', 'block of another length, form or lane than asked for');
    pending.pieceHash = pieceHash;
    pending.payloadBytes = payloadBytes;
    pending.isCompressed = isCompressed;
    const { buffer } = pending.sink;
    invariant(buffer.length >= pending.length, 'a sink holds its block');
    return buffer;
  }

  arrived(requestId: number): void {
    const pending = this.#take(requestId);
    if (pending === null) return;
    if (pending.isCompressed) void this.#decompress(requestId, pending);
    else pending.sink.done(pending.pieceHash, pending.payloadBytes);
  }

  rejected(lane: Lane, requestId: number, reason: RejectReason): void {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) {
      this.#unasked('reject');
      return;
    }
    if (pending.lane !== lane) throw new ProtocolError('bad-field', 'reject on another lane than asked on');
    this.#take(requestId);
    pending.sink.rejected(reason);
  }

  // What they ask for.
  wanted(lane: Lane, request: BlockRequest): void {
    if (lane.wanted.has(request.requestId)) throw new ProtocolError('bad-field', 'request id used twice');
    if (this.#wantedCount() >= limits.transfer.requestsInFlightPerPeer) {
      lane.connection.send(encodeReject(request.requestId, 'busy'));
      return;
    }
    lane.wanted.set(request.requestId, request.length);
    this.#handler.wanted(lane.number, request);
  }

  unwanted(lane: Lane, requestId: number): void {
    if (!lane.wanted.delete(requestId)) return;
    lane.connection.dropBlock(requestId);
    this.#handler.cancelled(lane.number, requestId);
  }

  /** Resolves with whether the block has gone out: at once, without sending, when it is not wanted any more. Rejects with `link-closed`. */
  async send(laneNumber: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed: boolean): Promise<boolean> {
    const lane = this.#numbered(laneNumber);
    if (lane === undefined) throw new AppError('link-closed');
    const length = lane.wanted.get(requestId);
    if (length === undefined) return false;
    invariant(isCompressed ? payload.length < length : payload.length === length, 'a block is as long as it was asked for, or shorter when it is compressed');
    const sent = await lane.connection.sendBlock(requestId, payload, pieceHash, isCompressed);
    lane.wanted.delete(requestId);
    if (sent) this.#sentBytes += payload.length;
    return sent;
  }

  reject(laneNumber: number, requestId: number, reason: RejectReason): void {
    const lane = this.#numbered(laneNumber);
    if (lane?.wanted.delete(requestId) === true) lane.connection.send(encodeReject(requestId, reason));
  }

  #numbered(number: number): Lane | undefined {
    return this.#lanes.find((lane) => lane.number === number);
  }

  #progressOf(requestId: number, { lane, isCompressed }: Pending): BlockProgress {
    const moved = lane.connection.arrivedOf(requestId);
    return { moved, quietMs: lane.connection.quietMs, kept: isCompressed ? 0 : moved };
  }

  #take(requestId: number): Pending | null {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return null;
    this.#pending.delete(requestId);
    pending.lane.askedBytes -= pending.length;
    this.#pace.ended(this.#now(), pending.payloadBytes);
    return pending;
  }

  /** Its compressed bytes lie at the beginning of its buffer; plain ones take their place, unless the block is not wanted any more. */
  async #decompress(requestId: number, pending: Pending): Promise<void> {
    this.#decompressing.set(requestId, pending);
    const { sink, length, payloadBytes } = pending;
    const plain = await this.#decompressor.decompress(sink.buffer.subarray(0, payloadBytes), length, () => this.#decompressing.has(requestId));
    if (!this.#decompressing.delete(requestId)) return;
    if (plain === 'failed') return sink.lost(0);
    if (plain === 'broken') return sink.broken(payloadBytes);
    sink.buffer.set(plain);
    sink.done(pending.pieceHash, payloadBytes);
  }

  /** An answer that nobody waits for is fine only if we cancelled its request. */
  #unasked(what: string): void {
    if (this.#cancelled === 0) throw new ProtocolError('unexpected-frame', what);
    this.#cancelled--;
  }

  /**
   * A bulk lane we dialled, since those are read at least cost and carry our blocks only; else one they dialled; the control
   * connection only while there is no other. Among equals the one with the least on its way.
   */
  #bestLane(): Lane | null {
    let best: Lane | null = null;
    for (const lane of this.#lanes) {
      if (best === null || rank(lane) > rank(best) || (rank(lane) === rank(best) && lane.askedBytes < best.askedBytes)) best = lane;
    }
    return best;
  }

  #wantedCount(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.wanted.size;
    return count;
  }
}

const rank = ({ number, connection }: Lane): number => (number === 0 ? 0 : connection.dialled ? 2 : 1);
