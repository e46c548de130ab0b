import { connect } from 'node:net';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { limits } from '#shared/limits.ts';
import { bootstrapErrorSchema } from '#shared/protocol/bootstrap-errors.ts';
import { BootstrapStage } from './stage.ts';
import { Listening, proofOf, TestClient } from './bootstrap-client.ts';
import { contentOf, entryOf, roomOf } from './registry/things.ts';

let stage: BootstrapStage;
beforeEach(() => { stage = new BootstrapStage(); });
afterEach(() => stage.close());

const about = (rooms: readonly string[] = []) => ({ addresses: ['192.168.1.7:47800', '[2001:db8::7]:47800'], rooms });

describe('a bootstrap server over TLS', () => {
  it('registers devices by their certificates, and tells each only what it may know', async () => {
    const { base } = await stage.server();
    const [one, two, three] = [await stage.client(base), await stage.client(base), await stage.client(base)];
    expect(await one.call('register', about([roomOf(1)]))).toEqual({ deviceId: one.id, heartbeatMs: 10_000, silenceMs: 30_000, revision: null, entries: 0 });
    await two.call('register', about([roomOf(1), roomOf(2)]));
    await three.call('register', about());
    expect(await one.call('entries', { reset: true, add: [entryOf(1, 'Holiday in Norway.mp4'), entryOf(2)], revision: 'r1' })).toEqual({ revision: 'r1', entries: 2 });
    await two.call('entries', { add: [entryOf(1, 'norway.mp4')], revision: 'x' });

    const node = (deviceId: string) => ({ deviceId, addresses: about().addresses, outside: '127.0.0.1' });
    expect(await one.call('roomNodes', { room: roomOf(1) })).toEqual({ nodes: [node(two.id)], next: null });
    await expect(three.call('roomNodes', { room: roomOf(1) })).rejects.toThrow('not-your-room');
    expect((await three.call('search', { words: 'NORWAY' })).hits).toMatchObject([{ contentId: contentOf(1), name: 'norway.mp4', holderCount: 2 }]);
    const { contents } = await three.call('holders', { contentIds: [contentOf(2), contentOf(9)] });
    expect(contents).toEqual([{ contentId: contentOf(2), holders: [node(one.id)], truncated: false }, { contentId: contentOf(9), holders: [], truncated: false }]);
    expect(await one.call('heartbeat')).toEqual({ revision: 'r1', entries: 2 });
    await one.call('unregister');
    await expect(one.call('heartbeat')).rejects.toThrow('not-registered');
    await expect(one.call('entries', { add: [entryOf(1)], revision: 'r' })).rejects.toThrow('not-registered');
    expect(await two.call('roomNodes', { room: roomOf(1) })).toEqual({ nodes: [], next: null });
  });

  it('answers nobody who has not proven a device, and takes no id from anybody’s word', async () => {
    const { base } = await stage.server();
    const [real, nobody] = [await stage.client(base), await stage.client(base, false)];
    await real.call('register', about());
    for (const name of ['heartbeat', 'unregister', 'register', 'entries', 'search', 'holders'] as const) await expect(nobody.call(name, { deviceId: real.id })).rejects.toThrow('not-authorised');
    await expect(nobody.events()).rejects.toThrow('401');
    nobody.token = `${real.id}.99999999.${'A'.repeat(43)}`;
    await expect(nobody.call('unregister')).rejects.toThrow('not-authorised');
    const other = await stage.client(base);
    await other.call('unregister', { deviceId: real.id });
    expect(await real.call('heartbeat')).toEqual({ revision: null, entries: 0 });
    // A server that clients reach directly takes no signatures.
    await expect(nobody.call('challenge')).rejects.toThrow('not-found');
  });

  it('shows everybody the outside address, health and its own description', async () => {
    const { base } = await stage.server();
    const nobody = await stage.client(base, false);
    const { address, port } = await nobody.call('address');
    expect({ address, told: port !== null && port > 0 }).toEqual({ address: '127.0.0.1', told: true });
    await expect.poll(() => nobody.call('health')).toMatchObject({ status: 'ok', problems: [] });
    expect(Object.keys(z.object({ paths: z.record(z.string(), z.unknown()) }).parse(JSON.parse((await nobody.ask('/v1/openapi.json')).text)).paths)).toContain('/v1/rooms/{room}/nodes');
    expect((await nobody.ask('/v1/metrics')).text).toContain('\ndistrishare_bootstrap_nodes 0\n');
    expect((await nobody.ask('/v1/metrics', { headers: { 'x-forwarded-for': '203.0.113.1' } })).status).toBe(401);
  });

  it('shows metrics to the admin token only where there is one', async () => {
    const { base } = await stage.server({ adminToken: 'a secret of the operator' });
    const nobody = await stage.client(base, false);
    expect((await nobody.ask('/v1/metrics')).status).toBe(401);
    nobody.token = 'another one';
    expect((await nobody.ask('/v1/metrics')).status).toBe(401);
    nobody.token = 'a secret of the operator';
    expect((await nobody.ask('/v1/metrics')).status).toBe(200);
  });

  it.each([
    ['a body that is no JSON', { method: 'PUT', body: '{' }, 400, 'bad-request'],
    ['a field that is missing', { method: 'PUT', body: '{"addresses":[]}' }, 400, 'bad-request'],
    ['an address with a name in it', { method: 'PUT', body: '{"addresses":["example.org:1"],"rooms":[]}' }, 400, 'bad-request'],
    ['a room that is no tag', { method: 'PUT', body: '{"addresses":[],"rooms":["../x"]}' }, 400, 'bad-request'],
    ['too many addresses', { method: 'PUT', body: JSON.stringify({ addresses: Array.from({ length: 17 }, (_, at) => `10.0.0.${at}:1`), rooms: [] }) }, 400, 'bad-request'],
    ['keys that reach for prototypes', { method: 'PUT', body: '{"__proto__":{"x":1},"addresses":[],"rooms":[]}' }, 400, 'bad-request'],
    ['a body that is too large', { method: 'PUT', body: JSON.stringify({ addresses: [], rooms: [], more: 'x'.repeat(limits.bootstrap.requestBytes) }) }, 413, 'too-large'],
    ['another content type', { method: 'PUT', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 400, 'bad-request'],
    ['another method', { method: 'POST', body: '{}' }, 404, 'not-found'],
  ])('refuses %s', async (_, ask, status, code) => {
    const { base } = await stage.server();
    const client = await stage.client(base);
    const reply = await client.ask('/v1/node', ask);
    expect({ status: reply.status, body: JSON.parse(reply.text) as unknown }).toMatchObject({ status, body: { error: { code } } });
    // It may still be starting.
    await expect.poll(async () => (await client.call('health')).status).toBe('ok');
  });

  it('makes whoever asks too much wait, and nobody else', async () => {
    const { base } = await stage.server({ deviceRequestBurst: 40, deviceRequestsPerSecond: 1, requestBurst: 100_000 });
    const [loud, quiet] = [await stage.client(base), await stage.client(base)];
    await quiet.call('register', about());
    const answers = await Promise.all(Array.from({ length: 8 }, () => loud.ask('/v1/search', { method: 'POST', body: '{"words":"x"}' })));
    expect(answers.map((reply) => reply.status).sort()).toEqual([200, 200, 200, 200, 429, 429, 429, 429]);
    const refused = answers.find((reply) => reply.status === 429);
    expect(refused?.headers['retry-after']).toMatch(/^\d+$/);
    const { error } = bootstrapErrorSchema.parse(JSON.parse(refused?.text ?? ''));
    expect({ code: error.code, told: error.retryAfterMs !== undefined }).toEqual({ code: 'rate-limited', told: true });
    await quiet.call('search', { words: 'x' });
  });

  it('lets no more connections in from an address that sends garbage, and takes those that come through TLS', async () => {
    const { base } = await stage.server({ requestBurst: 200, requestsPerSecond: 1 });
    const nobody = await stage.client(base, false);
    let last = 200;
    for (let tries = 0; last !== 429 && tries < 100; tries++) last = (await nobody.ask('/v1/nothing')).status;
    expect(last).toBe(429);
    await expect((await stage.client(base)).ask('/v1/health')).rejects.toThrow(/socket|ECONNRESET|disconnected/);
  });

  it('cuts those who are silent in the middle of a handshake when too many are', async () => {
    const { base } = await stage.server({ maxHalfOpen: 16 });
    const port = Number(new URL(base).port);
    const open = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'));
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    const more = connect(port, '127.0.0.1');
    await once(more.on('error', () => undefined), 'close');
    const [first] = open;
    first?.destroy();
    await expect.poll(async () => (await stage.client(base)).ask('/v1/health').then((reply) => reply.status, () => 0)).toBe(200);
    for (const socket of open) socket.destroy();
  });
});

it('counts a connection that it cuts once, whether no TLS comes or no HTTP', async () => {
  const { base } = await stage.server();
  const port = Number(new URL(base).port);
  const said = 'no words of any protocol\r\n\r\n';
  const plain = connect(port, '127.0.0.1', () => { plain.write(said); }).on('error', () => undefined);
  await once(plain.resume(), 'close');
  const secure = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => { secure.write(said); }).on('error', () => undefined);
  await once(secure.resume(), 'close');
  const { text } = await (await stage.client(base)).ask('/v1/metrics');
  expect(text.split('\n').filter((line) => line.startsWith('distrishare_bootstrap_refused_connections')).sort()).toEqual([
    'distrishare_bootstrap_refused_connections_total{why="no-http"} 1', 'distrishare_bootstrap_refused_connections_total{why="no-tls"} 1',
  ]);
});

describe('a server behind a proxy', () => {
  const publicUrl = 'https://share.example.org';
  const proxied = { plainHttp: true, publicUrl, trustProxy: '127.0.0.1' };

  it('takes signatures over its origin and a nonce, once', async () => {
    const { base } = await stage.server(proxied);
    const client = await stage.client(base);
    const { nonce } = await client.call('challenge');
    await client.signIn(publicUrl, nonce);
    expect(await client.call('register', about())).toMatchObject({ deviceId: client.id });
    await expect(client.signIn(publicUrl, nonce)).rejects.toThrow('proof-invalid');
    const forwarded = await client.ask('/v1/address', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(JSON.parse(forwarded.text)).toEqual({ address: '203.0.113.9', port: null });
  });

  it('takes no proof that was made for another server, for another device, or by nobody', async () => {
    const [{ base }, other] = [await stage.server(proxied), await stage.server({ ...proxied, publicUrl: 'https://evil.example.org' })];
    const [client, thief] = [await stage.client(base), await stage.client(base)];
    // The other server asks for a proof with a nonce that it has got here.
    const { nonce } = await thief.call('challenge');
    await expect(thief.call('token', proofOf(client.identity, 'https://evil.example.org', nonce))).rejects.toThrow('proof-invalid');
    const stranger = new TestClient(other.base, client.identity);
    await expect(stranger.call('token', proofOf(client.identity, 'https://evil.example.org', nonce))).rejects.toThrow('proof-invalid');
    stranger.close();
    // A signature of one device with the key of another.
    const { key } = proofOf(client.identity, publicUrl, nonce);
    await expect(thief.call('token', { ...proofOf(thief.identity, publicUrl, nonce), key })).rejects.toThrow('proof-invalid');
    await expect(thief.call('token', { ...proofOf(thief.identity, publicUrl, nonce), key: Buffer.concat([Buffer.from(key, 'base64').subarray(0, 27), Buffer.alloc(64, 7)]).toString('base64') })).rejects.toThrow('proof-invalid');
    for (const forged of ['', '1.2.3', nonce.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), `9${nonce}`]) await expect(thief.call('token', proofOf(thief.identity, publicUrl, forged))).rejects.toThrow('proof-invalid');
    // None of that has used the nonce up.
    await thief.signIn(publicUrl, nonce);
    // Tokens of one server are nothing to another, nor after a restart.
    const elsewhere = new TestClient(other.base, thief.identity);
    elsewhere.token = thief.token;
    await expect(elsewhere.call('heartbeat')).rejects.toThrow('not-authorised');
    elsewhere.close();
  });
});

describe('the WebSocket', () => {
  it('tells members of a room who comes, changes and goes, and carries heartbeats', async () => {
    const { base } = await stage.server();
    const [one, two, three] = [await stage.client(base), await stage.client(base), await stage.client(base)];
    await one.call('register', about([roomOf(1)]));
    await three.call('register', about([roomOf(2)]));
    const [heard, unrelated] = [await one.events(), await three.events()];
    expect(await heard.next()).toEqual({ type: 'welcome', deviceId: one.id, heartbeatMs: 10_000, silenceMs: 30_000, relay: false, registered: true, revision: null });
    await unrelated.next();
    await two.call('register', about([roomOf(1), roomOf(3)]));
    expect(await heard.next()).toEqual({ type: 'nodes', changed: [{ deviceId: two.id, addresses: about().addresses, outside: '127.0.0.1', rooms: [roomOf(1)] }], gone: [] });
    await two.call('register', about([roomOf(3)]));
    expect(await heard.next()).toEqual({ type: 'nodes', changed: [], gone: [two.id] });
    heard.beat();
    expect(await heard.next()).toEqual({ type: 'heartbeat', registered: true, revision: null });
    await one.call('unregister');
    heard.beat();
    expect(await heard.next()).toMatchObject({ type: 'heartbeat', registered: false });
    unrelated.beat();
    expect(await unrelated.next()).toMatchObject({ type: 'heartbeat' });
  });

  it.each(['{', '{"type":"other"}', 'x'.repeat(limits.bootstrap.messageBytes + 1)])('cuts whoever says something else', async (text) => {
    const { base } = await stage.server();
    const listening = await (await stage.client(base)).events();
    listening.socket.send(text);
    expect([1008, 1009]).toContain(await listening.closed);
  });

  it('says goodbye when the server stops, and the server does not wait for those who do not leave', async () => {
    const { server, base } = await stage.server();
    const client = await stage.client(base);
    const listening = await client.events();
    await listening.next();
    const stopped = server.close();
    expect(await listening.next()).toEqual({ type: 'goodbye', withinMs: 10_000 });
    expect(await listening.closed).toBe(1001);
    await stopped;
    await expect(client.ask('/v1/health')).rejects.toThrow();
  });
});

it('knows the devices of before after a restart', async () => {
  const dataDir = await stage.folder();
  const first = await stage.server({}, dataDir);
  const client = await stage.client(first.base);
  await client.call('register', about([roomOf(1)]));
  await client.call('entries', { add: [entryOf(1, 'kept.txt')], revision: 'mine' });
  await first.server.close();
  const second = await stage.server({}, dataDir);
  expect(second.server.fingerprint).toBe(first.server.fingerprint);
  const again = new TestClient(second.base, client.identity);
  await expect.poll(async () => (await again.call('health')).status).toBe('ok');
  expect(await again.call('heartbeat')).toEqual({ revision: 'mine', entries: 1 });
  expect((await again.call('search', { words: 'kept' })).hits).toMatchObject([{ holders: [client.id] }]);
  again.close();
});

it('lets heartbeats of one device over two connections not change back and forth where it is', async () => {
  const { base } = await stage.server();
  const [moving, other] = [await stage.client(base), await stage.client(base)];
  for (const client of [moving, other]) await client.call('register', about([roomOf(1)]));
  const before = await moving.events();
  const { keyPem: key, certPem: cert } = moving.identity;
  const after = new Listening(new WebSocket(`${base.replace('https', 'wss')}/v1/events`, { rejectUnauthorized: false, key, cert, localAddress: '127.0.0.2' }));
  const outside = async (): Promise<unknown> => (await other.call('roomNodes', { room: roomOf(1) })).nodes[0]?.outside;
  for (const socket of [before, after]) expect(await socket.next()).toMatchObject({ type: 'welcome' });
  expect(await outside()).toBe('127.0.0.2');
  before.beat();
  expect(await before.next()).toMatchObject({ type: 'heartbeat', registered: true });
  expect(await outside()).toBe('127.0.0.2');
  after.socket.terminate();
});
