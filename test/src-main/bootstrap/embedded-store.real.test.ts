import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedStore } from '#main/bootstrap/embedded-store.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import type { RegistryStore } from '#main/bootstrap/registry-store.ts';
import { decodeEntry, encodeEntry } from '#main/bootstrap/stored-rows.ts';
import { deaf, deviceOf, entryOf, said, wide } from './registry/things.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'distrishare-bootstrap-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

/** A registry and its store, as a server composes them. */
async function keep(): Promise<{ registry: Registry; store: EmbeddedStore }> {
  const told: { store: RegistryStore | null } = { store: null };
  const registry = new Registry(wide, {
    nodeChanged: (node) => told.store?.nodeChanged(node), nodeGone: (node) => told.store?.nodeGone(node),
    entryAdded: (node, entry) => told.store?.entryAdded(node, entry), entryRemoved: (node, contentId) => told.store?.entryRemoved(node, contentId),
  });
  const store = new EmbeddedStore({ folder: join(folder, 'store'), state: registry, onProblem: () => undefined, onRecovery: () => undefined });
  told.store = store;
  const into = { node: registry.restore.bind(registry, 0), entry: registry.restoreEntry.bind(registry) };
  await store.loadNodes(into);
  await store.loadEntries(into);
  return { registry, store };
}

const nothing = { reset: false, add: [], remove: [], revision: 'r' };

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
