import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { isContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { BlockRequest } from '#shared/protocol/hot-frames.ts';
import type { Link } from '#main/node/ports/links.ts';
import { blockSink, linkedPair, startNode } from './test-nodes.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const key = new Uint8Array(32).fill(7);
const hashOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

describe('a link', () => {
  it('comes up at both ends and says who is there', async () => {
    const { a, b, ab, ba } = await linkedPair();
    expect(ab.remote).toEqual({ id: b.identity.id, name: 'b', platform: 'linux', version: '0.1.0', listenPort: b.port });
    expect(ba.remote).toMatchObject({ id: a.identity.id, name: 'a', listenPort: a.port });
    expect([ab.dialled, ba.dialled]).toEqual([true, false]);
    expect([ab.path, ba.path]).toEqual(['loopback', 'loopback']);
    expect(ab.address).toEqual(b.address);
    expect(a.links.get(b.identity.id)).toBe(ab);
    expect([...b.links.all()]).toEqual([ba]);
  });

  it('is given again to whoever dials again', async () => {
    const { a, b, ab, ba } = await linkedPair();
    expect(await a.links.dial(b.address, {})).toBe(ab);
    expect(await a.links.dial({ host: '127.0.0.1', port: 1 }, { expect: b.identity.id })).toBe(ab);
    expect(await b.links.dial(a.address, {})).toBe(ba);
    expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
  });

  it('is one and the same when both dial at once, many times over', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
      const [ab, ba, again] = await Promise.all([a.links.dial(b.address, {}), b.links.dial(a.address, {}), a.links.dial(b.address, {})]);
      expect(again).toBe(ab);
      expect(ab.dialled).toBe(!ba.dialled);
      ab.notify({ kind: 'renamed', name: `round ${round}` });
      await b.handler.until(() => b.handler.notices.length === 1);
      expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
      expect([a.handler.closedLinks.length, b.handler.closedLinks.length]).toEqual([0, 0]);
    }
  });

  it('ends at both ends when one closes it, and can be made again', async () => {
    const { a, b, ab, ba } = await linkedPair();
    ab.close({ code: 'cancelled' });
    await b.handler.until(() => ba.isClosed);
    expect(ab.isClosed).toBe(true);
    expect(a.handler.closedLinks).toEqual([{ link: ab, reason: { code: 'cancelled' } }]);
    expect(b.handler.closedLinks).toEqual([{ link: ba, reason: { code: 'link-closed' } }]);
    expect(b.links.get(a.identity.id)).toBeUndefined();
    expect((await b.links.dial(a.address, {})).isClosed).toBe(false);
  });

  it('carries what devices say of swarms, in order', async () => {
    const { b, ab } = await linkedPair();
    ab.join(key, Uint8Array.of(0b1010_0000));
    ab.has(key, 1);
    ab.choke(true);
    ab.choke(false);
    ab.join(key, 'all');
    ab.leave(key);
    await b.handler.until(() => b.handler.swarm.length === 6);
    const named = '07'.repeat(32);
    expect(b.handler.swarm).toEqual([{ joined: named, pieces: 'a0' }, { has: named, piece: 1 }, { choked: true }, { choked: false }, { joined: named, pieces: 'all' }, { left: named }]);
  });

  it('gives both ends the same keying material', async () => {
    const { ab, ba } = await linkedPair();
    expect(ab.exportKey('distrishare test', 32)).toEqual(ba.exportKey('distrishare test', 32));
    expect(ab.exportKey('distrishare test', 32)).not.toEqual(ab.exportKey('distrishare other', 32));
  });

  it('leaves nothing behind when it is closed in the middle of everything', async () => {
    const open = (): string[] => process.getActiveResourcesInfo().filter((kind) => /TCP|TLS/.test(kind));
    const before = open();
    const { a, b, ab } = await linkedPair();
    ab.wantLanes(2);
    const { sink, end } = blockSink(1);
    let wanted = false;
    b.handler.wanted = () => { wanted = true; };
    ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
    await b.handler.until(() => wanted);
    const stranger = connect(b.address);
    stranger.on('error', () => undefined);
    const dial = a.links.dial(b.address, {});
    await Promise.all([a.links.close(), b.links.close(), dial.catch(() => undefined)]);
    expect(await end).toEqual({ kind: 'lost', kept: 0 });
    stranger.destroy();
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(open()).toEqual(before);
  });

  it('measures its round trip', async () => {
    const { a, ab, ba } = await linkedPair();
    // The answer to the first ping was sent before this notice.
    a.handler.answer = () => Promise.resolve({ names: [], count: 0, bytes: 0 });
    await ba.request('shares', {});
    await ab.request('shares', {}).catch(() => undefined);
    expect(ab.latencyMs).toBeGreaterThan(0);
    expect(ab.latencyMs).toBeLessThan(1000);
  });

  it('stays up while the other end is closed and opened again', async () => {
    const { a, b } = await linkedPair();
    await b.links.close();
    await a.handler.until(() => a.handler.closedLinks.length === 1);
    const again = await startNode('b again', { identity: b.identity });
    expect((await a.links.dial(again.address, { expect: b.identity.id })).remote.name).toBe('b again');
  });
});

describe('requests', () => {
  it('are answered', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = (method, params) => Promise.resolve(method === 'have' ? { have: 'f'.repeat(2) } : params);
    const id = 'ab'.repeat(32);
    if (!isContentId(id)) throw new Error('a content id');
    expect(await ab.request('have', { contentIds: [id, id] })).toEqual({ have: 'ff' });
  });

  it('go both ways at once, more than may be under way', async () => {
    const { a, b, ab, ba } = await linkedPair();
    let most = 0;
    let under = 0;
    a.handler.answer = b.handler.answer = async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => { setImmediate(resolve); });
      under--;
      return { names: ['music'], count: 1, bytes: 2 };
    };
    const answers = await Promise.all([ab, ba].flatMap((link) => Array.from({ length: 200 }, () => link.request('shares', {}))));
    expect(answers).toHaveLength(400);
    expect(most).toBeLessThanOrEqual(2 * limits.link.requestsInFlightPerPeer);
    expect(most).toBeGreaterThan(1);
  });

  it('fail with the code of the other end, without its texts', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.reject(new AppError('rate-limited', { path: '/home/secret', seconds: 3 }));
    const failure: unknown = await ab.request('shares', {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'rate-limited', params: { seconds: 3 } });
    b.handler.answer = () => Promise.reject(new Error('a mistake in /home/secret'));
    expect(await ab.request('shares', {}).catch((error: unknown) => error)).toMatchObject({ code: 'internal', params: {} });
  });

  it('and answers that are not as agreed are refused, and the link stays', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.resolve({ names: 7 });
    await expect(ab.request('shares', {})).rejects.toEqual(coded('protocol-error'));
    await expect(ab.request('browse', { path: 'x', limit: 0 })).rejects.toEqual(coded('bad-argument'));
    expect(ab.isClosed).toBe(false);
  });

  it('too long to travel are refused before they do, and so are answers', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.resolve({ hashes: 'A'.repeat(limits.link.controlBodyBytes) });
    await expect(ab.request('stat', { path: 'x'.repeat(2 * limits.link.controlBodyBytes) })).rejects.toEqual(coded('bad-argument'));
    await expect(ab.request('shares', {})).rejects.toEqual(coded('internal'));
  });

  it('can be taken back; the other end hears of it', async () => {
    const { b, ab } = await linkedPair();
    const asked = new Promise<AbortSignal>((resolve) => {
      b.handler.answer = (_method, _params, signal) => {
        resolve(signal);
        return new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new AppError('cancelled')); }); });
      };
    });
    const abort = new AbortController();
    const request = ab.request('shares', {}, { signal: abort.signal });
    const signal = await asked;
    abort.abort();
    await expect(request).rejects.toEqual(coded('cancelled'));
    await new Promise<void>((resolve) => { if (signal.aborted) resolve(); else signal.addEventListener('abort', () => { resolve(); }); });
    b.handler.answer = () => Promise.resolve({ names: [], count: 0, bytes: 0 });
    expect(await ab.request('shares', {})).toEqual({ names: [], count: 0, bytes: 0 });
    await expect(ab.request('shares', {}, { signal: AbortSignal.abort() })).rejects.toEqual(coded('cancelled'));
  });

  it('time out', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => new Promise(() => undefined);
    await expect(ab.request('shares', {}, { timeoutMs: 30 })).rejects.toEqual(coded('timeout'));
  });

  it('fail when the link ends', async () => {
    const { b, ab, ba } = await linkedPair();
    b.handler.answer = () => { ba.close({ code: 'cancelled' }); return new Promise(() => undefined); };
    await expect(Promise.all(Array.from({ length: 100 }, () => ab.request('shares', {})))).rejects.toEqual(coded('link-closed'));
    await expect(ab.request('shares', {})).rejects.toEqual(coded('link-closed'));
  });
});

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
      left.push(link.sendBlock(lane, request.requestId, new Uint8Array(request.length), null));
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

describe('dialling', () => {
  it('tells nobody there from somebody else', async () => {
    const a = await startNode('a', { listen: false });
    const b = await startNode('b');
    const other = await startNode('other', { listen: false });
    await expect(a.links.dial({ host: '127.0.0.1', port: 1 }, {})).rejects.toEqual(coded('not-reachable'));
    await expect(a.links.dial({ host: 'no-such-host.invalid', port: 1 }, {})).rejects.toEqual(coded('not-reachable'));
    await expect(a.links.dial(b.address, { expect: other.identity.id })).rejects.toEqual(coded('identity-changed'));
    await expect(b.links.dial(b.address, {})).rejects.toEqual(coded('self-dial'));
    expect(a.seen).toEqual([]);
  });

  it('can be taken back', async () => {
    const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
    const abort = new AbortController();
    const dial = a.links.dial(b.address, { signal: abort.signal });
    abort.abort();
    await expect(dial).rejects.toEqual(coded('cancelled'));
    await expect(a.links.dial(b.address, { signal: AbortSignal.abort() })).rejects.toEqual(coded('cancelled'));
    expect(b.seen).toEqual([]);
  });

  it('of or by a blocked device fails with that word', async () => {
    const a = await startNode('a');
    const b = await startNode('b', { isBlocked: (id) => id === a.identity.id });
    await expect(a.links.dial(b.address, {})).rejects.toEqual(coded('blocked'));
    await expect(b.links.dial(a.address, {})).rejects.toEqual(coded('blocked'));
    expect([a.seen, b.seen]).toEqual([[], []]);
  });

  it('a device that links only with those it knows is refused, while it may dial itself', async () => {
    const a = await startNode('a');
    const b = await startNode('b', { mayLink: () => false });
    await expect(a.links.dial(b.address, {})).rejects.toEqual(coded('refused'));
    expect((await b.links.dial(a.address, {})).remote.name).toBe('a');
  });

  it('nor does such a device link with somebody whom it dials only because that one asks for it', async () => {
    const a = await startNode('a');
    const b = await startNode('b', { mayLink: (id) => id !== a.identity.id });
    await expect(b.links.dial(a.address, { isAsked: false })).rejects.toMatchObject({ code: 'refused' });
    expect([[...a.links.all()].length, [...b.links.all()].length]).toEqual([0, 0]);
    const full = await startNode('full', { linksAtOnce: 1 });
    await full.links.dial(b.address, { isAsked: false });
    await expect(full.links.dial(a.address, { isAsked: false })).rejects.toMatchObject({ code: 'too-many' });
    expect((await full.links.dial(a.address, {})).remote.name).toBe('a');
  });

  it('finds room at a device that is full of strangers only when it is expected there', async () => {
    const [friend, stranger, ...others] = await Promise.all(['friend', 'stranger', 'one', 'two'].map((name) => startNode(name)));
    const full = await startNode('full', { linksAtOnce: 2, isExpected: (id) => id === friend?.identity.id });
    for (const other of others) await other.links.dial(full.address, {});
    await expect(stranger?.links.dial(full.address, {})).rejects.toMatchObject({ code: 'too-many' });
    await expect(friend?.links.dial(full.address, {})).resolves.toMatchObject({ remote: { id: full.identity.id } });
  });

  it('ends with the links', async () => {
    const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
    const dial = a.links.dial(b.address, {});
    await Promise.all([expect(dial).rejects.toEqual(coded('cancelled')), a.links.close()]);
    await expect(a.links.dial(b.address, {})).rejects.toEqual(coded('cancelled'));
  });
});

describe('listening', () => {
  it('takes the next free port when the wanted one is taken', async () => {
    const a = await startNode('a');
    const b = await startNode('b', { port: a.port });
    expect(b.port).toBeGreaterThan(a.port);
    expect(b.port).toBeLessThan(a.port + 64);
    expect((await a.links.dial(b.address, {})).remote.name).toBe('b');
  });

  it('says when there is no such address here', async () => {
    const a = await startNode('a', { listen: false });
    await expect(a.links.listen(0, '192.0.2.1')).rejects.toEqual(coded('not-reachable'));
  });
});

describe('a network that is switched off', () => {
  /** Nodes on loopback, whose address stands for a network that can be switched. */
  const switchable = async (name: string, off: Set<string>) => startNode(name, { isUsed: (host) => !off.has(host) });

  it('is not dialled over, and nothing but the TCP handshake goes out', async () => {
    const a = await switchable('a', new Set(['127.0.0.1']));
    let heard = 0;
    const server = createServer((socket) => socket.on('data', (bytes) => { heard += bytes.length; }));
    const gone = new Promise<void>((resolve) => { server.once('connection', (socket) => socket.once('close', () => resolve())); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a port');
    const failure: unknown = await a.links.dial({ host: '127.0.0.1', port: address.port }, {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'network-off', params: { name: 'lo', address: `127.0.0.1:${address.port}` } });
    await gone;
    expect(heard).toBe(0);
    server.close();
  });

  it('takes nobody in, until it is switched on', async () => {
    const off = new Set(['127.0.0.1']);
    const [a, b] = [await startNode('a'), await switchable('b', off)];
    await expect(a.links.dial(b.address, {})).rejects.toEqual(coded('protocol-error'));
    expect(b.seen).toEqual([]);
    off.clear();
    expect((await a.links.dial(b.address, {})).isClosed).toBe(false);
  });

  it('ends what runs over it at once, links, lanes and handshakes, and nothing else', async () => {
    const off = new Set<string>();
    const [a, b, c] = [await startNode('a'), await switchable('b', off), await switchable('c', off)];
    const ab = await a.links.dial(b.address, {});
    const ba = await b.linked();
    const cb = await c.links.dial(b.address, {});
    const lanes = new Promise<number>((resolve) => { b.handler.wanted = (link, lane, { requestId }) => { link.rejectBlock(lane, requestId, 'gone'); resolve(lane); }; });
    ab.wantLanes(1);
    const ask = (): void => { ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, blockSink(1).sink); };
    ask();
    await lanes;
    const stranger = connect(b.address);
    const cut = new Promise<void>((resolve) => { stranger.on('error', () => undefined).once('close', () => resolve()); });
    await new Promise<void>((resolve) => { stranger.once('connect', () => resolve()); });
    b.links.networksChanged();
    expect([ba.isClosed, cb.isClosed]).toEqual([false, false]);

    off.add('127.0.0.1');
    b.links.networksChanged();
    expect(ba.isClosed).toBe(true);
    expect(b.handler.closedLinks.map(({ reason }) => reason.code)).toEqual(['network-off', 'network-off']);
    expect([...b.links.all()]).toEqual([]);
    await Promise.all([a.handler.until(() => ab.isClosed), c.handler.until(() => cb.isClosed), cut]);
    expect(a.handler.closedLinks).toMatchObject([{ reason: { code: 'link-closed' } }]);
    off.clear();
    expect((await a.links.dial(b.address, {})).isClosed).toBe(false);
  });

  it('gives up dials that are under way', async () => {
    const off = new Set<string>();
    const a = await switchable('a', off);
    // It is switched off between the TCP connection and the end of the TLS handshake.
    const b = await startNode('b', { isUsed: () => off.add('127.0.0.1').size > 0 });
    await expect(a.links.dial(b.address, {})).rejects.toEqual(coded('network-off'));
    expect([...a.links.all()]).toEqual([]);
  });
});
