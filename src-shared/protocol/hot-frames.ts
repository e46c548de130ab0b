import { limits } from '../limits.ts';
import { frameType, headFrame } from './frame-layout.ts';
import { plainOnly } from './pace.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * Frames of the hot path, with fixed binary layouts (docs/protocol.md). Integers are big-endian.
 *
 *   request  0x10  requestId u32 · key 32 · piece u32 · begin u32 · length u32 · [pace u8]
 *   block    0x11  requestId u32 · flags u8 (1: a piece hash follows, 2: compressed) · [pieceHash 32] · payload
 *   cancel   0x12  requestId u32
 *   reject   0x13  requestId u32 · reason u8
 *   batch    0x18  requestId u32 · begin u32 · length u32 · pace u8 · keys 32 each
 */
export interface BlockRequest {
  readonly requestId: number;
  /**
   * Merkle root of the file, or the provisional key `open` gave; 32 bytes. More: the roots of a batch, small files that
   * lie one after the other as if they were one piece (piece 0). Only for devices that know `batches`.
   */
  readonly key: Uint8Array;
  readonly piece: number;
  /** Offset inside the piece, bytes. */
  readonly begin: number;
  readonly length: number;
  /** Whether it may come compressed, and how fast blocks come (pace.ts). Only for devices that know `brotli`. */
  readonly pace: number;
}

/** A block to ask for; without a `pace` it comes plain. */
export type BlockWanted = Omit<BlockRequest, 'requestId' | 'pace'> & { readonly pace?: number };

/**
 * `gone`: not here for you. `changed`: the file is another one now. `busy`: later. `choked`: begin no new piece now.
 * `elsewhere`: others have or get this piece; ask for one that only the answering device has.
 */
export type RejectReason = 'gone' | 'changed' | 'busy' | 'error' | 'choked' | 'elsewhere';

const hashBytes = 32;
const reasons = { gone: 1, changed: 2, busy: 3, error: 4, choked: 5, elsewhere: 6 } as const satisfies Record<RejectReason, number>;

/** Lengths of the bodies, bytes; of a block what comes before the payload. */
export const requestBodyBytes = 4 + hashBytes + 3 * 4;
export const requestWithPaceBytes = requestBodyBytes + 1;
const batchHeadBytes = 4 + 4 + 4 + 1;
export const batchBodyMinBytes = batchHeadBytes + 2 * hashBytes;
export const batchBodyMaxBytes = batchHeadBytes + limits.link.filesPerBatch * hashBytes;
export const cancelBodyBytes = 4;
export const rejectBodyBytes = 5;
export const blockHeadBytes = 5;
export const blockHeadWithHashBytes = blockHeadBytes + hashBytes;
export const blockBodyMaxBytes = blockHeadWithHashBytes + limits.link.bulkPayloadBytes;

const hashFollows = 1;
const compressedFlag = 2;

export function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

export function readU32(from: Uint8Array, at: number): number {
  return ((from[at] ?? 0) * 0x1000000) + (((from[at + 1] ?? 0) << 16) | ((from[at + 2] ?? 0) << 8) | (from[at + 3] ?? 0));
}

/** Whether a block is asked for of several files. */
export const isBatch = ({ key }: Pick<BlockRequest, 'key'>): boolean => key.length > hashBytes;

export function encodeRequest({ pace = plainOnly, ...request }: BlockWanted & Pick<BlockRequest, 'requestId'>): Uint8Array<ArrayBuffer> {
  if (isBatch(request)) return encodeBatchRequest({ ...request, pace });
  const frame = headFrame(frameType.blockRequest, pace === plainOnly ? requestBodyBytes : requestWithPaceBytes);
  writeU32(frame, 5, request.requestId);
  frame.set(request.key, 9);
  writeU32(frame, 41, request.piece);
  writeU32(frame, 45, request.begin);
  writeU32(frame, 49, request.length);
  if (pace !== plainOnly) frame[53] = pace;
  return frame;
}

function encodeBatchRequest({ requestId, key, begin, length, pace }: Omit<BlockRequest, 'piece'>): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.batchRequest, batchHeadBytes + key.length);
  writeU32(frame, 5, requestId);
  writeU32(frame, 9, begin);
  writeU32(frame, 13, length);
  frame[17] = pace;
  frame.set(key, 18);
  return frame;
}

function assertBlock(begin: number, length: number): void {
  if (length === 0 || length > limits.link.bulkPayloadBytes) throw new ProtocolError('bad-field', 'block length');
  if (begin + length > limits.content.maxPieceBytes) throw new ProtocolError('bad-field', 'block beyond its piece');
}

/** Reads the body of a batch request. Throws `bad-field` as `decodeRequest`, and when a root is cut off. */
export function decodeBatchRequest(body: Uint8Array): BlockRequest {
  const begin = readU32(body, 4);
  const length = readU32(body, 8);
  assertBlock(begin, length);
  if ((body.length - batchHeadBytes) % hashBytes !== 0) throw new ProtocolError('bad-field', 'root cut off');
  return { requestId: readU32(body, 0), key: new Uint8Array(body.subarray(batchHeadBytes)), piece: 0, begin, length, pace: body[12] ?? plainOnly };
}

/** Reads the body of a request. Throws `bad-field` when it asks for nothing or for more than a block or a piece holds. */
export function decodeRequest(body: Uint8Array): BlockRequest {
  const begin = readU32(body, 40);
  const length = readU32(body, 44);
  assertBlock(begin, length);
  return { requestId: readU32(body, 0), key: new Uint8Array(body.subarray(4, 4 + hashBytes)), piece: readU32(body, 36), begin, length, pace: body[48] ?? plainOnly };
}

/** Everything of a block frame that comes before its payload, which follows on the wire from where it lies. */
export function encodeBlockHead(requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed = false): Uint8Array<ArrayBuffer> {
  const headBytes = pieceHash ? blockHeadWithHashBytes : blockHeadBytes;
  const frame = headFrame(frameType.block, headBytes, payloadBytes);
  writeU32(frame, 5, requestId);
  frame[9] = (pieceHash ? hashFollows : 0) | (isCompressed ? compressedFlag : 0);
  if (pieceHash) frame.set(pieceHash, 10);
  return frame;
}

/** Length of a block's head by its flags. Throws `bad-field` on flags nobody has defined. */
export function blockHeadLength(flags: number): number {
  if ((flags & ~(hashFollows | compressedFlag)) !== 0) throw new ProtocolError('bad-field', 'block flags');
  return (flags & hashFollows) !== 0 ? blockHeadWithHashBytes : blockHeadBytes;
}

/** Whether the payload of a block with these flags is compressed. */
export const isCompressedBlock = (flags: number): boolean => (flags & compressedFlag) !== 0;

export function encodeCancel(requestId: number): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.cancelBlock, cancelBodyBytes);
  writeU32(frame, 5, requestId);
  return frame;
}

export function encodeReject(requestId: number, reason: RejectReason): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.rejectBlock, rejectBodyBytes);
  writeU32(frame, 5, requestId);
  frame[9] = reasons[reason];
  return frame;
}

/** A reason of a later version reads as `error`. */
export function decodeRejectReason(byte: number): RejectReason {
  switch (byte) {
    case reasons.gone: return 'gone';
    case reasons.changed: return 'changed';
    case reasons.busy: return 'busy';
    case reasons.choked: return 'choked';
    case reasons.elsewhere: return 'elsewhere';
    default: return 'error';
  }
}
