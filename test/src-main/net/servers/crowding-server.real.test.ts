import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { makeIdentity } from '#main/net/identity.ts';
import { ServerSession } from '#main/net/servers/server-session.ts';
import { Servers } from '#main/net/servers/servers.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { parseServerUrl } from '#shared/server-url.ts';

/** Small enough for a test to reach. */
vi.mock('#shared/limits.ts', async (original) => {
  const { limits } = await original<typeof import('#shared/limits.ts')>();
  return { limits: { ...limits, servers: { ...limits.servers, nodesKept: 20 } } };
});

const closing: (() => unknown)[] = [];
afterEach(async () => { for (const close of closing.splice(0).toReversed()) await close(); });

const nodes = (first: number, count: number) => Array.from({ length: count }, (_, at) => ({ deviceId: deviceIdOf(new Uint8Array(32).fill(first + at)), addresses: [], outside: '192.0.2.1' }));

/** A server that names whom the test wants: over its WebSocket, and to whoever lists a room. */
async function crowding() {
  const own = await makeIdentity();
  const listed: (() => void)[] = [];
  let listing = nodes(0, 0);
  const server = createServer({ key: own.keyPem, cert: own.certPem }, (request, response) => {
    const answer = (value: object): void => { response.setHeader('content-type', 'application/json').end(JSON.stringify(value)); };
    if (request.url?.startsWith('/v1/rooms') === true) listed.push(() => { answer({ nodes: listing, next: null }); });
    else answer({ deviceId: own.id, heartbeatMs: 10_000, silenceMs: 30_000, revision: null, entries: 0 });
  }).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server });
  const connected = once(sockets, 'connection').then(([socket]: WebSocket[]) => socket);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const url = parseServerUrl(`https://127.0.0.1:${(server.address() as AddressInfo).port}#${own.id}`);
  if (url === null) throw new Error('it is a URL');
  return { url, listed, connected, list: (some: typeof listing) => { listing = some; } };
}

it('tells of no more devices than are kept, however many it names, and is asked once at a time who is there', async () => {
  const { url, listed, connected, list } = await crowding();
  const known = new Set<DeviceId>();
  let most = 0;
  const session = new ServerSession(url, {
    identity: await makeIdentity(), now: () => performance.now(), random: () => 0.5,
    registration: () => ({ addresses: [], rooms: ['00d1f3c5a7e9b024'], announced: { revision: '', entries: [] } }),
    onNode: ({ deviceId }) => { most = Math.max(most, known.add(deviceId).size); },
    onGone: (id) => { known.delete(id); },
    onSignal: () => undefined, onRelay: () => undefined, onError: () => undefined,
  });
  closing.push(() => session.close());
  const socket = await connected;
  const say = (message: object): void => { socket?.send(JSON.stringify(message)); };
  say({ type: 'welcome', deviceId: url.fingerprint, heartbeatMs: 10_000, silenceMs: 30_000, relay: false, registered: true, revision: null });
  say({ type: 'nodes', changed: nodes(1, 30).map((node) => ({ ...node, rooms: [] })), gone: [] });
  await vi.waitUntil(() => listed.length === 1);
  for (let times = 0; times < 50; times++) say({ type: 'resync' });
  // What it is told after that has been heard with it.
  say({ type: 'nodes', changed: [], gone: [...known].slice(0, 1) });
  list(nodes(101, 10));
  await vi.waitUntil(() => known.size < 20);
  expect(listed).toHaveLength(1);
  for (let at = 0; at < 2; at++) {
    await vi.waitUntil(() => listed.length > at);
    listed[at]?.();
  }
  await vi.waitUntil(() => known.size === 10);
  expect([...known]).toEqual(nodes(101, 10).map(({ deviceId }) => deviceId));
  expect(listed).toHaveLength(2);
  expect(most).toBeLessThanOrEqual(30);
});

it('that is used no longer leaves nobody behind whom no other one knows', async () => {
  const [first, second] = [await crowding(), await crowding()];
  const known = new Set<DeviceId>();
  const servers = new Servers({
    identity: await makeIdentity(), now: () => performance.now(), random: () => 0.5, registration: () => ({ addresses: [], rooms: [], announced: { revision: '', entries: [] } }),
    onNode: ({ deviceId }) => { known.add(deviceId); },
    onGone: (id) => { known.delete(id); },
    onSignal: () => undefined, onRelay: () => undefined, onError: () => undefined,
  });
  closing.push(() => servers.close());
  await servers.set([first.url.text, second.url.text]);
  for (const [{ connected }, from] of [[first, 1], [second, 4]] as const) (await connected)?.send(JSON.stringify({ type: 'nodes', changed: nodes(from, 5).map((node) => ({ ...node, rooms: [] })), gone: [] }));
  await vi.waitUntil(() => known.size === 8);
  await servers.set([second.url.text]);
  expect([...known].toSorted()).toEqual(nodes(4, 5).map(({ deviceId }) => deviceId).toSorted());
});
