import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import { EmbeddedStore } from '#main/bootstrap/embedded-store.ts';
import { RedisStore } from '#main/bootstrap/redis/redis-store.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import type { RegistryStore } from '#main/bootstrap/registry-store.ts';
import { openStore, type OpenedStore } from '#main/disk/store/open-store.ts';
import { redisVersion, TestRedis } from '../src-main/bootstrap/redis-server.ts';
import { deviceOf, entryOf, roomOf, said, stateOf, wide } from '../src-main/bootstrap/registry/things.ts';

type OnProblem = (problem: ErrorCode | null) => void;

/** Where a store keeps things, and what can go wrong there. */
interface Ground {
  readonly brokenAs: ErrorCode;
  store(registry: Registry, onProblem: OnProblem): RegistryStore;
  break(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

async function disk(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'distrishare-bootstrap-'));
  let isFull = false;
  /** Writes fail in the middle of what is going on. */
  const open = async (path: string): Promise<OpenedStore> => {
    if (isFull) throw new AppError('disk-full', { path });
    const opened = await openStore(path);
    const make = opened.store.batch.bind(opened.store);
    opened.store.batch = () => {
      const batch = make();
      const write = batch.write.bind(batch);
      batch.write = () => (isFull ? Promise.reject(new AppError('disk-full', { path })) : write());
      return batch;
    };
    return opened;
  };
  return {
    brokenAs: 'disk-full',
    store: (state, onProblem) => new EmbeddedStore({ folder: join(folder, 'store'), state, onProblem, onRecovery: () => undefined, open, retryMs: 1 }),
    break: () => { isFull = true; return Promise.resolve(); },
    mend: () => { isFull = false; return Promise.resolve(); },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A Redis that comes back has lost everything. */
async function redis(): Promise<Ground> {
  const server = await TestRedis.start();
  return {
    brokenAs: 'not-reachable',
    store: (state, onProblem) => new RedisStore({ url: server.url, state, now: () => 0, silenceMs: 30_000, onProblem, onSkipped: () => undefined }),
    break: () => server.kill(),
    mend: () => server.start(),
    close: () => server.close(),
  };
}

const grounds = [{ name: 'embedded', make: disk, isHere: true }, { name: 'in Redis', make: redis, isHere: redisVersion !== null }];

for (const { name, make, isHere } of grounds) describe.skipIf(!isHere)(`a store of a registry, ${name}`, () => {
  let ground: Ground;
  beforeEach(async () => { ground = await make(); });
  afterEach(() => ground.close());

  /** A registry and its store, as a server composes them. `until` resolves when this becomes the problem. */
  async function keep() {
    const told: { store: RegistryStore | null } = { store: null };
    const registry = new Registry(wide, {
      nodeChanged: (node) => told.store?.nodeChanged(node), nodeGone: (node) => told.store?.nodeGone(node),
      entryAdded: (node, entry) => told.store?.entryAdded(node, entry), entryRemoved: (node, contentId) => told.store?.entryRemoved(node, contentId),
    });
    const problems: (ErrorCode | null)[] = [];
    let heard: () => void = () => undefined;
    const store = ground.store(registry, (problem) => { problems.push(problem); heard(); });
    told.store = store;
    const into = { node: registry.restore.bind(registry, 0), entry: registry.restoreEntry.bind(registry) };
    await store.loadNodes(into);
    await store.loadEntries(into);
    const until = async (problem: ErrorCode | null): Promise<void> => { while (store.problem !== problem) await new Promise<void>((resolve) => { heard = resolve; }); };
    return { registry, store, problems, until };
  }

  const nothing = { reset: false, add: [], remove: [], revision: 'r' };

  it('gives everything back after a restart, and nothing that was forgotten', async () => {
    const first = await keep();
    for (const number of [1, 2, 3, 4]) {
      first.registry.register(0, deviceOf(number), said(number, [roomOf(number), roomOf(9)]));
      first.registry.announce(deviceOf(number), { ...nothing, add: [entryOf(1), entryOf(2, 'Ünïcode 日本'), { ...entryOf(number + 10), kind: 'folder', bytes: 2 ** 50 + 1, have: 37 }], revision: `r${number}` });
    }
    // More than is written at once.
    first.registry.announce(deviceOf(4), { ...nothing, add: Array.from({ length: 2500 }, (_, at) => entryOf(100 + at)), revision: 'r4' });
    first.registry.announce(deviceOf(1), { ...nothing, remove: [entryOf(1).contentId], add: [entryOf(2, 'another name')] });
    first.registry.announce(deviceOf(2), { ...nothing, reset: true, add: [entryOf(7)] });
    first.registry.unregister(deviceOf(3));
    // Half of what went is not swept when the end comes.
    first.registry.sweep(2);
    await first.store.settled();
    const before = stateOf(first.registry);
    await first.store.close();

    const second = await keep();
    expect(stateOf(second.registry)).toEqual(before);
    // What the first left behind is gone, and what begins anew does not find what was before.
    second.registry.register(1, deviceOf(5), said(5));
    second.registry.announce(deviceOf(5), { ...nothing, add: [entryOf(50)] });
    second.registry.announce(deviceOf(1), { ...nothing, reset: true });
    second.registry.announce(deviceOf(4), { ...nothing, reset: true, add: [entryOf(2)] });
    second.registry.sweep(Infinity);
    const later = stateOf(second.registry);
    await second.store.close();
    const third = await keep();
    expect(stateOf(third.registry)).toEqual(later);
    expect(third.problems).toEqual([]);
    await third.store.close();
  });

  it('goes on when it cannot write, says so, and writes everything when it can again', async () => {
    const { registry, store, problems, until } = await keep();
    for (const number of [1, 2, 3]) {
      registry.register(0, deviceOf(number), said(number, [roomOf(1)]));
      registry.announce(deviceOf(number), { ...nothing, add: Array.from({ length: 20 }, (_, at) => entryOf(100 * number + at)) });
    }
    await store.settled();
    await ground.break();
    registry.unregister(deviceOf(1));
    await store.settled();
    await until(ground.brokenAs);
    registry.sweep(5);
    registry.register(0, deviceOf(4), said(4));
    registry.announce(deviceOf(2), { ...nothing, reset: true, add: [entryOf(5)] });
    registry.announce(deviceOf(3), { ...nothing, remove: [entryOf(300).contentId], add: [entryOf(301, 'another name')] });
    await store.settled();
    await ground.mend();
    // Changes go on while it catches up.
    const changing = setInterval(() => { registry.register(0, deviceOf(5 + (registry.counts.nodes % 7)), said(5)); registry.sweep(3); });
    await until(null);
    clearInterval(changing);
    registry.sweep(Infinity);
    const before = stateOf(registry);
    expect(problems).toEqual([ground.brokenAs, null]);
    await store.close();
    const again = await keep();
    expect(stateOf(again.registry)).toEqual(before);
    await again.store.close();
  });

  it('starts where nothing can be read, and keeps what there is then when it can', async () => {
    await ground.break();
    const { registry, store, until } = await keep();
    expect(store.problem).toBe(ground.brokenAs);
    registry.register(0, deviceOf(1), said(1));
    await store.settled();
    await ground.mend();
    await until(null);
    await store.close();
    const again = await keep();
    expect(again.registry.node(deviceOf(1))).toMatchObject(said(1));
    await again.store.close();
  });
});
