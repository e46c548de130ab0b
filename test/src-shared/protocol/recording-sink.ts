import { frameHeadBytes } from '#shared/protocol/frame-layout.ts';
import type { FrameSink } from '#shared/protocol/frames.ts';
import { toHex } from '#shared/ids.ts';

/** A sink that writes down what it was told, blocks with their payload. */
export class RecordingSink implements FrameSink {
  readonly told: unknown[] = [];
  readonly #arriving = new Map<number, Uint8Array>();
  /** Blocks with these ids are skipped. */
  readonly unwanted = new Set<number>();
  largest = 0;

  body: FrameSink['body'] = (type, body) => { this.told.push({ type, body: toHex(body) }); };
  blockRequest: FrameSink['blockRequest'] = (request) => { this.told.push({ ...request, key: toHex(request.key) }); };
  cancelBlock: FrameSink['cancelBlock'] = (requestId) => { this.told.push({ cancel: requestId }); };
  rejectBlock: FrameSink['rejectBlock'] = (requestId, reason) => { this.told.push({ reject: requestId, reason }); };
  blockBegin: FrameSink['blockBegin'] = (requestId, payloadBytes, pieceHash, isCompressed) => {
    this.largest = Math.max(this.largest, payloadBytes);
    this.told.push({ begin: requestId, payloadBytes, pieceHash: pieceHash ? toHex(pieceHash) : null, isCompressed });
    if (this.unwanted.has(requestId)) return null;
    const buffer = new Uint8Array(payloadBytes);
    this.#arriving.set(requestId, buffer);
    return buffer;
  };
  blockEnd: FrameSink['blockEnd'] = (requestId) => { this.told.push({ end: requestId, payload: toHex(this.#arriving.get(requestId) ?? new Uint8Array()) }); };
}

/** A frame with any type and body, also such as no encoder makes. */
export function rawFrame(type: number, body: Uint8Array, claimed = body.length): Uint8Array {
  const frame = new Uint8Array(frameHeadBytes + body.length);
  new DataView(frame.buffer).setUint32(0, 1 + claimed);
  frame[4] = type;
  frame.set(body, frameHeadBytes);
  return frame;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
