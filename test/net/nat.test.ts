import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import { MiB } from '#shared/units.ts';
import { startBootstrap } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NatNetwork, type NatKind } from './nat-network.ts';
import { whyNoFirewall, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces() ?? whyNoFirewall();
if (why !== null) console.warn(`skipped: routers between people (${why})`);

const kinds: readonly NatKind[] = ['open', 'cone', 'restricted', 'restricted', 'symmetric', 'symmetric'];
/** How two devices behind such routers are linked in the end: directly, be it through holes in both routers, or by the relay. */
const wayOf = (one: NatKind, other: NatKind): 'direct' | 'relay' => {
  const hard = [one, other].filter((kind) => kind === 'symmetric').length;
  return hard === 2 || (hard === 1 && [one, other].includes('restricted')) ? 'relay' : 'direct';
};
const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];

describe.skipIf(why !== null)('people behind routers of all kinds, and one server', () => {
  let network: NatNetwork;
  let people: readonly { readonly kind: NatKind; readonly name: string; readonly node: ServedNode }[];
  const stage = new Stage();
  beforeAll(async () => {
    network = new NatNetwork(kinds);
    const server = await startBootstrap((...args) => network.server.spawn(...args), { dataDir: await stage.folder(), listen: network.server.ipv4, relay: true });
    people = await Promise.all(network.homes.map(async ({ kind, machine }, index) => {
      const name = `${kind} ${index}`;
      const node = await stage.serve(['--name', name, '--no-web', '--no-multicast', '--no-mdns'], inside(machine));
      await node.call('settings.set', { patch: { servers: [server.url] } });
      return { kind, name, node };
    }));
  });
  afterAll(async () => {
    await stage.close();
    await network.close();
  });

  it('find each other, and are linked directly where that is possible and by the relay otherwise', async () => {
    const [first, ...others] = people;
    if (first === undefined) throw new Error('there are some');
    const room = await first.node.call('rooms.create', { name: 'Everywhere', lastsMs: null });
    const { words } = await first.node.call('rooms.invite', { room: room.id, language: 'en' });
    const isWhole = (event: NodeEvent): boolean => event.type === 'room' && event.room.members.filter(({ online }) => online).length >= others.length;
    const met = await Promise.all(people.map(({ node }) => node.listen(isWhole)));
    await Promise.all(others.map(({ node }) => node.call('rooms.join', { invitation: words })));
    await Promise.all(met.map(({ event }) => event));

    const found = await Promise.all(people.map(async ({ kind, name, node }) => {
      const peers = await node.call('peers.list', {});
      return { kind, name, ways: Object.fromEntries(peers.map((peer) => [peer.name, peer.path === 'relay' ? 'relay' : 'direct'])) };
    }));
    const line = (cells: readonly string[]): void => { console.log(cells.map((text) => text.padEnd(14)).join('')); };
    line(['', ...people.map(({ name }) => name)]);
    for (const { name, ways } of found) line([name, ...people.map((other) => ways[other.name] ?? '')]);
    for (const { kind, name, ways } of found) expect(ways, name).toEqual(Object.fromEntries(people.flatMap((other) => (other.name === name ? [] : [[other.name, wayOf(kind, other.kind)]]))));
  });

  it('give each other files through the relay', async () => {
    const [giver, taker] = people.filter(({ kind }) => kind === 'symmetric');
    if (giver === undefined || taker === undefined) throw new Error('there are two');
    const film = join(await stage.folder(), 'film.bin');
    await writeRandom(film, 8 * MiB);
    await giver.node.must('share', film, '--room', 'Everywhere', '--wait');
    await taker.node.must('get', giver.name, 'film.bin');
    expect(await sha256Of(join(taker.node.dataDir, 'downloads', 'film.bin'))).toBe(await sha256Of(film));
  });
});
