import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import { EmbeddedStore } from '#main/bootstrap/embedded-store.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import type { RegistryStore } from '#main/bootstrap/registry-store.ts';
import { decodeEntry, encodeEntry } from '#main/bootstrap/stored-rows.ts';
import { openStore, type OpenedStore } from '#main/disk/open-store.ts';
import { deaf, deviceOf, entryOf, roomOf, said, wide } from './registry/things.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'distrishare-bootstrap-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

interface Kept {
  readonly registry: Registry;
  readonly store: EmbeddedStore;
  readonly problems: (ErrorCode | null)[];
  /** Resolves with the next problem, or the end of it. */
  nextProblem(): Promise<ErrorCode | null>;
}

/** A registry and its store, as a server composes them. */
async function keep(open: (path: string) => Promise<OpenedStore> = openStore): Promise<Kept> {
  const told: { store: RegistryStore | null } = { store: null };
  const registry = new Registry(wide, {
    nodeChanged: (node) => told.store?.nodeChanged(node), nodeGone: (node) => told.store?.nodeGone(node),
    entryAdded: (node, entry) => told.store?.entryAdded(node, entry), entryRemoved: (node, contentId) => told.store?.entryRemoved(node, contentId),
  });
  const problems: (ErrorCode | null)[] = [];
  let heard: (problem: ErrorCode | null) => void = () => undefined;
  const store = new EmbeddedStore({ folder: join(folder, 'store'), state: registry, onProblem: (problem) => { problems.push(problem); heard(problem); }, onRecovery: () => undefined, open, retryMs: 1 });
  told.store = store;
  const into = { node: registry.restore.bind(registry, 0), entry: registry.restoreEntry.bind(registry) };
  await store.loadNodes(into);
  await store.loadEntries(into);
  return { registry, store, problems, nextProblem: () => new Promise((resolve) => { heard = resolve; }) };
}

const stateOf = (registry: Registry): unknown => [...registry.nodes()]
  .map(({ deviceId, addresses, rooms, outside, revision, listings }) => ({ deviceId, addresses, rooms, outside, revision, entries: [...listings.values()].map(({ contentId, kind, name, bytes }) => ({ contentId, kind, name, bytes })).sort((one, other) => (one.contentId < other.contentId ? -1 : 1)) }))
  .sort((one, other) => (one.deviceId < other.deviceId ? -1 : 1));

const nothing = { reset: false, add: [], remove: [], revision: 'r' };

it('gives everything back after a restart, and nothing that was forgotten', async () => {
  const first = await keep();
  for (const number of [1, 2, 3, 4]) {
    first.registry.register(0, deviceOf(number), said(number, [roomOf(number), roomOf(9)]));
    first.registry.announce(deviceOf(number), { ...nothing, add: [entryOf(1), entryOf(2, 'Ünïcode 日本'), { ...entryOf(number + 10), kind: 'folder', bytes: 2 ** 50 + 1 }], revision: `r${number}` });
  }
  first.registry.announce(deviceOf(1), { ...nothing, remove: [entryOf(1).contentId] });
  first.registry.announce(deviceOf(2), { ...nothing, reset: true, add: [entryOf(7)] });
  first.registry.unregister(deviceOf(3));
  first.registry.announce(deviceOf(4), { ...nothing, reset: true, add: [entryOf(2)] });
  // Half of what went is not swept when the end comes.
  first.registry.sweep(2);
  await first.store.settled();
  const before = stateOf(first.registry);
  await first.store.close();

  const second = await keep();
  expect(stateOf(second.registry)).toEqual(before);
  // What the first left behind is gone, and new serials are not those of before.
  second.registry.register(1, deviceOf(5), said(5));
  second.registry.announce(deviceOf(5), { ...nothing, add: [entryOf(50)] });
  second.registry.announce(deviceOf(1), { ...nothing, reset: true });
  second.registry.sweep(Infinity);
  const later = stateOf(second.registry);
  await second.store.close();
  const third = await keep();
  expect(stateOf(third.registry)).toEqual(later);
  expect(third.problems).toEqual([]);
  await third.store.close();
});

/** A disk that is full while `full.now`; writes fail in the middle of what is going on. */
function fillable(full: { now: boolean }) {
  return async (path: string): Promise<OpenedStore> => {
    if (full.now) throw new AppError('disk-full', { path });
    const opened = await openStore(path);
    const make = opened.store.batch.bind(opened.store);
    opened.store.batch = () => {
      const batch = make();
      const write = batch.write.bind(batch);
      batch.write = () => (full.now ? Promise.reject(new AppError('disk-full', { path })) : write());
      return batch;
    };
    return opened;
  };
}

it('goes on without a disk, says so, and writes everything when there is room again', async () => {
  const full = { now: false };
  const kept = await keep(fillable(full));
  const { registry, store } = kept;
  for (const number of [1, 2, 3]) {
    registry.register(0, deviceOf(number), said(number, [roomOf(1)]));
    registry.announce(deviceOf(number), { ...nothing, add: Array.from({ length: 20 }, (_, at) => entryOf(100 * number + at)) });
  }
  await store.settled();
  full.now = true;
  registry.unregister(deviceOf(1));
  await store.settled();
  expect(store.problem).toBe('disk-full');
  registry.sweep(5);
  registry.register(0, deviceOf(4), said(4));
  registry.announce(deviceOf(2), { ...nothing, reset: true, add: [entryOf(5)] });
  registry.announce(deviceOf(3), { ...nothing, remove: [entryOf(300).contentId], add: [entryOf(301, 'another name')] });
  await store.settled();
  const recovered = kept.nextProblem();
  full.now = false;
  // Changes go on while it catches up.
  const changing = setInterval(() => { registry.register(0, deviceOf(5 + (registry.counts.nodes % 7)), said(5)); registry.sweep(3); });
  expect(await recovered).toBeNull();
  clearInterval(changing);
  registry.sweep(Infinity);
  const before = stateOf(registry);
  expect(store.problem).toBeNull();
  expect(kept.problems).toEqual(['disk-full', null]);
  await store.close();
  const again = await keep();
  expect(stateOf(again.registry)).toEqual(before);
  await again.store.close();
});

it('starts with a full disk, and keeps what there is then when there is room', async () => {
  const full = { now: true };
  const kept = await keep(fillable(full));
  expect(kept.store.problem).toBe('disk-full');
  kept.registry.register(0, deviceOf(1), said(1));
  await kept.store.settled();
  const recovered = kept.nextProblem();
  full.now = false;
  expect(await recovered).toBeNull();
  await kept.store.close();
  const again = await keep();
  expect(again.registry.node(deviceOf(1))).toMatchObject(said(1));
  await again.store.close();
});

it('does not bring back what goes while entries are read, and lets nodes announce again when not all can be read', async () => {
  const first = await keep();
  for (const number of [1, 2]) {
    first.registry.register(0, deviceOf(number), said(number));
    first.registry.announce(deviceOf(number), { ...nothing, add: Array.from({ length: 600 }, (_, at) => entryOf(1000 * number + at)), revision: 'all' });
  }
  await first.store.close();

  const registry = new Registry(wide, deaf);
  const options = { folder: join(folder, 'store'), state: registry, onProblem: () => undefined, onRecovery: () => undefined };
  const store = new EmbeddedStore(options);
  let read = 0;
  await store.loadNodes({ node: registry.restore.bind(registry, 0), entry: () => false });
  const all = await store.loadEntries({
    node: () => null,
    entry: (node, entry) => {
      if (++read === 700) registry.unregister(deviceOf(2));
      return registry.restoreEntry(node, entry);
    },
  });
  registry.sweep(Infinity);
  expect({ all, entries: registry.counts.entries, revision: registry.node(deviceOf(1))?.revision }).toEqual({ all: true, entries: 600, revision: 'all' });
  await store.close();

  // Stopped in the middle of it: what the next one reads must not be taken for all.
  const [cut, stopping] = [new Registry(wide, deaf), new EmbeddedStore({ ...options, state: registry })];
  await stopping.loadNodes({ node: cut.restore.bind(cut, 0), entry: () => false });
  const loading = stopping.loadEntries({ node: () => null, entry: cut.restoreEntry.bind(cut) });
  await stopping.close();
  expect(await loading).toBe(false);
  cut.doubtEntries();
  expect(cut.node(deviceOf(1))?.revision).toBeNull();
  const again = await keep();
  expect(again.registry.node(deviceOf(1))).toMatchObject({ entries: 600, revision: 'all' });
  await again.store.close();
});

it('is refused to a second server', async () => {
  const kept = await keep();
  await expect(keep()).rejects.toMatchObject({ code: 'node-already-running' });
  await kept.store.close();
});

it('reads the rows that it writes, and nothing from damaged ones', () => {
  fc.assert(fc.property(fc.record({ name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), bytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }), kind: fc.constantFrom('file' as const, 'folder' as const), have: fc.nat({ max: 99 }) }, { requiredKeys: ['name', 'bytes', 'kind'] }), (about) => {
    const entry = { ...entryOf(1), ...about };
    const row = encodeEntry(entry);
    expect(decodeEntry(entry.contentId, row)).toEqual(entry);
    expect(decodeEntry(entry.contentId, row.subarray(0, 9))).toBeNull();
    expect(decodeEntry(entry.contentId, new Uint8Array([202, ...row.subarray(1)]))).toBeNull();
  }), { numRuns: 100 });
});
