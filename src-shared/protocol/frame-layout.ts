/**
 * One frame: length u32 (of type and body) · type u8 · body. Integers are big-endian (docs/protocol.md). Types above
 * those listed belong to later versions and are skipped within the limits.
 */
export const frameType = {
  hello: 0x01,
  refuse: 0x02,
  ping: 0x03,
  pong: 0x04,
  request: 0x05,
  response: 0x06,
  notice: 0x07,
  cancelRequest: 0x08,
  blockRequest: 0x10,
  block: 0x11,
  cancelBlock: 0x12,
  rejectBlock: 0x13,
  join: 0x14,
  has: 0x15,
  leave: 0x16,
  choke: 0x17,
  batchRequest: 0x18,
} as const;
export type FrameType = (typeof frameType)[keyof typeof frameType];

/** Length and type, bytes. */
export const frameHeadBytes = 5;

/** A frame with its head written and room for `bodyBytes`; `more` bytes of the body will follow from elsewhere. */
export function headFrame(type: FrameType, bodyBytes: number, more = 0): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(frameHeadBytes + bodyBytes);
  const length = 1 + bodyBytes + more;
  frame[0] = length >>> 24;
  frame[1] = length >>> 16;
  frame[2] = length >>> 8;
  frame[3] = length;
  frame[4] = type;
  return frame;
}
