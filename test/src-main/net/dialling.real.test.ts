import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { blockSink, startNode } from './test-nodes.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const key = new Uint8Array(32).fill(7);

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
