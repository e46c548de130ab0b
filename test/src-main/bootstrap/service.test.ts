import { expect, it } from 'vitest';
import { bootstrapConfigSchema } from '#main/bootstrap/config.ts';
import { Proofs } from '#main/bootstrap/proofs.ts';
import type { RegistryStore } from '#main/bootstrap/registry-store.ts';
import { bootstrapHandlers } from '#main/bootstrap/service.ts';
import { deviceOf, entryOf, registryOf } from './registry/things.ts';

const store: RegistryStore = {
  loadNodes: () => Promise.resolve(), loadEntries: () => Promise.resolve(true), nodeChanged: () => undefined, nodeGone: () => undefined, entryAdded: () => undefined, entryRemoved: () => undefined,
  settled: () => Promise.resolve(), expire: () => 0, heardMsAgo: () => Promise.resolve(new Map()), problem: null, close: () => Promise.resolve(),
};

it('while stored entries are read, takes everything but entries, and says of a search that there may be more', async () => {
  let isStarting = true;
  const handlers = bootstrapHandlers({ config: bootstrapConfigSchema.parse({}), registry: registryOf(), store, proofs: new Proofs([]), now: () => 0, health: () => ({ status: 'ok', version: '1', problems: [] }), isStarting: () => isStarting });
  const caller = { deviceId: deviceOf(1), host: '192.0.2.1', port: 1 };
  const entries = { reset: true, add: [entryOf(1, 'found.txt')], remove: [], revision: 'r' };
  const search = { words: 'found', type: 'any' as const };
  await handlers.register({ addresses: [], rooms: [] }, caller);
  await expect(handlers.entries(entries, caller)).rejects.toThrow('starting');
  expect(await handlers.search(search, caller)).toEqual({ hits: [], truncated: true });
  isStarting = false;
  expect(await handlers.entries(entries, caller)).toEqual({ revision: 'r', entries: 1 });
  expect(await handlers.search(search, caller)).toMatchObject({ hits: [{ name: 'found.txt' }], truncated: false });
});
