import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import type { Link } from '#main/node/ports/links.ts';
import { makeIdentity } from '#main/net/identity.ts';
import { blockSink, startNode, type TestNode } from './test-nodes.ts';

const relay = 'https://relay.example.org';
const coded = (code: string): unknown => expect.objectContaining({ code });
const key = new Uint8Array(32).fill(7);

/** Both ends of a TCP connection that neither node listens for. */
async function streams(): Promise<[Duplex, Duplex]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const far = await new Promise<Duplex>((resolve) => { server.once('connection', resolve); });
  server.close();
  return [near, far];
}

/** Two nodes at the ends of a stream, which a server carries or nobody. */
async function join(a: TestNode, b: TestNode, from: string | null = relay): Promise<readonly Promise<Link>[]> {
  const [near, far] = await streams();
  return [a.links.adopt(near, { expect: b.identity.id, dialled: true, relay: from }), b.links.adopt(far, { expect: a.identity.id, dialled: false, relay: from })];
}
async function joined(a: TestNode, b: TestNode, from?: string | null): Promise<[Link, Link]> {
  const [ab, ba] = await Promise.all(await join(a, b, from));
  if (ab === undefined || ba === undefined) throw new Error('there are two ends');
  return [ab, ba];
}

async function fetchThrough(to: TestNode, link: Link): Promise<boolean> {
  const payload = new Uint8Array(300_000).map((_, index) => index % 251);
  to.handler.wanted = (other, lane, { requestId }) => { void other.sendBlock(lane, requestId, payload, null); };
  const { sink, end, buffer } = blockSink(payload.length);
  link.requestBlock({ key, piece: 0, begin: 0, length: payload.length }, sink);
  expect(await end).toMatchObject({ kind: 'done' });
  return Buffer.from(buffer).equals(payload);
}

it('a link comes up over a stream that a server carries, says so, and gives blocks', async () => {
  const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
  const [ab, ba] = await joined(a, b);
  expect([ab, ba].map(({ path, relay: server, takesLinks, dialled }) => ({ path, server, takesLinks, dialled }))).toEqual([
    { path: 'relay', server: relay, takesLinks: null, dialled: true }, { path: 'relay', server: relay, takesLinks: null, dialled: false },
  ]);
  expect(ab.exportKey('x', 16)).toEqual(ba.exportKey('x', 16));
  expect(await fetchThrough(b, ab)).toBe(true);
  expect(await fetchThrough(a, ba)).toBe(true);
});

it('a relayed link gives way to one that nobody carries, whoever dials it, and never the other way round', async () => {
  for (const dialler of ['a', 'b'] as const) {
    const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
    const [, ba] = await joined(a, b);
    const [from, to] = dialler === 'a' ? [a, b] : [b, a];
    const better = await from.links.dial(to.address, { expect: to.identity.id, isBetter: true });
    expect(better).toMatchObject({ path: 'loopback', relay: null });
    await b.handler.until(() => ba.isClosed);
    expect([a.links.get(b.identity.id)?.path, b.links.get(a.identity.id)?.path]).toEqual(['loopback', 'loopback']);
    expect(await fetchThrough(to, better)).toBe(true);
    await Promise.allSettled([...(await join(a, b)), ...(await join(b, a))]);
    expect([a.links.get(b.identity.id)?.path, b.links.get(a.identity.id)?.path]).toEqual(['loopback', 'loopback']);
  }
});

it('two that find a better way at the same time come to one and the same link', async () => {
  for (let time = 0; time < 5; time++) {
    const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
    const [ab, ba] = await joined(a, b);
    await Promise.all([a.links.dial(b.address, { expect: b.identity.id, isBetter: true }), b.links.dial(a.address, { expect: a.identity.id, isBetter: true })]);
    await Promise.all([a.handler.until(() => ab.isClosed), b.handler.until(() => ba.isClosed), a.linked(1), b.linked(1)]);
    const [better, there] = [a.links.get(b.identity.id), b.links.get(a.identity.id)];
    expect([better?.path, there?.path]).toEqual(['loopback', 'loopback']);
    expect(better?.exportKey('x', 16)).toEqual(there?.exportKey('x', 16));
    expect([a.seen.length, b.seen.length]).toEqual([2, 2]);
  }
});

it('a relayed link stays when a better one was not wanted, or does not come up', async () => {
  const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
  const [ab] = await joined(a, b);
  expect(await a.links.dial(b.address, { expect: b.identity.id })).toBe(ab);
  await expect(a.links.dial({ host: '127.0.0.1', port: 1 }, { expect: b.identity.id, isBetter: true })).rejects.toEqual(coded('not-reachable'));
  expect(a.links.get(b.identity.id)).toBe(ab);
  expect(await fetchThrough(b, ab)).toBe(true);
});

it('a connection through holes in two routers is a link like any other, but takes no second connection', async () => {
  const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
  await joined(a, b);
  const [ab, ba] = await joined(b, a, null);
  expect([ab, ba].map(({ path, relay: server, takesLinks }) => ({ path, server, takesLinks }))).toEqual([{ path: 'loopback', server: null, takesLinks: null }, { path: 'loopback', server: null, takesLinks: null }]);
  expect(await fetchThrough(a, ab)).toBe(true);
});

it('a connection through a network that is switched off is none, and a relayed one is not of that network', async () => {
  const [a, b] = await Promise.all([startNode('a', { isUsed: () => false }), startNode('b')]);
  const [ab, ba] = await join(a, b, null);
  await Promise.all([expect(ab).rejects.toEqual(coded('network-off')), expect(ba).rejects.toBeInstanceOf(Error)]);
  expect((await joined(a, b))[0].path).toBe('relay');
});

it('a stream leads only to the device that is expected', async () => {
  const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
  const stranger = await makeIdentity();
  const [near, far] = await streams();
  const there = b.links.adopt(far, { expect: a.identity.id, dialled: false, relay });
  await expect(a.links.adopt(near, { expect: stranger.id, dialled: true, relay })).rejects.toEqual(coded('identity-changed'));
  await expect(there).rejects.toBeInstanceOf(Error);
  expect([near.destroyed, far.destroyed, a.seen.length, b.seen.length]).toEqual([true, true, 0, 0]);
});

it('a stream that says nothing, or nonsense, is given up', async () => {
  const a = await startNode('a');
  const stranger = await makeIdentity();
  const [near, far] = await streams();
  const adopting = a.links.adopt(near, { expect: stranger.id, dialled: false, relay });
  far.write('GET / HTTP/1.1\r\n\r\n');
  await expect(adopting).rejects.toBeInstanceOf(Error);
  const [quiet] = await streams();
  const stop = new AbortController();
  const waiting = a.links.adopt(quiet, { expect: stranger.id, dialled: true, relay, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toEqual(coded('cancelled'));
  expect(quiet.destroyed).toBe(true);
});
