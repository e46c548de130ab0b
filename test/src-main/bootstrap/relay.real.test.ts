import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { createWebSocketStream, type WebSocket } from 'ws';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import type { BootstrapSetting } from '#main/bootstrap/setting-names.ts';
import type { RunningServer } from '#main/bootstrap/start-server.ts';
import { MiB } from '#shared/units.ts';
import { BootstrapStage } from './stage.ts';
import type { Listening, TestClient } from './bootstrap-client.ts';
import { deviceOf } from './registry/things.ts';
import { bytesOf } from './stream-bytes.ts';

let stage: BootstrapStage;
beforeEach(() => { stage = new BootstrapStage(); });
afterEach(() => stage.close());

const ticketOf = (number: number): string => number.toString(16).padStart(32, '0');
/** As a link between devices writes them; TLS adds a little. */
const piece = limits.link.bulkPayloadBytes;
const messageOf = async (socket: WebSocket): Promise<string> => String((await once(socket, 'message'))[0]);
const closed = async (socket: WebSocket): Promise<unknown> => ((await once(socket, 'close')) as unknown[])[0];

interface Two { readonly base: string; readonly server: RunningServer; readonly one: TestClient; readonly two: TestClient; readonly heard: Listening }

/** A server that relays, a registered device, and another one that listens. */
async function twoDevices(settings: Partial<Record<BootstrapSetting, unknown>> = {}): Promise<Two> {
  const { base, server } = await stage.server({ relay: true, drainSeconds: 0, ...settings });
  const [one, two] = [await stage.client(base), await stage.client(base)];
  for (const client of [one, two]) await client.call('register', { addresses: [], rooms: [] });
  const heard = await two.events();
  expect(await heard.next()).toMatchObject({ type: 'welcome' });
  return { base, server, one, two, heard };
}

/** Both ends of a relayed connection. */
async function joined({ one, two, heard }: Two, number = 1): Promise<[WebSocket, WebSocket]> {
  const first = await one.relay(ticketOf(number), two.id);
  expect(await heard.next()).toEqual({ type: 'relay', from: one.id, ticket: ticketOf(number) });
  return [first, await two.relay(ticketOf(number))];
}

/** What TLS is given at once goes out as one message. */
const inPieces = (bytes: Buffer): Readable => Readable.from(Array.from({ length: Math.ceil(bytes.length / piece) }, (_, at) => bytes.subarray(at * piece, (at + 1) * piece)));

it('carries a TLS connection between two devices byte for byte, both ways at once', async () => {
  const both = await twoDevices();
  const { one, two, heard } = both;
  const there = randomBytes(5 * MiB + 1);
  const back = randomBytes(3 * MiB + 7);
  const first = await one.relay(ticketOf(1), two.id);
  // What is sent before anybody has come, the beginning of TLS here, arrives all the same.
  const dialler = connect({ socket: createWebSocketStream(first), rejectUnauthorized: false, key: one.identity.keyPem, cert: one.identity.certPem, minVersion: 'TLSv1.3' });
  expect(await heard.next()).toEqual({ type: 'relay', from: one.id, ticket: ticketOf(1) });
  const listener = new TLSSocket(createWebSocketStream(await two.relay(ticketOf(1))), { isServer: true, key: two.identity.keyPem, cert: two.identity.certPem, requestCert: true, rejectUnauthorized: false });
  inPieces(there).pipe(dialler, { end: false });
  inPieces(back).pipe(listener, { end: false });
  const [heardThere, heardBack] = await Promise.all([bytesOf(listener, there.length), bytesOf(dialler, back.length)]);
  expect(heardThere.equals(there)).toBe(true);
  expect(heardBack.equals(back)).toBe(true);
  const carried = Number(/^distrishare_bootstrap_relayed_bytes_total (\d+)$/m.exec((await one.ask('/v1/metrics')).text)?.[1]);
  expect(carried).toBeGreaterThan(there.length + back.length);
  dialler.destroy();
  await expect.poll(async () => (await one.ask('/v1/metrics')).text).toContain('\ndistrishare_bootstrap_relays 0\n');
});

it('keeps messages as they are, up to the longest and the empty one', async () => {
  const [first, second] = await joined(await twoDevices());
  const messages = [Buffer.alloc(0), Buffer.from([7]), randomBytes(limits.bootstrap.relayMessageBytes)];
  const heard: boolean[] = [];
  second.on('message', (data: Buffer, isBinary) => { heard.push(isBinary && messages[heard.length]?.equals(data) === true); });
  for (const message of messages) first.send(message);
  await expect.poll(() => heard).toEqual(messages.map(() => true));
});

it('lets nobody else come, even with the ticket', async () => {
  const both = await twoDevices();
  const thief = await stage.client(both.base);
  await thief.call('register', { addresses: [], rooms: [] });
  const first = await both.one.relay(ticketOf(1), both.two.id);
  await expect(thief.relay(ticketOf(1))).rejects.toThrow('not-found');
  await expect(both.one.relay(ticketOf(1))).rejects.toThrow('not-found');
  await expect(both.two.relay(ticketOf(2))).rejects.toThrow('not-found');
  // The same ticket of another one that asks for somebody else is another connection.
  await thief.events();
  const other = await both.one.relay(ticketOf(1), thief.id);
  const second = await both.two.relay(ticketOf(1));
  first.send('mine', { binary: true });
  expect(await messageOf(second)).toBe('mine');
  await expect(both.two.relay(ticketOf(1))).rejects.toThrow('not-found');
  other.terminate();
});

it.each([
  ['relay-off', { relay: false }, 1], ['not-there', {}, 3], ['bad-request', {}, 4],
] as const)('refuses with %s before anything is opened', async (code, settings, who) => {
  const { one, two } = await twoDevices(settings);
  if (who === 4) await expect(one.relay('ABC', two.id)).rejects.toThrow(code);
  else await expect(one.relay(ticketOf(1), who === 3 ? deviceOf(3) : two.id)).rejects.toThrow(code);
});

it('relays for registered devices only, and for nobody without a proof', async () => {
  const { base, one, two } = await twoDevices();
  await one.call('unregister');
  await expect(one.relay(ticketOf(1), two.id)).rejects.toThrow('not-registered');
  await expect((await stage.client(base, false)).relay(ticketOf(1), two.id)).rejects.toThrow('not-authorised');
  expect((await two.ask(`/v1/relay?ticket=${ticketOf(1)}`)).status).toBe(404);
});

it('gives each device, and all together, so many', async () => {
  const both = await twoDevices({ maxRelays: 3, maxRelaysPerDevice: 2 });
  const { base, one, two, heard } = both;
  const [first] = await joined(both, 1);
  const waiting = await one.relay(ticketOf(2), two.id);
  await expect(one.relay(ticketOf(3), two.id)).rejects.toThrow('too-many');
  await expect(two.relay(ticketOf(2), two.id)).rejects.toThrow('bad-request');
  // What others ask of a device takes none of its own places.
  const third = await two.relay(ticketOf(4), two.id);
  const stranger = await stage.client(base);
  await stranger.call('register', { addresses: [], rooms: [] });
  await expect(stranger.relay(ticketOf(5), two.id)).rejects.toThrow('server-full');
  // Whoever has as many as it may cannot come to another one either.
  await heard.next();
  await expect(two.relay(ticketOf(2))).rejects.toThrow('too-many');
  for (const socket of [first, waiting, third]) socket.terminate();
  // A place is free when its connection has ended; one that waits is not read from, and its end is seen when its time is over.
  await expect.poll(() => stranger.relay(ticketOf(5), two.id).then(() => 'relayed', (error: unknown) => String(error))).toBe('relayed');
});

it('makes a device that asks too often wait', async () => {
  const { one, two } = await twoDevices({ deviceRequestBurst: 20, deviceRequestsPerSecond: 1, requestBurst: 100_000 });
  for (let number = 1; number <= 3; number++) await one.relay(ticketOf(number), two.id);
  await expect(one.relay(ticketOf(9), two.id)).rejects.toThrow('rate-limited');
});

it('closes the other end when one is killed, and when one closes', async () => {
  const both = await twoDevices();
  const [first, second] = await joined(both, 1);
  first.terminate();
  expect(await closed(second)).toBe(1001);
  const [third, fourth] = await joined(both, 2);
  fourth.send(Buffer.from('the last word'));
  fourth.close(1000);
  const [said, code] = await Promise.all([messageOf(third), closed(third)]);
  expect([said, code]).toEqual(['the last word', 1000]);
});

it.each([['text', 'x', [1003]], ['a message that is too long', Buffer.alloc(limits.bootstrap.relayMessageBytes + 1), [1006, 1009]]] as const)('ends at %s', async (_, message, codes) => {
  const [first, second] = await joined(await twoDevices());
  const codesHeard = Promise.all([closed(first), closed(second)]);
  first.on('error', () => undefined);
  first.send(message);
  expect(codes).toContain((await codesHeard)[0]);
});

it('goes on while the server drains, and is cut then', async () => {
  const both = await twoDevices({ drainSeconds: 1 });
  const [first, second] = await joined(both);
  const waiting = await both.one.relay(ticketOf(2), both.two.id);
  const stopped = both.server.close();
  expect(await closed(waiting)).toBe(1001);
  first.send(Buffer.from('while it drains'));
  expect(await messageOf(second)).toBe('while it drains');
  expect(await closed(second)).toBe(1006);
  await stopped;
});
