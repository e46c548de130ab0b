import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { toHex } from '#shared/ids.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { decodeCall, decodeJson, decodeNumber, encodeCall, encodeJson, encodeNumber, FrameDecoder } from '#shared/protocol/frames.ts';
import { encodeBlockHead, encodeCancel, encodeReject, encodeRequest, type RejectReason } from '#shared/protocol/hot-frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { joined, rawFrame, RecordingSink } from './recording-sink.ts';

const u32 = fc.nat({ max: 0xffffffff });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** A frame and what a sink must be told of it. */
interface Sample { readonly bytes: Uint8Array; readonly told: readonly unknown[]; readonly skip?: number }

const request: fc.Arbitrary<Sample> = fc.record({ requestId: u32, key: hash, piece: u32, begin: fc.nat({ max: 15 * 2 ** 20 }), length: fc.integer({ min: 1, max: 2 ** 20 }), pace: fc.oneof(fc.constant(0), fc.nat({ max: 255 })) })
  .map((value) => ({ bytes: encodeRequest(value), told: [{ ...value, key: toHex(value.key) }] }));
const batch: fc.Arbitrary<Sample> = fc.record({
  requestId: u32, key: fc.integer({ min: 2, max: limits.link.filesPerBatch }).chain((roots) => fc.uint8Array({ minLength: 32 * roots, maxLength: 32 * roots })),
  begin: fc.nat({ max: 15 * 2 ** 20 }), length: fc.integer({ min: 1, max: 2 ** 20 }), pace: fc.nat({ max: 255 }),
}).map((value) => ({ bytes: encodeRequest({ ...value, piece: 0 }), told: [{ ...value, piece: 0, key: toHex(value.key) }] }));
const cancel: fc.Arbitrary<Sample> = u32.map((id) => ({ bytes: encodeCancel(id), told: [{ cancel: id }] }));
const reject: fc.Arbitrary<Sample> = fc.tuple(u32, fc.constantFrom<RejectReason>('gone', 'changed', 'busy', 'error'))
  .map(([id, reason]) => ({ bytes: encodeReject(id, reason), told: [{ reject: id, reason }] }));
const block: fc.Arbitrary<Sample> = fc.tuple(u32, fc.uint8Array({ maxLength: 300 }), fc.option(hash), fc.boolean(), fc.boolean()).map(([id, payload, pieceHash, isCompressed, wanted]) => {
  const begin = { begin: id, payloadBytes: payload.length, pieceHash: pieceHash ? toHex(pieceHash) : null, isCompressed };
  return {
    bytes: joined([encodeBlockHead(id, payload.length, pieceHash, isCompressed), payload]),
    told: wanted ? [begin, { end: id, payload: toHex(payload) }] : [begin],
    ...(wanted ? {} : { skip: id }),
  };
});
const bodied: fc.Arbitrary<Sample> = fc.tuple(fc.constantFrom(1, 2, 5, 6, 7), fc.uint8Array({ minLength: 6, maxLength: 200 }))
  .map(([type, body]) => ({ bytes: rawFrame(type, body), told: [{ type, body: toHex(body) }] }));
const unknownType: fc.Arbitrary<Sample> = fc.tuple(fc.constantFrom(0, 9, 0x0f, 0x19, 0x80, 0xff), fc.uint8Array({ maxLength: 200 })).map(([type, body]) => ({ bytes: rawFrame(type, body), told: [] }));
const number: fc.Arbitrary<Sample> = fc.tuple(fc.constantFrom(frameType.ping, frameType.pong, frameType.cancelRequest), u32)
  .map(([type, value]) => ({ bytes: encodeNumber(type, value), told: [{ type, body: toHex(encodeNumber(type, value).subarray(5)) }] }));

const anyFrame = fc.oneof(request, batch, cancel, reject, block, bodied, unknownType, number);

function greetedDecoder(sink: RecordingSink): FrameDecoder {
  const decoder = new FrameDecoder(sink);
  decoder.greeted();
  return decoder;
}

describe('frames', () => {
  it('read the same however the stream is cut', () => {
    fc.assert(fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 60 }), (frames, cuts) => {
      const ids = new Set(frames.filter((frame) => frame.skip === undefined).flatMap((frame) => frame.told).map((told) => (typeof told === 'object' && told !== null && 'begin' in told ? told.begin : null)));
      fc.pre(frames.every((frame) => frame.skip === undefined || !ids.has(frame.skip)));
      const sink = new RecordingSink();
      for (const frame of frames) if (frame.skip !== undefined) sink.unwanted.add(frame.skip);
      const decoder = greetedDecoder(sink);
      const stream = joined(frames.map((frame) => frame.bytes));
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const next = at + (cuts[turn % cuts.length] ?? 1);
        decoder.push(stream.subarray(at, next));
        at = next;
      }
      expect(sink.told).toEqual(frames.flatMap((frame) => frame.told));
      expect(decoder.midFrame).toBe(false);
      expect(decoder.frames).toBe(frames.length);
    }));
  });

  it('keep nothing of the memory they were read from', () => {
    // Readers reuse their buffer, and a Buffer's own `slice` is a view of it.
    const key = new Uint8Array(32).fill(7);
    const read: Uint8Array[] = [];
    const sink = new RecordingSink();
    sink.blockRequest = (asked) => { read.push(asked.key); };
    const chunk = Buffer.from(encodeRequest({ requestId: 1, key, piece: 0, begin: 0, length: 1 }));
    greetedDecoder(sink).push(chunk);
    chunk.fill(0);
    expect(read.map(toHex)).toEqual([toHex(key)]);
  });

  it('never answer random bytes with anything but a protocol error', () => {
    const seeds = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.tuple(fc.nat({ max: 0x19 }), fc.uint8Array({ maxLength: 120 }), u32).map(([type, body, length]) => rawFrame(type, body, length % 80)));
    fc.assert(fc.property(fc.array(seeds, { maxLength: 8 }), fc.boolean(), (chunks, greeted) => {
      const sink = new RecordingSink();
      const decoder = new FrameDecoder(sink);
      if (greeted) decoder.greeted();
      try {
        for (const chunk of chunks) decoder.push(chunk);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      expect(sink.largest).toBeLessThanOrEqual(limits.link.bulkPayloadBytes);
    }), { numRuns: 2000 });
  });

  it.each([
    ['a hello', frameType.hello, limits.link.helloBytes],
    ['a request', frameType.request, limits.link.controlBodyBytes],
    ['a notice', frameType.notice, limits.link.controlBodyBytes],
    ['a block with its hash', frameType.block, 37 + limits.link.bulkPayloadBytes],
    ['an unknown type', 0x77, limits.link.controlBodyBytes],
    ['a ping', frameType.ping, 4],
    ['a block request', frameType.blockRequest, 49],
    ['a batch request', frameType.batchRequest, 13 + 256 * 32],
  ])('are refused by their length before any byte of %s is kept', (_name, type, most) => {
    const head = (length: number) => rawFrame(type, new Uint8Array(), length);
    expect(() => greetedDecoder(new RecordingSink()).push(head(most))).not.toThrow();
    expect(() => greetedDecoder(new RecordingSink()).push(head(most + 1))).toThrow(expect.objectContaining({ code: 'too-long' }));
    expect(() => greetedDecoder(new RecordingSink()).push(head(0xfffffffe))).toThrow(expect.objectContaining({ code: 'too-long' }));
  });

  it.each([
    ['no type', new Uint8Array(4).fill(0), 'too-short'],
    ['a short ping', rawFrame(frameType.ping, new Uint8Array(3)), 'too-short'],
    ['a block whose hash is missing', rawFrame(frameType.block, new Uint8Array([0, 0, 0, 1, 1, 9, 9])), 'too-short'],
    ['a payload that fills the place of the hash', joined([rawFrame(frameType.block, new Uint8Array([0, 0, 0, 1, 0]), 5 + limits.link.bulkPayloadBytes + 1)]), 'too-long'],
    ['unknown block flags', rawFrame(frameType.block, new Uint8Array([0, 0, 0, 1, 4, 9, 9])), 'bad-field'],
    ['a request for nothing', rawFrame(frameType.blockRequest, new Uint8Array(48)), 'bad-field'],
    ['a batch of one file', rawFrame(frameType.batchRequest, new Uint8Array(13 + 32).fill(1)), 'too-short'],
    ['a batch with a root cut off', rawFrame(frameType.batchRequest, new Uint8Array([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, ...new Uint8Array(65)])), 'bad-field'],
    ['a batch request for nothing', rawFrame(frameType.batchRequest, new Uint8Array(13 + 64)), 'bad-field'],
    ['a batch request beyond any piece', encodeRequest({ requestId: 1, key: new Uint8Array(64), piece: 0, begin: limits.content.maxPieceBytes, length: 1 }), 'bad-field'],
    ['a request for too much', encodeRequest({ requestId: 1, key: new Uint8Array(32), piece: 0, begin: 0, length: limits.link.bulkPayloadBytes + 1 }), 'bad-field'],
    ['a request beyond any piece', encodeRequest({ requestId: 1, key: new Uint8Array(32), piece: 0, begin: limits.content.maxPieceBytes, length: 1 }), 'bad-field'],
  ])('with %s end the connection', (_name, bytes, code) => {
    const padded = joined([bytes, new Uint8Array(1)]);
    expect(() => greetedDecoder(new RecordingSink()).push(padded)).toThrow(expect.objectContaining({ code }));
  });

  it('other than hello and refuse are not taken before the hello', () => {
    const sink = new RecordingSink();
    const decoder = new FrameDecoder(sink);
    decoder.push(encodeJson(frameType.hello, {}));
    expect(sink.told).toHaveLength(1);
    for (const bytes of [encodeNumber(frameType.ping, 1), rawFrame(0x77, new Uint8Array(1))]) {
      expect(() => new FrameDecoder(sink).push(bytes)).toThrow(expect.objectContaining({ code: 'unexpected-frame' }));
    }
  });

  it('stop in the middle of a chunk', () => {
    const sink = new RecordingSink();
    const decoder = greetedDecoder(sink);
    sink.cancelBlock = () => { decoder.stop(); };
    decoder.push(joined([encodeCancel(1), encodeReject(2, 'busy')]));
    expect(sink.told).toEqual([]);
  });

  it('leave a buffer alone once its block was dropped', () => {
    const buffer = new Uint8Array(8);
    const ended: number[] = [];
    const sink = new RecordingSink();
    sink.blockBegin = () => buffer;
    sink.blockEnd = (id) => { ended.push(id); };
    const decoder = greetedDecoder(sink);
    decoder.push(joined([encodeBlockHead(7, 8, null), new Uint8Array([1, 2, 3])]));
    decoder.dropPayload(8);
    decoder.push(new Uint8Array([4]));
    decoder.dropPayload(7);
    decoder.push(joined([new Uint8Array([5, 6, 7, 8]), encodeCancel(3)]));
    expect([...buffer]).toEqual([1, 2, 3, 4, 0, 0, 0, 0]);
    expect(ended).toEqual([]);
    expect(sink.told).toEqual([{ cancel: 3 }]);
  });
});

describe('bodies', () => {
  it('read back', () => {
    fc.assert(fc.property(u32, fc.jsonValue(), (id, value) => {
      const wrapped = { value };
      const written: unknown = JSON.parse(JSON.stringify(wrapped));
      expect(decodeCall(encodeCall(frameType.request, id, wrapped).subarray(5))).toEqual({ id, value: written });
      expect(decodeJson(encodeJson(frameType.notice, wrapped).subarray(5))).toEqual(written);
      expect(decodeNumber(encodeNumber(frameType.ping, id).subarray(5))).toBe(id);
    }));
  });

  it.each([
    ['broken UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a byte order mark', new Uint8Array([0xef, 0xbb, 0xbf, 0x31])],
    ['no JSON', new TextEncoder().encode('{"a":')],
    ['nothing', new Uint8Array()],
    ['deep nesting without an end', new TextEncoder().encode('['.repeat(limits.link.controlBodyBytes))],
  ])('with %s are refused', (_name, bytes) => {
    expect(() => decodeJson(bytes)).toThrow(expect.objectContaining({ name: 'ProtocolError', code: 'bad-json' }));
  });

  it('cannot reach a prototype', () => {
    decodeJson(new TextEncoder().encode('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));
    expect('polluted' in {}).toBe(false);
  });
});
