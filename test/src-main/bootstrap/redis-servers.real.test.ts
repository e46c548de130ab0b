import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminRoutes } from '#shared/protocol/bootstrap-admin.ts';
import { deviceOf, contentOf, entryOf, roomOf } from './registry/things.ts';
import { proofOf, type TestClient } from './bootstrap-client.ts';
import { redisVersion, TestRedis } from './redis-server.ts';
import { BootstrapStage } from './stage.ts';

let stage: BootstrapStage;
let redis: TestRedis;
const about = (rooms: readonly string[] = []) => ({ addresses: ['192.168.1.7:47800'], rooms });
const namesOf = async (client: TestClient, words: string): Promise<string[]> => (await client.call('search', { words })).hits.map(({ name }) => name);
const idsIn = async (client: TestClient, room: string): Promise<string[]> => (await client.call('roomNodes', { room })).nodes.map(({ deviceId }) => deviceId);
const healthOf = (client: TestClient) => client.call('health');

describe.skipIf(redisVersion === null)('bootstrap servers on one Redis', () => {
  beforeEach(async () => {
    stage = new BootstrapStage();
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    await stage.close();
    await redis.close();
  });
  const server = async (settings: Record<string, unknown> = {}): Promise<string> => (await stage.server({ redisUrl: redis.url, ...settings })).base;

  it('answer alike, and tell what happens at the others', async () => {
    const [a, b] = [await server(), await server()];
    const [one, two] = [await stage.client(a), await stage.client(b)];
    const room = roomOf(1);
    await two.call('register', about([room]));
    const events = await two.events();
    expect(await events.next()).toMatchObject({ type: 'welcome', registered: true });
    await one.call('register', about([room]));
    expect(await events.next()).toEqual({ type: 'nodes', changed: [{ deviceId: one.id, ...about([room]), outside: '127.0.0.1' }], gone: [] });
    await one.call('entries', { reset: true, add: [entryOf(1, 'Holiday in Norway.mp4'), entryOf(2)], revision: 'r1' });
    await expect.poll(() => namesOf(two, 'norway')).toEqual(['Holiday in Norway.mp4']);
    expect(await idsIn(two, room)).toEqual([one.id]);
    expect((await two.call('holders', { contentIds: [contentOf(2)] })).contents).toMatchObject([{ holders: [{ deviceId: one.id, outside: '127.0.0.1' }] }]);

    // The device goes to the other server, which knows all of it already.
    const moved = one.at(b);
    expect(await moved.call('heartbeat')).toEqual({ revision: 'r1', entries: 2 });
    await moved.call('entries', { add: [entryOf(1, 'Fjords.mp4')], remove: [contentOf(2)], revision: 'r2' });
    await expect.poll(() => one.call('heartbeat')).toEqual({ revision: 'r2', entries: 1 });
    expect([await namesOf(one, 'norway'), await namesOf(one, 'fjords')]).toEqual([[], ['Fjords.mp4']]);
    await moved.call('entries', { reset: true, add: [], revision: 'r3' });
    await expect.poll(() => namesOf(one, 'fjords')).toEqual([]);
    await moved.call('unregister');
    await expect.poll(() => one.call('heartbeat').catch((error: unknown) => String(error))).toContain('not-registered');
    expect(await events.next()).toEqual({ type: 'nodes', changed: [], gone: [one.id] });

    // Whoever starts later knows what all know.
    await one.call('register', about([room]));
    const late = two.at(await server());
    expect(await late.call('heartbeat')).toEqual({ revision: null, entries: 0 });
    expect(await idsIn(late, room)).toEqual([one.id]);
    moved.close();
    late.close();
  });

  it('serve what is known while Redis is away, say so, and know everything when it is back, even with nothing', async () => {
    const [a, b] = [await server(), await server()];
    const [one, two, three] = [await stage.client(a), await stage.client(b), await stage.client(b)];
    const room = roomOf(1);
    for (const [at, each] of [one, two].entries()) {
      await each.call('register', about([room]));
      await each.call('entries', { reset: true, add: [entryOf(at, `song ${at}.mp3`)], revision: 'r' });
    }
    await expect.poll(() => namesOf(one, 'song')).toHaveLength(2);
    await redis.kill();
    await expect.poll(() => healthOf(one)).toMatchObject({ status: 'degraded', problems: ['store-not-reachable'] });
    await expect.poll(() => healthOf(two)).toMatchObject({ status: 'degraded', problems: ['store-not-reachable'] });
    expect([await namesOf(one, 'song'), await idsIn(two, room)]).toEqual([await namesOf(two, 'song'), [one.id]]);
    await three.call('register', about([room]));
    await three.call('entries', { reset: true, add: [entryOf(3, 'song 3.mp3')], revision: 'r' });
    await two.call('entries', { remove: [contentOf(1)], revision: 'r2' });

    await redis.start();
    for (const client of [one, two]) await expect.poll(() => healthOf(client)).toMatchObject({ status: 'ok', problems: [] });
    await expect.poll(async () => (await namesOf(one, 'song')).sort()).toEqual(['song 0.mp3', 'song 3.mp3']);
    expect((await namesOf(two, 'song')).sort()).toEqual(['song 0.mp3', 'song 3.mp3']);
    expect((await idsIn(one, room)).sort()).toEqual([two.id, three.id].sort());
    const late = one.at(await server());
    await expect.poll(async () => (await namesOf(late, 'song')).sort()).toEqual(['song 0.mp3', 'song 3.mp3']);
    expect(await two.at(a).call('heartbeat')).toEqual({ revision: 'r2', entries: 0 });
  });

  it('show their operator when any of them heard of a device, and that they do not know while Redis is away', async () => {
    const adminToken = 'a secret of the operator';
    const [a, b] = [await server({ adminToken }), await server({ adminToken })];
    const device = await stage.client(a);
    await device.call('register', about());
    const heardAt = async (base: string): Promise<(number | null)[]> => {
      const operator = await stage.client(base, false);
      operator.token = adminToken;
      const [{ rows }, { node }] = [adminRoutes.nodes.answer.parse(JSON.parse((await operator.ask('/v1/admin/nodes')).text)), adminRoutes.nodeEntries.answer.parse(JSON.parse((await operator.ask(`/v1/admin/nodes/${device.id}`)).text))];
      return [...rows, node].map(({ heardMsAgo }) => heardMsAgo);
    };
    await expect.poll(() => heardAt(b).catch(() => [])).toHaveLength(2);
    const { client } = redis;
    const [heard = ''] = await client.keys('distrishare:2:*:heard');
    // Not for long: the server that hears it says so again.
    await expect.poll(async () => {
      const [seconds = '0'] = await client.time();
      await client.zadd(heard, (Number(seconds) - 20) * 1000, device.id);
      return (await heardAt(b)).every((msAgo) => msAgo !== null && msAgo >= 20_000 && msAgo < 30_000);
    }).toBe(true);
    expect((await heardAt(a)).every((msAgo) => msAgo !== null && msAgo < 20_000)).toBe(true);
    await redis.kill();
    await expect.poll(() => heardAt(b)).toEqual([null, null]);
    expect((await heardAt(a)).includes(null)).toBe(false);
  });

  it('leave out what is not theirs in Redis', async () => {
    const a = await server();
    const [one, two] = [await stage.client(a), await stage.client(a)];
    for (const each of [one, two]) {
      await each.call('register', about());
      await each.call('entries', { reset: true, add: [entryOf(1, 'good name.txt'), entryOf(2)], revision: 'all' });
    }
    const { client } = redis;
    for (const key of await client.keys('distrishare:2:*:nodes')) {
      await client.hset(key, { garbage: '1 mark - {}', [deviceOf(9)]: '7 mark - {"addresses":["evil.example:1"],"rooms":[],"outside":"x"}', [deviceOf(10)]: 'no version' });
    }
    const [entries = ''] = await client.keys(`distrishare:2:*:entries:${one.id}`);
    await client.hset(entries, { [contentOf(2)]: 'file -5 100 below nothing', [contentOf(3)]: 'file 5 100 ', [contentOf(4)]: 'file 5 101 name', garbage: 'file 5 100 name' });
    const [others = ''] = await client.keys(`distrishare:2:*:entries:${two.id}`);
    await client.set(others, 'of another kind');
    for (const number of Array.from({ length: 16 }, (_, at) => at)) for (const text of ['garbage', '99999 {}', '99999 mark before {}', '{}', '']) await client.publish(`distrishare:2:{${number}}:changes`, text);

    const b = await server();
    const [there, alsoThere] = [one.at(b), two.at(b)];
    // What could not be read is told again by its device.
    await expect.poll(() => there.call('heartbeat')).toEqual({ revision: null, entries: 1 });
    await expect.poll(() => alsoThere.call('heartbeat')).toMatchObject({ entries: 0 });
    expect(await namesOf(there, 'good')).toEqual(['good name.txt']);
    expect(await healthOf(there)).toMatchObject({ status: 'ok' });
    await alsoThere.call('entries', { reset: true, add: [entryOf(4, 'healed.txt')], revision: 'again' });
    await expect.poll(() => namesOf(one, 'healed')).toEqual(['healed.txt']);
  });

  it('take each other’s proofs, but none twice, and hand over signals', async () => {
    const publicUrl = 'https://share.example.org';
    const [a, b] = [await server({ plainHttp: true, publicUrl }), await server({ plainHttp: true, publicUrl })];
    const [one, two] = [await stage.client(a, false), await stage.client(b, false)];
    const { nonce } = await one.call('challenge');
    one.token = (await one.at(b).call('token', proofOf(one.identity, publicUrl, nonce))).token;
    await one.call('register', about());
    await expect(one.call('token', proofOf(one.identity, publicUrl, nonce))).rejects.toThrow('proof-invalid');
    await two.signIn(publicUrl);
    await two.call('register', about());

    const [here, there] = [await one.events(), await two.events()];
    for (const each of [here, there]) expect(await each.next()).toMatchObject({ type: 'welcome', registered: true });
    here.socket.send(JSON.stringify({ type: 'signal', to: two.id, data: 'hello' }));
    expect(await there.next()).toEqual({ type: 'signal', from: one.id, data: 'hello' });
    there.socket.terminate();
    await there.closed;
    here.socket.send(JSON.stringify({ type: 'signal', to: two.id, data: 'anybody?' }));
    expect(await here.next()).toEqual({ type: 'undelivered', to: two.id });
  });
});
