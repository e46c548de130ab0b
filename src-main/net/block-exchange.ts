import { AppError } from '#shared/errors.ts';
import { invariant } from '#shared/assert.ts';
import { limits } from '#shared/limits.ts';
import { encodeCancel, encodeReject, encodeRequest, type BlockRequest, type RejectReason } from '#shared/protocol/hot-frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import type { BlockSink } from '../node/ports/links.ts';
import type { Lane } from './lane.ts';

interface Pending {
  readonly sink: BlockSink;
  readonly lane: Lane;
  readonly length: number;
  pieceHash: Uint8Array | null;
}

export interface BlockHandler {
  wanted(lane: number, request: BlockRequest): void;
  cancelled(lane: number, requestId: number): void;
}

/** Blocks in both directions over the lanes of one link. Every request ends exactly once: done, rejected, lost or cancelled. */
export class BlockExchange {
  readonly #handler: BlockHandler;
  readonly #lanes = new Map<number, Lane>();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  /** Answers that may still come to requests we cancelled. */
  #cancelled = 0;
  #sentBytes = 0;
  #endedLanesBytes = 0;

  constructor(handler: BlockHandler) {
    this.#handler = handler;
  }

  /** Payload bytes that have gone out. */
  get sentBytes(): number {
    return this.#sentBytes;
  }
  /** Payload bytes that have arrived. */
  get receivedBytes(): number {
    let bytes = this.#endedLanesBytes;
    for (const lane of this.#lanes.values()) bytes += lane.connection.payloadBytes;
    return bytes;
  }
  get lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }
  /** Bulk connections this end dialled. */
  get dialledLanes(): number {
    let count = 0;
    for (const { number, connection } of this.#lanes.values()) if (number > 0 && connection.dialled) count++;
    return count;
  }
  get bulkLanes(): number {
    return this.#lanes.size - (this.#lanes.has(0) ? 1 : 0);
  }

  add(lane: Lane): void {
    this.#lanes.set(lane.number, lane);
  }

  /** A lane has ended: what was asked for on it is lost. */
  remove(lane: Lane): void {
    if (!this.#lanes.delete(lane.number)) return;
    this.#endedLanesBytes += lane.connection.payloadBytes;
    for (const [requestId, pending] of [...this.#pending]) {
      if (pending.lane !== lane) continue;
      this.#pending.delete(requestId);
      pending.sink.lost();
    }
    for (const requestId of lane.wanted.keys()) this.#handler.cancelled(lane.number, requestId);
    lane.wanted.clear();
  }

  // What we ask for.
  ask(request: Omit<BlockRequest, 'requestId'>, sink: BlockSink): number {
    invariant(sink.buffer.length >= request.length, 'a sink holds its block');
    const requestId = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    const lane = this.#bestLane();
    if (lane === null) {
      queueMicrotask(() => { sink.lost(); });
      return requestId;
    }
    lane.askedBytes += request.length;
    this.#pending.set(requestId, { sink, lane, length: request.length, pieceHash: null });
    lane.connection.send(encodeRequest({ ...request, requestId }));
    return requestId;
  }

  /** The sink hears nothing more, and its buffer is not written any more. */
  cancel(requestId: number): void {
    const pending = this.#take(requestId);
    if (pending === null) return;
    this.#cancelled++;
    pending.lane.connection.dropPayload(requestId);
    pending.lane.connection.send(encodeCancel(requestId));
  }

  begins(lane: Lane, requestId: number, payloadBytes: number, pieceHash: Uint8Array | null): Uint8Array | null {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) {
      this.#unasked('block');
      return null;
    }
    if (pending.lane !== lane || pending.length !== payloadBytes) throw new ProtocolError('bad-field', 'block of another length or lane than asked for');
    pending.pieceHash = pieceHash;
    return pending.sink.buffer;
  }

  arrived(requestId: number): void {
    const pending = this.#take(requestId);
    pending?.sink.done(pending.pieceHash);
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

  /** Resolves at once, without sending, when the block is not wanted any more. Rejects with `link-closed`. */
  async send(laneNumber: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null): Promise<void> {
    const lane = this.#lanes.get(laneNumber);
    if (lane === undefined) throw new AppError('link-closed');
    const length = lane.wanted.get(requestId);
    if (length === undefined) return;
    invariant(length === payload.length, 'a block is as long as it was asked for');
    await lane.connection.sendBlock(requestId, payload, pieceHash);
    if (lane.wanted.delete(requestId)) this.#sentBytes += payload.length;
  }

  reject(laneNumber: number, requestId: number, reason: RejectReason): void {
    const lane = this.#lanes.get(laneNumber);
    if (lane?.wanted.delete(requestId) === true) lane.connection.send(encodeReject(requestId, reason));
  }

  #take(requestId: number): Pending | null {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return null;
    this.#pending.delete(requestId);
    pending.lane.askedBytes -= pending.length;
    return pending;
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
    for (const lane of this.#lanes.values()) {
      if (best === null || rank(lane) > rank(best) || (rank(lane) === rank(best) && lane.askedBytes < best.askedBytes)) best = lane;
    }
    return best;
  }

  #wantedCount(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.wanted.size;
    return count;
  }
}

const rank = ({ number, connection }: Lane): number => (number === 0 ? 0 : connection.dialled ? 2 : 1);
