import { limits } from '../limits.ts';
import { frameHeadBytes, frameType, headFrame } from './frame-layout.ts';
import { readU32, writeU32 } from './hot-frames.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * What devices tell each other of the swarm of one content (docs/protocol.md). They travel on the control connection.
 *
 *   join   0x14  key 32 · all u8 (1: every piece) · bits (one a piece, most significant first; missing ones are zeros)
 *   has    0x15  key 32 · piece u32
 *   leave  0x16  key 32
 *   choke  0x17  choked u8 (1: begin no new piece, 0: go on)
 */
const keyBytes = 32;

export const joinMinBytes = keyBytes + 1;
export const joinMaxBytes = joinMinBytes + Math.ceil(limits.content.fileBytes / limits.content.maxPieceBytes / 8);
export const hasBytes = keyBytes + 4;
export const leaveBytes = keyBytes;
export const chokeBytes = 1;

/** All pieces, or a bit for each. */
export type WirePieces = 'all' | Uint8Array;

export function encodeJoin(key: Uint8Array, pieces: WirePieces): Uint8Array<ArrayBuffer> {
  const bits = pieces === 'all' ? new Uint8Array(0) : pieces;
  const frame = headFrame(frameType.join, joinMinBytes + bits.length);
  frame.set(key, frameHeadBytes);
  frame[frameHeadBytes + keyBytes] = pieces === 'all' ? 1 : 0;
  frame.set(bits, frameHeadBytes + joinMinBytes);
  return frame;
}

export function decodeJoin(body: Uint8Array): { key: Uint8Array; pieces: WirePieces } {
  const all = body[keyBytes];
  if (all !== 0 && all !== 1) throw new ProtocolError('bad-field', 'join');
  return { key: keyOf(body), pieces: all === 1 ? 'all' : new Uint8Array(body.subarray(joinMinBytes)) };
}

export function encodeHas(key: Uint8Array, piece: number): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.has, hasBytes);
  frame.set(key, frameHeadBytes);
  writeU32(frame, frameHeadBytes + keyBytes, piece);
  return frame;
}

export const decodeHas = (body: Uint8Array): { key: Uint8Array; piece: number } => ({ key: keyOf(body), piece: readU32(body, keyBytes) });

export function encodeLeave(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.leave, leaveBytes);
  frame.set(key, frameHeadBytes);
  return frame;
}

export const decodeLeave = (body: Uint8Array): { key: Uint8Array } => ({ key: keyOf(body) });

export function encodeChoke(choked: boolean): Uint8Array<ArrayBuffer> {
  const frame = headFrame(frameType.choke, chokeBytes);
  frame[frameHeadBytes] = choked ? 1 : 0;
  return frame;
}

export function decodeChoke(body: Uint8Array): { choked: boolean } {
  const choked = body[0];
  if (choked !== 0 && choked !== 1) throw new ProtocolError('bad-field', 'choke');
  return { choked: choked === 1 };
}

const keyOf = (body: Uint8Array): Uint8Array => new Uint8Array(body.subarray(0, keyBytes));
