import { limits } from '#shared/limits.ts';
import { Registry, type RegistryLimits } from '#main/bootstrap/registry/registry.ts';
import { Allowances } from '#main/core/rate/allowances.ts';
import { memoryBytes, percentiles, row } from './figures.ts';
import { addressesOf, announcedBy, deviceNumbered, makeContents, Names, outsideOf, roomsOf, seeded } from './population.ts';

const bounds: RegistryLimits = { silenceMs: 30_000, nodes: 100_000, nodesPerNetwork: 100_000, entries: 2_000_000, entriesPerNode: 20_000, entriesPerNetwork: 2_000_000 };

/** Milliseconds of processor time: what else the machine does counts less than by the clock. */
function timed(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The registry alone: what it takes in memory and processor time. */
export function registryRows(nodes: number, entries: number): void {
  const registry = new Registry(bounds, { nodeChanged: () => undefined, nodeGone: () => undefined, entryAdded: () => undefined, entryRemoved: () => undefined });
  const allowances = new Allowances(5, 300, bounds.nodes);
  const before = memoryBytes();
  // Each request brings its own strings.
  for (let number = 0; number < nodes; number++) {
    const { deviceId } = registry.register(0, deviceNumbered(number), { addresses: addressesOf(number), rooms: roomsOf(number), outside: outsideOf(number) });
    allowances.take(0, deviceId, 1);
  }
  row(`registry: memory of a node without entries, allowance included, of ${nodes}`, `${Math.round((memoryBytes() - before) / nodes)} bytes`);
  const known = [...registry.nodes()].map(({ deviceId, outside }) => ({ deviceId, outside }));
  const beats = timed(() => { for (let turn = 0; turn < 100; turn++) for (const { deviceId, outside } of known) registry.heartbeat(0, deviceId, outside); });
  row('registry: a heartbeat', `${(1000 * beats / (100 * nodes)).toFixed(2)} µs`);

  const contents = makeContents(entries);
  const random = seeded(2);
  const chunks: number[] = [];
  const perNode = Math.floor(entries / nodes);
  for (const [number, { deviceId }] of known.entries()) {
    const add = announcedBy(contents, number, perNode, random);
    chunks.push(timed(() => { registry.announce(deviceId, { reset: false, add, remove: [], revision: '1' }); }));
  }
  const { entries: announced, contents: distinct, tokens } = registry.counts;
  row(`registry: ${announced} entries of ${distinct} contents, ${tokens} words`, `${(1000 * chunks.reduce((sum, ms) => sum + ms, 0) / announced).toFixed(1)} µs each`);
  row(`registry: announcing ${perNode} entries`, percentiles(chunks));

  const names = new Names(seeded(3));
  const queries: readonly [string, () => string][] = [
    ['two words', () => `${names.word()} ${names.word()}`],
    ['one word', () => names.word()],
    ['the beginning of a word', () => names.word().slice(0, 3)],
    ['one letter', () => names.word().slice(0, 1)],
    ['four letters as words', () => Array.from({ length: 4 }, () => names.word().slice(0, 1)).join(' ')],
    ['a whole name', () => contents[names.number(contents.length)]?.name ?? ''],
    ['the commonest words', () => 'mp4 e 20 i o'],
  ];
  for (const [what, words] of queries) {
    let hits = 0;
    const times = Array.from({ length: 300 }, () => {
      const asked = words();
      return timed(() => { hits += registry.search({ words: asked, type: 'any' }).hits.length; });
    });
    row(`registry: search for ${what}, ${Math.round(hits / 300)} hits`, percentiles(times));
  }
  const [first] = contents;
  if (first !== undefined) row('registry: holders of a content', percentiles(Array.from({ length: 1000 }, () => timed(() => { registry.holders((contents[names.number(contents.length)] ?? first).contentId); }))));
  const room = roomsOf(0)[1] ?? '';
  row(`registry: a page of ${limits.bootstrap.nodesPerPage} of a room of 1900`, percentiles(Array.from({ length: 1000 }, () => timed(() => { registry.roomNodes(deviceNumbered(0), room, deviceNumbered(names.number(1900))); }))));
  const expiries: number[] = [];
  while (registry.counts.nodes > 0) expiries.push(timed(() => { registry.expire(100_000, 200); }));
  row('registry: forgetting 200 nodes, when all fall silent', percentiles(expiries));
  const sweeps: number[] = [];
  for (let more = true; more;) sweeps.push(timed(() => { more = registry.sweep(200); }));
  row('registry: taking out 200 of their entries', percentiles(sweeps));
}
