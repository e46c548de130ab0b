import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SearchRequest } from '#shared/protocol/bootstrap.ts';
import { NaiveRegistry } from './naive-registry.ts';
import { contentOf, deviceOf, entryOf, registryOf, roomOf, said, wide } from './things.ts';

const device = fc.integer({ min: 0, max: 7 });
const rooms = fc.array(fc.integer({ min: 0, max: 3 }).map(roomOf), { maxLength: 4 });
const name = fc.array(fc.constantFrom('red', 'reddish', 'Blue', 'Straße', 'x', '2024', 'fileName', '日本'), { minLength: 1, maxLength: 3 })
  .chain((words) => fc.constantFrom(' ', '_', '.').map((by) => `${words.join(by)}.txt`));
const entry = fc.tuple(fc.integer({ min: 0, max: 20 }), name, fc.constantFrom(10, 20)).map(([content, text, bytes]) => entryOf(content, text, bytes));
const query: fc.Arbitrary<SearchRequest> = fc.record({
  words: fc.constantFrom('re', 'red', 'RED x', 'blue red', 'strasse', '20', 'name', '日', 'reddish.txt', '…', 'b'),
  type: fc.constantFrom('any' as const, 'document' as const, 'video' as const),
}).chain((request) => fc.constantFrom({}, { minBytes: 15 }, { maxBytes: 15 }).map((sizes) => ({ ...request, ...sizes })));

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('register' as const), device, rooms, from: device }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('announce' as const), device, reset: fc.boolean(), add: fc.array(entry, { maxLength: 5 }), remove: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('heartbeat' as const), device, from: device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unregister' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1000, 12_000, 31_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), budget: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), query }) },
);

it('answers as one that looks at everything every time', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const [registry, naive] = [registryOf(), new NaiveRegistry()];
    let now = 0;
    let revision = 0;
    for (const each of steps) {
      switch (each.kind) {
        case 'register': {
          const about = { ...said(each.device, each.rooms), outside: said(each.from).outside };
          registry.register(now, deviceOf(each.device), about);
          naive.register(now, deviceOf(each.device), about);
          break;
        }
        case 'announce': {
          const node = naive.nodes.get(deviceOf(each.device));
          const change = { reset: each.reset, add: each.add, remove: each.remove.map(contentOf), revision: `${++revision}` };
          if (node === undefined) {
            expect(() => registry.announce(deviceOf(each.device), change)).toThrow('not-registered');
            break;
          }
          registry.announce(deviceOf(each.device), change);
          if (each.reset) node.entries.clear();
          for (const contentId of change.remove) node.entries.delete(contentId);
          for (const added of each.add) node.entries.set(added.contentId, added);
          node.revision = change.revision;
          break;
        }
        case 'heartbeat': {
          const node = naive.nodes.get(deviceOf(each.device));
          if (node === undefined) expect(() => registry.heartbeat(now, deviceOf(each.device), '192.0.2.1')).toThrow('not-registered');
          else {
            registry.heartbeat(now, deviceOf(each.device), said(each.from).outside);
            Object.assign(node, { heardAt: now, outside: said(each.from).outside });
          }
          break;
        }
        case 'unregister':
          expect(registry.unregister(deviceOf(each.device))).toBe(naive.nodes.delete(deviceOf(each.device)));
          break;
        case 'wait':
          now += each.ms;
          registry.expire(now, 1000);
          naive.expire(now, wide.silenceMs);
          break;
        case 'sweep':
          registry.sweep(each.budget);
          break;
        case 'ask': {
          // What a gone node announced counts in ranking until it is swept away, so order among equal scores is left out here.
          const { hits, truncated } = registry.search(each.query);
          expect(truncated).toBe(false);
          const keyed = hits.map((hit) => ({ key: `${hit.contentId} ${hit.kind} ${hit.bytes}`, score: hit.score, holders: hit.holderCount }));
          const byKey = (one: { key: string }, other: { key: string }): number => (one.key < other.key ? -1 : 1);
          expect(keyed.map((hit) => hit.score)).toEqual(keyed.map((hit) => hit.score).sort((one, other) => other - one));
          registry.sweep(Infinity);
          const swept = registry.search(each.query).hits.map((hit) => ({ key: `${hit.contentId} ${hit.kind} ${hit.bytes}`, name: hit.name, score: hit.score, holders: hit.holderCount }));
          expect(swept.sort(byKey)).toEqual(naive.search(each.query).sort(byKey));
          break;
        }
      }
      for (let number = 0; number < 4; number++) expect(registry.members(roomOf(number)).map((node) => node.deviceId)).toEqual(naive.members(roomOf(number)));
    }
    for (let content = 0; content <= 20; content++) expect(registry.holders(contentOf(content)).holders.map((node) => node.deviceId).sort()).toEqual(naive.holders(contentOf(content)));
    for (const [deviceId, node] of naive.nodes) {
      expect(registry.node(deviceId)).toMatchObject({ addresses: node.addresses, outside: node.outside, revision: node.revision, entries: node.entries.size });
    }
    registry.sweep(Infinity);
    const announced = [...naive.nodes.values()].flatMap((node) => [...node.entries.values()]);
    expect(registry.counts).toMatchObject({ nodes: naive.nodes.size, entries: announced.length, contents: new Set(announced.map((one) => one.contentId)).size });
    for (const deviceId of naive.nodes.keys()) registry.unregister(deviceId);
    registry.sweep(Infinity);
    expect(registry.counts).toEqual({ nodes: 0, rooms: 0, entries: 0, contents: 0, names: 0, tokens: 0 });
  }), { numRuns: 150 });
});
