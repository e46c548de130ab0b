import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Decompressed } from '#main/net/decompressor.ts';
import type { Link } from '#main/node/ports/links.ts';
import { limits } from '#shared/limits.ts';
import { encodeBlockHead } from '#shared/protocol/hot-frames.ts';
import { encodePace, plainOnly } from '#shared/protocol/pace.ts';
import { MiB } from '#shared/units.ts';
import { rawDial } from './raw-peer.ts';
import { blockSink, linkedPair, startNode, type TestNode } from './test-nodes.ts';

const key = new Uint8Array(32).fill(7);
const compress = (plain: Uint8Array): Uint8Array => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 20 } });
const text = Buffer.alloc(limits.link.bulkPayloadBytes, 'it was a dark and stormy night; ');

/** Answers every request with this, whatever was asked for. */
function answer(node: TestNode, payload: Uint8Array, pieceHash: Uint8Array | null = null): number[] {
  const paces: number[] = [];
  node.handler.wanted = (link, lane, { requestId, pace }) => {
    paces.push(pace);
    link.sendBlock(lane, requestId, payload, pieceHash, true).catch(() => undefined);
  };
  return paces;
}
const ask = (link: Link, length: number, pace?: number): ReturnType<typeof blockSink> & { requestId: number } => {
  const wanted = blockSink(length);
  return { ...wanted, requestId: link.requestBlock({ key, piece: 0, begin: 0, length, ...(pace === undefined ? {} : { pace }) }, wanted.sink) };
};

describe('a compressed block', () => {
  it('arrives as what it was, with its hash, and counts what travelled', async () => {
    const { b, ab, ba } = await linkedPair();
    const packed = compress(text);
    const hash = new Uint8Array(32).fill(9);
    const paces = answer(b, packed, hash);
    const blocks = Array.from({ length: 8 }, () => ask(ab, text.length, encodePace(2e6)));
    for (const { end, buffer } of blocks) {
      expect(await end).toEqual({ kind: 'done', pieceHash: hash, wireBytes: packed.length });
      expect(Buffer.compare(buffer, text)).toBe(0);
    }
    expect(paces).toEqual(blocks.map(() => encodePace(2e6)));
    expect([ab.knowsCompression, ba.knowsCompression]).toEqual([true, true]);
  });

  it.each([
    ['a bomb', compress(Buffer.alloc(64 * MiB))],
    ['too short', compress(text.subarray(1))],
    ['no stream', randomBytes(500)],
    ['empty', new Uint8Array()],
  ])('that is %s is told as broken, and the link stays', async (_what, payload) => {
    const { b, ab } = await linkedPair();
    answer(b, payload);
    expect(await ask(ab, text.length, encodePace(null)).end).toEqual({ kind: 'broken' });
    answer(b, compress(text));
    expect(await ask(ab, text.length, encodePace(null)).end).toMatchObject({ kind: 'done' });
    expect(ab.isClosed).toBe(false);
  });

  it('ends the link when nobody asked for one, or when it is no shorter than the plain one', async () => {
    for (const [pace, payloadBytes] of [[plainOnly, 5], [encodePace(null), 10], [encodePace(null), 11]] as const) {
      const node = await startNode('node');
      const peer = await rawDial(node.address) ?? expect.fail('no connection');
      await peer.greet();
      const link = await node.linked();
      const { end, buffer } = ask(link, 10, pace);
      const request = await peer.blockWanted();
      peer.send(encodeBlockHead(request?.requestId ?? 0, payloadBytes, null, true), new Uint8Array(payloadBytes).fill(1));
      expect(await end).toEqual({ kind: 'lost', kept: 0 });
      expect([...buffer]).toEqual(new Array(10).fill(0));
      await node.handler.until(() => node.handler.closedLinks.length === 1);
      expect(node.handler.closedLinks[0]?.reason).toMatchObject({ code: 'protocol-error' });
    }
  });

  it('is not asked of a device that does not know of it', async () => {
    const node = await startNode('node');
    const peer = await rawDial(node.address) ?? expect.fail('no connection');
    await peer.greet({ features: ['something-else'] });
    expect(await node.linked()).toMatchObject({ knowsCompression: false, knowsBatches: false });
  });

  it.each(['cancelled', 'lost with its link'])('%s while it is decompressed leaves its buffer to whoever has it next', async (how) => {
    let decompress: (plain: Decompressed) => void = () => undefined;
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => { begun = resolve; });
    const decompressor = { decompress: () => new Promise<Decompressed>((resolve) => { decompress = resolve; begun(); }) };
    const [a, b] = await Promise.all([startNode('a', { decompressor }), startNode('b')]);
    const ab = await a.links.dial(b.address, {});
    answer(b, compress(text));
    const { end, buffer, requestId } = ask(ab, text.length, encodePace(null));
    await hasBegun;
    if (how === 'cancelled') ab.cancelBlock(requestId);
    else ab.close({ code: 'link-closed' });
    buffer.fill(3);
    decompress(text);
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(buffer.every((byte) => byte === 3)).toBe(true);
    expect(await Promise.race([end, Promise.resolve('nothing')])).toEqual(how === 'cancelled' ? 'nothing' : { kind: 'lost', kept: 0 });
  });
});
