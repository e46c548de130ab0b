import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '#shared/errors.ts';
import { RandomStream } from '#main/lab/engine/random-stream.ts';
import { openRedisWithin } from '#main/bootstrap/redis/redis-session.ts';
import { RedisStore } from '#main/bootstrap/redis/redis-store.ts';
import { shardKeys, shardOf } from '#main/bootstrap/redis/redis-keys.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import { entrySchema } from '#shared/protocol/bootstrap.ts';
import { freePort } from './free-port.ts';
import { redisVersion, TestRedis } from './redis-server.ts';
import { deviceOf, entryOf, roomOf, said, stateOf, wide } from './registry/things.ts';

interface Server {
  readonly registry: Registry;
  readonly store: RedisStore;
  readonly problems: (ErrorCode | null)[];
}

let redis: TestRedis;
const stores: RedisStore[] = [];

const now = (): number => performance.now();
const nothing = { reset: false, add: [], remove: [], revision: 'r' };

/** Of one machine, which refuses all the same what lies in two slots. */
async function startCluster(): Promise<{ cluster: TestRedis; url: string }> {
  const [port, bus] = [await freePort(), await freePort()];
  const cluster = await TestRedis.start('--port', String(port), '--bind', '127.0.0.1', '--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-announce-ip', '127.0.0.1');
  await cluster.client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  return { cluster, url: Array.from({ length: 2 }, () => `redis://127.0.0.1:${port}`).join() };
}

let starting: Promise<{ cluster: TestRedis; url: string }> | null = null;
const startedCluster = (): Promise<{ cluster: TestRedis; url: string }> => (starting ??= startCluster());
// It takes a while until it says that it is one; other tests run meanwhile.
beforeAll(() => { if (redisVersion !== null) void startedCluster(); });
afterAll(async () => { await (await starting)?.cluster.close(); });

/** A registry on the same Redis as others. */
async function server({ silenceMs = 30_000, patienceMs = 3000, url = redis.url } = {}): Promise<Server> {
  const registry: Registry = new Registry({ ...wide, silenceMs }, {
    nodeChanged: (node) => { store.nodeChanged(node); }, nodeGone: (node) => { store.nodeGone(node); },
    entryAdded: (node, entry) => { store.entryAdded(node, entry); }, entryRemoved: (node, contentId) => { store.entryRemoved(node, contentId); },
  });
  const problems: (ErrorCode | null)[] = [];
  const store = new RedisStore({ url, state: registry, now, silenceMs, onProblem: (problem) => { problems.push(problem); }, onSkipped: () => undefined, open: openRedisWithin(patienceMs) });
  stores.push(store);
  await store.loadNodes();
  await store.loadEntries();
  return { registry, store, problems };
}

describe.skipIf(redisVersion === null)('registries on one Redis', () => {
  beforeEach(async () => { redis = await TestRedis.start(); });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await redis.close();
  });

  it('take a name with half a character, which no stranger can stop them by', async () => {
    const servers = [await server(), await server()];
    const [first, second] = servers;
    const id = deviceOf(1);
    first?.registry.register(now(), id, said(1, []));
    first?.registry.announce(id, { ...nothing, add: [entrySchema.parse({ ...entryOf(1), name: 'half \ud800.txt' })] });
    await first?.store.settled();
    await expect.poll(() => second?.registry.node(id)?.listings.size).toBe(1);
    expect(servers.map(({ problems }) => problems)).toEqual([[], []]);
  });

  it.each([1, 2])('become alike, whoever changes what at the same time, and whatever connections break (seed %i)', async (seed) => {
    const random = new RandomStream(seed, 'changes');
    const servers = [await server(), await server()];
    const change = ({ registry }: Server): void => {
      const number = random.below(6);
      const device = deviceOf(number);
      const kind = random.below(10);
      if (registry.node(device) === undefined || kind < 3) registry.register(now(), device, said(random.below(9), [roomOf(random.below(3))]));
      else if (kind === 3) registry.unregister(device);
      else registry.announce(device, { reset: kind === 4, add: Array.from({ length: random.below(kind === 5 ? 1500 : 4) }, () => entryOf(random.below(2000), `name ${random.below(3)}.txt`)), remove: [entryOf(random.below(20)).contentId], revision: `r${random.below(1000)}` });
      registry.sweep(random.below(50));
    };
    for (let step = 0; step < 150; step++) {
      for (const each of servers) if (random.below(3) > 0) change(each);
      if (random.below(40) === 0) await redis.client.call('CLIENT', 'KILL', 'TYPE', random.below(2) === 0 ? 'normal' : 'pubsub', 'SKIPME', 'yes');
      // Redis may tell of some of it meanwhile, or not.
      if (random.below(3) === 0) await wait(random.below(3));
    }
    const alike = (): unknown[] => servers.map(({ registry, store }) => {
      registry.sweep(Infinity);
      return { problem: store.problem, state: stateOf(registry) };
    });
    await expect.poll(() => { const [one, other] = alike(); return JSON.stringify(one) === JSON.stringify(other); }, { interval: 20 }).toBe(true);
    const late = await server();
    await expect.poll(() => { const [one] = alike(); return JSON.stringify(one) === JSON.stringify({ problem: null, state: stateOf(late.registry) }); }, { interval: 20 }).toBe(true);
  });

  it('forget whom none of them has heard of, and nobody else', async () => {
    const silenceMs = 400;
    const [one, other] = [await server({ silenceMs }), await server({ silenceMs })];
    for (const number of [1, 2]) one.registry.register(now(), deviceOf(number), said(number));
    await expect.poll(() => other.registry.counts.nodes).toBe(2);
    const beating = setInterval(() => { other.registry.heartbeat(now(), deviceOf(1), said(1).outside); }, 30);
    await expect.poll(() => [one, other].map(({ registry }) => registry.node(deviceOf(2))), { interval: 20 }).toEqual([undefined, undefined]);
    clearInterval(beating);
    expect([one, other].map(({ registry }) => registry.counts.nodes)).toEqual([1, 1]);
    expect(one.store.expire(now(), 10) + other.store.expire(now(), 10)).toBe(2);
  });

  it('notice what they were not told', async () => {
    const [one, other] = [await server({ silenceMs: 1200 }), await server({ silenceMs: 1200 })];
    one.registry.register(now(), deviceOf(1), said(1));
    await expect.poll(() => other.registry.counts.nodes).toBe(1);
    // As if a message had been lost between machines of a cluster.
    const keys = shardKeys(shardOf(deviceOf(1)));
    await redis.client.multi().hset(keys.nodes, deviceOf(1), `2 lost -lost ${JSON.stringify(said(7))}`).set(keys.stamp, '2 lost').exec();
    await expect.poll(() => [one, other].map(({ registry }) => registry.node(deviceOf(1))?.outside), { interval: 20 }).toEqual([said(7).outside, said(7).outside]);
  });

  it('go on while Redis hangs, and forget nobody whom the others hear', async () => {
    const silenceMs = 500;
    const [one, other] = [await server({ silenceMs, patienceMs: 150 }), await server({ silenceMs, patienceMs: 150 })];
    one.registry.register(now(), deviceOf(1), said(1));
    other.registry.register(now(), deviceOf(2), said(2));
    const beating = setInterval(() => {
      one.registry.heartbeat(now(), deviceOf(1), said(1).outside);
      other.registry.heartbeat(now(), deviceOf(2), said(2).outside);
      for (const each of [one, other]) each.store.expire(now(), 10);
    }, 30);
    await expect.poll(() => [one, other].map(({ registry }) => registry.counts.nodes)).toEqual([2, 2]);
    redis.signal('SIGSTOP');
    one.registry.register(now(), deviceOf(3), said(3));
    await one.store.settled();
    expect(one.store.problem).toBe('not-reachable');
    const stopped = now();
    await expect.poll(() => now() - stopped > 1.5 * silenceMs && one.registry.node(deviceOf(3)) === undefined, { interval: 20 }).toBe(true);
    expect([one, other].map(({ registry }) => [1, 2].filter((number) => registry.node(deviceOf(number)) !== undefined))).toEqual([[1, 2], [1, 2]]);
    one.registry.register(now(), deviceOf(4), said(4));
    redis.signal('SIGCONT');
    await expect.poll(() => [one.store.problem, other.store.problem, other.registry.node(deviceOf(4))?.outside], { interval: 20 }).toEqual([null, null, said(4).outside]);
    expect([one, other].map(({ registry }) => [1, 2].filter((number) => registry.node(deviceOf(number)) !== undefined))).toEqual([[1, 2], [1, 2]]);
    clearInterval(beating);
  });

  it('notice that Redis goes on with an older state though no connection broke, as when a replica takes over', async () => {
    const [one, other] = [await server(), await server()];
    const neighbour = Array.from({ length: 100 }, (_, number) => deviceOf(number + 2)).find((device) => shardOf(device) === shardOf(deviceOf(1))) ?? deviceOf(0);
    const keys = shardKeys(shardOf(deviceOf(1)));
    one.registry.register(now(), deviceOf(1), said(1));
    await expect.poll(() => other.registry.counts.nodes).toBe(1);
    const [stamp, row] = [await redis.client.get(keys.stamp), await redis.client.hget(keys.nodes, deviceOf(1))];
    one.registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1)] });
    await expect.poll(() => other.registry.counts.entries).toBe(1);
    await redis.client.multi().set(keys.stamp, stamp ?? '').hset(keys.nodes, deviceOf(1), row ?? '').del(keys.entries(deviceOf(1))).exec();
    one.registry.register(now(), neighbour, said(2));
    await one.store.settled();
    await expect.poll(() => other.registry.node(neighbour)?.outside, { interval: 20 }).toBe(said(2).outside);
    const late = await server();
    await expect.poll(() => [one, other, late].map(({ registry }) => [registry.node(deviceOf(1))?.entries, registry.node(neighbour)?.outside]), { interval: 20 }).toEqual(Array.from({ length: 3 }, () => [1, said(2).outside]));
  });

  it('go on where an older state comes back', async () => {
    const [one, other] = [await server(), await server()];
    one.registry.register(now(), deviceOf(1), said(1));
    await one.store.settled();
    await redis.client.save();
    one.registry.register(now(), deviceOf(1), said(2));
    one.registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1)] });
    await expect.poll(() => other.registry.node(deviceOf(1))?.entries).toBe(1);
    await redis.kill();
    await redis.start();
    await expect.poll(() => [one, other].map(({ store }) => store.problem), { interval: 20 }).toEqual([null, null]);
    const late = await server();
    await expect.poll(() => [one, other, late].map(({ registry }) => [registry.counts.nodes, registry.node(deviceOf(1))?.entries, registry.node(deviceOf(1))?.outside]), { interval: 20 }).toEqual(Array.from({ length: 3 }, () => [1, 1, said(2).outside]));
  });
});

describe.skipIf(redisVersion === null)('a cluster', () => {
  it('has everything that is changed in one step in one slot', async () => {
    const { url } = await startedCluster();
    const [one, other] = [await server({ url }), await server({ url })];
    for (let number = 1; number <= 20; number++) {
      one.registry.register(now(), deviceOf(number), said(number));
      one.registry.announce(deviceOf(number), { ...nothing, add: [entryOf(number)] });
    }
    await expect.poll(() => other.registry.counts, { interval: 20 }).toMatchObject({ nodes: 20, entries: 20 });
    for (const store of stores.splice(0)) await store.close();
  });
});
