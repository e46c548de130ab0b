import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeIdentity } from '#main/net/identity.ts';
import type { Carrier } from '#main/net/servers/server-session.ts';
import { Servers } from '#main/net/servers/servers.ts';
import type { DeviceId } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';
import { freePort } from './free-port.ts';
import { TestRedis, redisVersion } from './redis-server.ts';
import { BootstrapStage } from './stage.ts';
import { bytesOf } from './stream-bytes.ts';

let stage: BootstrapStage;
let redis: TestRedis;
const closers: (() => unknown)[] = [];
const ticket = '1'.repeat(32);

/** One address for several servers: each connection goes to the next one. */
async function balancer(...ports: readonly number[]): Promise<number> {
  let turn = 0;
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const other = connect(ports[turn++ % ports.length] ?? 0, '127.0.0.1');
    for (const [end, next] of [[socket, other], [other, socket]] as const) {
      open.add(end);
      end.pipe(next).on('error', () => undefined);
      end.on('error', () => undefined).on('close', () => { open.delete(end); next.destroy(); });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A device as it speaks to servers, and who waits for it where. */
async function device(url: string): Promise<{ id: DeviceId; servers: Servers; called: (() => Promise<{ from: DeviceId; ticket: string; by: Carrier }>) }> {
  const identity = await makeIdentity();
  const calls: { from: DeviceId; ticket: string; by: Carrier }[] = [];
  let heard: () => void = () => undefined;
  const servers = new Servers({
    identity, now: () => performance.now(), random: Math.random, registration: () => ({ addresses: [], rooms: [], announced: { revision: '', entries: [] } }),
    onNode: () => undefined, onGone: () => undefined, onSignal: () => undefined, onError: () => undefined,
    onRelay: (from, given, by) => { calls.push({ from, ticket: given, by }); heard(); },
  });
  closers.push(() => servers.close());
  await servers.set([url]);
  await expect.poll(() => servers.health()[0]?.relay).toBe(true);
  return {
    id: identity.id, servers,
    called: async () => {
      for (;;) {
        const call = calls.shift();
        if (call !== undefined) return call;
        await new Promise<void>((resolve) => { heard = resolve; });
      }
    },
  };
}

describe.skipIf(redisVersion === null)('relaying between devices at different servers', () => {
  beforeEach(async () => {
    stage = new BootstrapStage();
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await stage.close();
    await redis.close();
  });
  /** The port is part of the URL that it is told. */
  const server = async (settings: Record<string, unknown> = {}, folder?: string) => {
    const port = await freePort();
    return stage.server({ redisUrl: redis.url, relay: true, port, ownUrl: `https://127.0.0.1:${port}`, ...settings }, folder);
  };

  it('carries every connection, wherever an address in front of the servers leads', async () => {
    // The same key for all, as clients know one address only.
    const folder = await stage.folder();
    const [first, second] = [await server({}, folder), await server({}, folder)];
    const url = `https://127.0.0.1:${await balancer(first.server.port, second.server.port)}#${first.server.fingerprint ?? ''}`;
    const [anna, ben] = [await device(url), await device(url)];
    for (const [from, to] of [[anna, ben], [anna, ben], [ben, anna], [ben, anna]] as const) {
      const [there, back] = [randomBytes(MiB), randomBytes(MiB / 2)];
      const { stream } = await from.servers.relay(to.id, AbortSignal.timeout(60_000));
      const call = await to.called();
      expect([call.from, call.by.url.text]).toEqual([from.id, url]);
      const other = await call.by.client.relay(call.ticket, null, AbortSignal.timeout(60_000));
      stream.write(there);
      other.write(back);
      const [heardThere, heardBack] = await Promise.all([bytesOf(other, there.length), bytesOf(stream, back.length)]);
      expect([heardThere.equals(there), heardBack.equals(back)]).toEqual([true, true]);
      stream.destroy();
    }
  });

  it('names the waiting server and its key, also to a device there, lets nobody else come, and refuses when no server has the device', async () => {
    const [a, b] = [await server(), await server()];
    const [one, two, thief] = [await stage.client(a.base), await stage.client(b.base), await stage.client(a.base)];
    for (const each of [one, two, thief]) await each.call('register', { addresses: [], rooms: [] });
    const events = await two.events();
    await events.next();
    await one.relay(ticket, two.id);
    expect(await events.next()).toEqual({ type: 'relay', from: one.id, ticket, at: `${a.base}#${a.server.fingerprint ?? ''}` });
    await expect(two.relay(ticket)).rejects.toThrow('not-found');
    await expect(thief.relay(ticket)).rejects.toThrow('not-found');
    await two.at(a.base).relay(ticket);
    // It is named to a device at the same server, too; one of a version before comes to the address that it knows.
    await two.relay('2'.repeat(32), two.id);
    expect(await events.next()).toMatchObject({ type: 'relay', at: `${b.base}#${b.server.fingerprint ?? ''}` });
    await two.relay('2'.repeat(32));
    await expect(one.relay(ticket, thief.id)).rejects.toThrow('not-there');
    await two.call('unregister');
    await expect(two.relay(ticket, one.id)).rejects.toThrow('not-registered');
  });

  it('is left to one server where it has no URL of its own', async () => {
    const [a, b] = [await server({ ownUrl: undefined }), await server()];
    const [one, two] = [await stage.client(a.base), await stage.client(b.base)];
    for (const each of [one, two]) await each.call('register', { addresses: [], rooms: [] });
    const [here, there] = [await two.at(a.base).events(), await two.events()];
    for (const each of [here, there]) await each.next();
    await one.relay(ticket, two.id);
    expect(await here.next()).toEqual({ type: 'relay', from: one.id, ticket });
    here.socket.terminate();
    await here.closed;
    await expect.poll(() => one.relay(ticket, two.id).catch((error: unknown) => String(error))).toContain('not-there');
  });

  it('takes signatures over its own URL as over the common one, and over no other', async () => {
    const behind = { plainHttp: true, publicUrl: 'https://share.example.org', ownUrl: 'https://a.share.example.org' };
    const { base } = await server(behind);
    const client = await stage.client(base, false);
    for (const origin of [behind.publicUrl, behind.ownUrl]) {
      await client.signIn(origin);
      await client.call('register', { addresses: [], rooms: [] });
    }
    await expect(client.signIn('https://b.share.example.org')).rejects.toThrow('proof-invalid');
  });

  it('ends at a server that has another key than the one that was named', async () => {
    const { base, server: { fingerprint } } = await server();
    const stranger = await stage.server();
    const one = await device(`${base}#${fingerprint ?? ''}`);
    const forged = `${stranger.base}#${fingerprint ?? ''}`;
    const mail = { from: 'x', number: 1, to: one.id, message: { type: 'relay', from: one.id, ticket, at: forged } };
    await redis.client.publish('distrishare:2:mail', JSON.stringify(mail));
    const { by } = await one.called();
    await expect(by.client.relay(ticket, null, AbortSignal.timeout(60_000))).rejects.toMatchObject({ code: 'identity-changed' });
  });
});
