import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '#shared/limits.ts';
import type { BlockRequest } from '#shared/protocol/hot-frames.ts';
import type { Link } from '#main/node/ports/links.ts';
import { blockSink, linkedPair, startNode } from './test-nodes.ts';

const key = new Uint8Array(32).fill(7);
const hashOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

describe('blocks', () => {
  it.each([[0, 1], [1, 1], [3, 3]])('arrive over %i bulk lanes', async (lanes) => {
    const { b, ab } = await linkedPair();
    const data = randomBytes(limits.link.bulkPayloadBytes);
    const used = new Set<number>();
    b.handler.wanted = (link, lane, request) => {
      used.add(lane);
      const payload = data.subarray(request.begin, request.begin + request.length);
      void link.sendBlock(lane, request.requestId, payload, request.piece % 2 === 0 ? null : hashOf(payload));
    };
    const fetch = async (piece: number, begin: number, length: number): Promise<void> => {
      const { sink, end, buffer } = blockSink(length);
      ab.requestBlock({ key, piece, begin, length }, sink);
      const expected = data.subarray(begin, begin + length);
      expect(await end).toEqual({ kind: 'done', pieceHash: piece % 2 === 0 ? null : hashOf(expected), wireBytes: length });
      expect(Buffer.compare(buffer, expected)).toBe(0);
    };
    ab.wantLanes(lanes);
    // Until a bulk lane is up, the control connection serves.
    do await fetch(0, 0, 1);
    while (lanes > 0 && used.size === 1 && used.has(0));
    await Promise.all(Array.from({ length: 24 }, (_, piece) => fetch(piece, 1000 * piece, piece % 3 === 0 ? data.length - 1000 * piece : 10 + piece)));
    expect([...used].some((lane) => lane > 0)).toBe(lanes > 0);
    expect(used.size).toBeLessThanOrEqual(lanes + 1);
  });

  it('come over the bulk lane that whoever asks dialled', async () => {
    const { a, b, ab, ba } = await linkedPair();
    const served = { a: [] as number[], b: [] as number[] };
    const serve = (lanes: number[]) => (link: Link, lane: number, request: BlockRequest): void => {
      lanes.push(lane);
      void link.sendBlock(lane, request.requestId, new Uint8Array(1), null);
    };
    a.handler.wanted = serve(served.a);
    b.handler.wanted = serve(served.b);
    const ask = async (link: Link, lanes: number[]): Promise<number | undefined> => {
      const { sink, end } = blockSink(1);
      link.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
      await end;
      return lanes.at(-1);
    };
    ab.wantLanes(1);
    while ((await ask(ab, served.b)) === 0);
    // There is one by now: without its own, this end uses it; then it uses its own.
    expect(await ask(ba, served.a)).toBe(1);
    ba.wantLanes(1);
    while ((await ask(ba, served.a)) === 1);
    expect(served.a.at(-1)).toBe(2);
    expect(await ask(ab, served.b)).toBe(1);
  });

  it('keep bulk lanes only while they are used', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let skewMs = 0;
      const [a, b] = await Promise.all([startNode('a', { now: () => performance.now() + skewMs }), startNode('b')]);
      const lanes: number[] = [];
      b.handler.wanted = (link, lane, request) => {
        lanes.push(lane);
        void link.sendBlock(lane, request.requestId, new Uint8Array(1), null);
      };
      const ab = await a.links.dial(b.address, {});
      const ask = async (): Promise<number | undefined> => {
        const { sink, end } = blockSink(1);
        ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
        await end;
        return lanes.at(-1);
      };
      ab.wantLanes(1);
      while ((await ask()) === 0);
      for (let tick = 0; tick < 6; tick++) {
        vi.advanceTimersByTime(limits.link.keepAliveMs);
        // One round trip, so that the link is seen to be alive.
        await ask();
        skewMs += limits.link.keepAliveMs;
      }
      expect(lanes.at(-1)).toBe(1);
      const asked = lanes.length;
      for (let tick = 0; tick < 5; tick++) {
        vi.advanceTimersByTime(limits.link.keepAliveMs);
        b.seen[0]?.notify({ kind: 'renamed', name: `tick ${tick}` });
        await a.handler.until(() => a.handler.notices.length === tick + 1);
        skewMs += limits.link.keepAliveMs;
      }
      expect(lanes).toHaveLength(asked);
      expect(await ask()).toBe(0);
      expect(ab.isClosed).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are rejected with the reason', async () => {
    const { b, ab } = await linkedPair();
    b.handler.wanted = (link, lane, request) => { link.rejectBlock(lane, request.requestId, 'changed'); };
    const { sink, end } = blockSink(10);
    ab.requestBlock({ key, piece: 0, begin: 0, length: 10 }, sink);
    expect(await end).toEqual({ kind: 'rejected', reason: 'changed' });
  });

  it('taken back are not sent any more', async () => {
    const { b, ab } = await linkedPair();
    let kept: { lane: number; requestId: number } | null = null;
    b.handler.wanted = (_link, lane, request) => { kept = { lane, requestId: request.requestId }; };
    const { sink, end, buffer } = blockSink(10);
    const requestId = ab.requestBlock({ key, piece: 0, begin: 0, length: 10 }, sink);
    await b.handler.until(() => kept !== null);
    ab.cancelBlock(requestId);
    await b.handler.until(() => b.handler.cancelled.length === 1);
    const ba = await b.linked();
    expect(await ba.sendBlock(0, requestId, new Uint8Array(10).fill(9), null)).toBe(false);
    b.handler.wanted = (link, lane, request) => { void link.sendBlock(lane, request.requestId, new Uint8Array(1), null); };
    const next = blockSink(1);
    ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, next.sink);
    expect(await next.end).toMatchObject({ kind: 'done' });
    expect([...buffer]).toEqual(new Array(10).fill(0));
    expect(await Promise.race([end, Promise.resolve('nothing')])).toBe('nothing');
  });

  it('are lost when the other end goes in the middle of one', async () => {
    const { b, ab, ba } = await linkedPair();
    const left: Promise<boolean>[] = [];
    b.handler.wanted = (link, lane, request) => {
      const sent = link.sendBlock(lane, request.requestId, new Uint8Array(request.length), null);
      // Looked at only when the others have ended, too.
      sent.catch(() => undefined);
      left.push(sent);
      ba.close({ code: 'cancelled' });
    };
    const sinks = Array.from({ length: 3 }, () => blockSink(limits.link.bulkPayloadBytes));
    for (const { sink } of sinks) ab.requestBlock({ key, piece: 0, begin: 0, length: limits.link.bulkPayloadBytes }, sink);
    expect((await Promise.all(sinks.map(({ end }) => end))).at(-1)).toEqual({ kind: 'lost', kept: 0 });
    await Promise.allSettled(left);
    expect(ab.isClosed).toBe(true);
    const { sink, end } = blockSink(1);
    ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
    expect(await end).toEqual({ kind: 'lost', kept: 0 });
  });

  it('more than a peer may want are turned down', async () => {
    const { b, ab } = await linkedPair();
    b.handler.wanted = () => undefined;
    const sinks = Array.from({ length: limits.transfer.requestsInFlightPerPeer + 1 }, () => blockSink(1));
    for (const { sink } of sinks) ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
    expect(await Promise.race(sinks.map(({ end }) => end))).toEqual({ kind: 'rejected', reason: 'busy' });
  });

  it('do not make control requests wait for all of them', async () => {
    const { b, ab } = await linkedPair();
    b.handler.wanted = (link, lane, request) => { void link.sendBlock(lane, request.requestId, new Uint8Array(request.length), null); };
    b.handler.answer = () => Promise.resolve({ names: [], count: 0, bytes: 0 });
    const sinks = Array.from({ length: 64 }, () => blockSink(limits.link.bulkPayloadBytes));
    let done = 0;
    for (const { sink, end } of sinks) {
      ab.requestBlock({ key, piece: 0, begin: 0, length: limits.link.bulkPayloadBytes }, sink);
      void end.then(() => done++);
    }
    await ab.request('shares', {});
    expect(done).toBeLessThan(sinks.length);
    await Promise.all(sinks.map(({ end }) => end));
  });
});
