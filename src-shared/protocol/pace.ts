/**
 * How fast blocks arrive from a device, as one byte of a block request (docs/protocol.md): with it the asking device says
 * that it takes compressed blocks, and how slow the line would have to be for them to pay. Steps of 9 %.
 */
const stepsPerDoubling = 8;
const fastest = 254;
const unknown = 255;

/** No compressed blocks, please. */
export const plainOnly = 0;

/** `bytesPerSecond` null: not known yet. */
export function encodePace(bytesPerSecond: number | null): number {
  if (bytesPerSecond === null) return unknown;
  return Math.min(fastest, Math.max(1, Math.round(stepsPerDoubling * Math.log2(Math.max(1, bytesPerSecond)))));
}

/** Bytes/s; null when the byte says nothing of it. */
export const decodePace = (pace: number): number | null => (pace === plainOnly || pace === unknown ? null : 2 ** (pace / stepsPerDoubling));
