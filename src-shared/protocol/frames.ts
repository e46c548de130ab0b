import { limits } from '../limits.ts';
import { frameHeadBytes, frameType, headFrame } from './frame-layout.ts';
import {
  batchBodyMaxBytes, batchBodyMinBytes, blockBodyMaxBytes, blockHeadBytes, blockHeadLength, blockHeadWithHashBytes, cancelBodyBytes, decodeBatchRequest, decodeRejectReason, decodeRequest, isCompressedBlock, readU32, rejectBodyBytes,
  requestBodyBytes, requestWithPaceBytes, writeU32, type BlockRequest, type RejectReason,
} from './hot-frames.ts';
import { chokeBytes, hasBytes, joinMaxBytes, joinMinBytes, leaveBytes } from './swarm-frames.ts';
import { ProtocolError } from './protocol-error.ts';

/** Frames whose body is handed over whole; their JSON or number is read by whoever gets them. */
export type BodyFrameType = Exclude<(typeof frameType)[keyof typeof frameType], 0x10 | 0x11 | 0x12 | 0x13 | 0x18>;

/** What a decoder tells. Every buffer handed over is valid only during the call. */
export interface FrameSink {
  body(type: BodyFrameType, body: Uint8Array): void;
  blockRequest(request: BlockRequest): void;
  cancelBlock(requestId: number): void;
  rejectBlock(requestId: number, reason: RejectReason): void;
  /** A block begins. Gives where its payload goes (at least `payloadBytes` long), or null to skip it. */
  blockBegin(requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed: boolean): Uint8Array | null;
  /** The last byte of a block that was not skipped lies in its buffer. */
  blockEnd(requestId: number): void;
}

const control = limits.link.controlBodyBytes;
const pingBytes = 4;

/** Shortest and longest body per type, bytes. What is not listed is skipped up to the length of a control body. */
const bodyLimits: ReadonlyMap<number, readonly [min: number, max: number]> = new Map([
  [frameType.hello, [2, limits.link.helloBytes]],
  [frameType.refuse, [2, limits.link.helloBytes]],
  [frameType.ping, [pingBytes, pingBytes]],
  [frameType.pong, [pingBytes, pingBytes]],
  [frameType.request, [4 + 2, control]],
  [frameType.response, [4 + 2, control]],
  [frameType.notice, [2, control]],
  [frameType.cancelRequest, [4, 4]],
  [frameType.blockRequest, [requestBodyBytes, requestWithPaceBytes]],
  [frameType.block, [blockHeadBytes, blockBodyMaxBytes]],
  [frameType.cancelBlock, [cancelBodyBytes, cancelBodyBytes]],
  [frameType.rejectBlock, [rejectBodyBytes, rejectBodyBytes]],
  [frameType.join, [joinMinBytes, joinMaxBytes]],
  [frameType.has, [hasBytes, hasBytes]],
  [frameType.leave, [leaveBytes, leaveBytes]],
  [frameType.choke, [chokeBytes, chokeBytes]],
  [frameType.batchRequest, [batchBodyMinBytes, batchBodyMaxBytes]],
]);

type State = 'head' | 'body' | 'block-head' | 'payload' | 'skip';

/** Bodies up to this long are gathered in a buffer that is kept; longer ones get one of their own that grows as they arrive. */
const scratchBytes = 64;

/**
 * Turns a byte stream, cut anywhere, into frames. Lengths are checked before anything is kept; a body is copied only when
 * it comes in several chunks, and payload goes from the chunk straight to its buffer. Throws ProtocolError on malformed
 * bytes and must not be used afterwards.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #scratch = new Uint8Array(scratchBytes);
  #state: State = 'head';
  /** Bytes of the head, body or block head that are here. */
  #filled = 0;
  #type = 0;
  #bodyBytes = 0;
  #body: Uint8Array = this.#scratch;
  #headBytes = blockHeadBytes;
  /** Bytes of payload, or of what is skipped, still to come. */
  #left = 0;
  #target: Uint8Array | null = null;
  #targetAt = 0;
  #blockId = 0;
  #greeted = false;
  #stopped = false;
  #frames = 0;
  #payloadBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** The hello was taken: frames other than `hello` and `refuse` are welcome from now on. */
  greeted(): void {
    this.#greeted = true;
  }

  /** Nothing more is decoded, not even the rest of the present chunk. */
  stop(): void {
    this.#stopped = true;
    this.#target = null;
  }

  /** The buffer of the arriving block is not written any more; the rest of its payload is skipped. */
  dropPayload(requestId: number): void {
    if (this.#state === 'payload' && this.#blockId === requestId) this.#target = null;
  }

  /** How much has come of a block that is arriving, or was when this stopped; 0 for others. */
  arrivedOf(requestId: number): number {
    return this.#state === 'payload' && this.#blockId === requestId ? this.#targetAt : 0;
  }

  /** Frames that have begun; together with `midFrame` it tells whether one and the same frame is still arriving. */
  get frames(): number {
    return this.#frames;
  }
  get midFrame(): boolean {
    return this.#state !== 'head' || this.#filled > 0;
  }
  /** Payload received so far, skipped blocks not counted. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  push(chunk: Uint8Array): void {
    const end = chunk.length;
    let at = 0;
    while (at < end && !this.#stopped) {
      switch (this.#state) {
        case 'payload': at = this.#takePayload(chunk, at, end); break;
        case 'head': at = this.#takeHead(chunk, at, end); break;
        case 'body': at = this.#takeBody(chunk, at, end); break;
        case 'block-head': at = this.#takeBlockHead(chunk, at, end); break;
        case 'skip': {
          const count = Math.min(this.#left, end - at);
          this.#left -= count;
          at += count;
          if (this.#left === 0) this.#next();
        }
      }
    }
  }

  #next(): void {
    this.#state = 'head';
    this.#filled = 0;
  }

  #takeHead(chunk: Uint8Array, at: number, end: number): number {
    if (this.#filled === 0) this.#frames++;
    const from = this.#gather(chunk, at, end, frameHeadBytes);
    if (this.#filled < frameHeadBytes) return from;
    this.#filled = 0;
    this.#type = this.#scratch[4] ?? 0;
    const length = readU32(this.#scratch, 0);
    if (length === 0) throw new ProtocolError('too-short', 'frame without a type');
    this.#bodyBytes = length - 1;
    this.#begin();
    return from;
  }

  #begin(): void {
    const type = this.#type;
    if (!this.#greeted && type !== frameType.hello && type !== frameType.refuse) throw new ProtocolError('unexpected-frame', `type ${type} before the hello`);
    const range = bodyLimits.get(type);
    if (this.#bodyBytes > (range?.[1] ?? control)) throw new ProtocolError('too-long', `type ${type}, ${this.#bodyBytes} bytes`);
    if (range === undefined) {
      this.#skip(this.#bodyBytes);
      return;
    }
    if (this.#bodyBytes < range[0]) throw new ProtocolError('too-short', `type ${type}, ${this.#bodyBytes} bytes`);
    if (type === frameType.block) {
      this.#state = 'block-head';
      this.#headBytes = blockHeadBytes;
    } else {
      this.#state = 'body';
    }
  }

  #skip(bytes: number): void {
    this.#left = bytes;
    this.#state = 'skip';
    if (bytes === 0) this.#next();
  }

  /** Fills the scratch buffer up to `wanted` bytes; gives where the chunk goes on. */
  #gather(chunk: Uint8Array, at: number, end: number, wanted: number): number {
    const count = Math.min(wanted - this.#filled, end - at);
    for (let index = 0; index < count; index++) this.#scratch[this.#filled + index] = chunk[at + index] ?? 0;
    this.#filled += count;
    return at + count;
  }

  #takeBody(chunk: Uint8Array, at: number, end: number): number {
    const wanted = this.#bodyBytes;
    if (this.#filled === 0 && end - at >= wanted) {
      this.#next();
      this.#deliver(chunk.subarray(at, at + wanted));
      return at + wanted;
    }
    const count = Math.min(wanted - this.#filled, end - at);
    this.#reserve(this.#filled + count);
    this.#body.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === wanted) {
      const body = this.#body.subarray(0, wanted);
      this.#body = this.#scratch;
      this.#next();
      this.#deliver(body);
    }
    return at + count;
  }

  /** Doubles the buffer of a body as its bytes really arrive, so that a claimed length alone costs us nothing. */
  #reserve(bytes: number): void {
    if (bytes <= this.#body.length) return;
    const larger = new Uint8Array(Math.min(this.#bodyBytes, Math.max(bytes, 2 * this.#body.length)));
    larger.set(this.#body.subarray(0, this.#filled));
    this.#body = larger;
  }

  #deliver(body: Uint8Array): void {
    switch (this.#type) {
      case frameType.blockRequest: this.#sink.blockRequest(decodeRequest(body)); break;
      case frameType.batchRequest: this.#sink.blockRequest(decodeBatchRequest(body)); break;
      case frameType.cancelBlock: this.#sink.cancelBlock(readU32(body, 0)); break;
      case frameType.rejectBlock: this.#sink.rejectBlock(readU32(body, 0), decodeRejectReason(body[4] ?? 0)); break;
      case frameType.hello:
      case frameType.refuse:
      case frameType.ping:
      case frameType.pong:
      case frameType.request:
      case frameType.response:
      case frameType.notice:
      case frameType.cancelRequest:
      case frameType.join:
      case frameType.has:
      case frameType.leave:
      case frameType.choke:
        this.#sink.body(this.#type, body);
    }
  }

  #takeBlockHead(chunk: Uint8Array, at: number, end: number): number {
    let from = this.#gather(chunk, at, end, this.#headBytes);
    if (this.#headBytes === blockHeadBytes && this.#filled === blockHeadBytes) {
      this.#headBytes = blockHeadLength(this.#scratch[4] ?? 0);
      if (this.#bodyBytes < this.#headBytes) throw new ProtocolError('too-short', 'block without its piece hash');
      from = this.#gather(chunk, from, end, this.#headBytes);
    }
    if (this.#filled < this.#headBytes) return from;
    this.#beginPayload();
    return from;
  }

  #beginPayload(): void {
    const payloadBytes = this.#bodyBytes - this.#headBytes;
    if (payloadBytes > limits.link.bulkPayloadBytes) throw new ProtocolError('too-long', `payload of ${payloadBytes} bytes`);
    this.#blockId = readU32(this.#scratch, 0);
    const hash = this.#headBytes === blockHeadWithHashBytes ? new Uint8Array(this.#scratch.subarray(blockHeadBytes, blockHeadWithHashBytes)) : null;
    this.#target = this.#sink.blockBegin(this.#blockId, payloadBytes, hash, isCompressedBlock(this.#scratch[4] ?? 0));
    this.#targetAt = 0;
    if (this.#target === null) {
      this.#skip(payloadBytes);
      return;
    }
    this.#left = payloadBytes;
    this.#state = 'payload';
    if (payloadBytes === 0) this.#endPayload();
  }

  #takePayload(chunk: Uint8Array, at: number, end: number): number {
    const count = Math.min(this.#left, end - at);
    if (this.#target !== null) {
      this.#target.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#targetAt);
      this.#targetAt += count;
      this.#payloadBytes += count;
    }
    this.#left -= count;
    if (this.#left === 0) this.#endPayload();
    return at + count;
  }

  #endPayload(): void {
    const complete = this.#target !== null;
    this.#target = null;
    this.#next();
    if (complete) this.#sink.blockEnd(this.#blockId);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type JsonFrameType = typeof frameType.hello | typeof frameType.refuse | typeof frameType.notice;
type CallFrameType = typeof frameType.request | typeof frameType.response;
type NumberFrameType = typeof frameType.ping | typeof frameType.pong | typeof frameType.cancelRequest;

export function encodeJson(type: JsonFrameType, value: object): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(value));
  const frame = headFrame(type, text.length);
  frame.set(text, frameHeadBytes);
  return frame;
}

/** A request or a response: id u32 · JSON. */
export function encodeCall(type: CallFrameType, id: number, value: object): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(value));
  const frame = headFrame(type, 4 + text.length);
  writeU32(frame, frameHeadBytes, id);
  frame.set(text, frameHeadBytes + 4);
  return frame;
}

/** A frame whose body is one u32: a ping, its pong, or the id of a request that is not wanted any more. */
export function encodeNumber(type: NumberFrameType, value: number): Uint8Array<ArrayBuffer> {
  const frame = headFrame(type, 4);
  writeU32(frame, frameHeadBytes, value);
  return frame;
}

/** Whether a frame's body is within its type's limit, so that the peer will take it. */
export const fitsControlBody = (frame: Uint8Array): boolean => frame.length - frameHeadBytes <= control;

export const decodeNumber = (body: Uint8Array): number => readU32(body, 0);

/** Body as JSON, unchecked. Throws `bad-json` when it is not UTF-8 or not JSON. */
export function decodeJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) throw new ProtocolError('bad-json');
    throw error;
  }
}

/** Id and JSON of a request or a response. */
export const decodeCall = (body: Uint8Array): { id: number; value: unknown } => ({ id: readU32(body, 0), value: decodeJson(body.subarray(4)) });
