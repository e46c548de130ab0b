import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { startBootstrap, type BootstrapProgram } from '../e2e/bootstrap-program.ts';
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
interface Person {
  readonly kind: NatKind;
  readonly name: string;
  readonly node: ServedNode;
  /** Lets everybody in through the router. */
  readonly open: () => void;
}
const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];

describe.skipIf(why !== null)('people behind routers of all kinds, and two servers', () => {
  let network: NatNetwork;
  let servers: readonly BootstrapProgram[];
  let people: readonly Person[];
  let stranger: Person | undefined;
  const stage = new Stage();
  beforeAll(async () => {
    network = new NatNetwork([...kinds, 'symmetric']);
    servers = await Promise.all(network.servers.map(async (machine) => startBootstrap((...args) => machine.spawn(...args), { dataDir: await stage.folder(), listen: machine.ipv4, relay: true })));
    const all = await Promise.all(network.homes.map(async ({ kind, machine, open }, index) => {
      const name = `${kind} ${index}`;
      const node = await stage.serve(['--name', name, '--no-web', '--no-multicast', '--no-mdns'], inside(machine));
      await node.call('settings.set', { patch: { servers: servers.map(({ url }) => url) } });
      return { kind, name, node, open };
    }));
    people = all.slice(0, kinds.length);
    stranger = all.at(-1);
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

  it('get what somebody shares with everybody, whose id alone they know', async () => {
    const giver = people.find(({ kind }) => kind === 'symmetric');
    if (giver === undefined || stranger === undefined) throw new Error('there are both');
    const path = join(await stage.folder(), 'pamphlet.txt');
    await writeFile(path, 'for everybody');
    const { id } = await giver.node.call('shares.add', { path, audience: { kind: 'public' } });
    const { contentId } = await giver.node.call('shares.whenHashed', { id });
    if (contentId === null) throw new Error('it is hashed');
    // Servers hear of it a moment later; until then nobody has it.
    while ((await stranger.node.cli('get', contentId)).code !== 0);
    expect(await readFile(join(stranger.node.dataDir, 'downloads', 'pamphlet.txt'), 'utf8')).toBe('for everybody');
    expect((await stranger.node.call('peers.list', {})).map(({ name, path: way }) => [name, way])).toEqual([[giver.name, 'relay']]);
  });

  it('give each other files through a relay, through another one when it is killed, and past it when a router opens', async () => {
    const [giver, taker] = people.filter(({ kind }) => kind === 'symmetric');
    const [first, second] = servers;
    if (giver === undefined || taker === undefined || first === undefined || second === undefined) throw new Error('there are two');
    const film = join(await stage.folder(), 'film.bin');
    await writeRandom(film, 16 * MiB);
    await giver.node.call('settings.set', { patch: { uploadLimit: 1 * MiB } });
    await giver.node.must('share', film, '--room', 'Everywhere', '--wait');
    const wayTo = (fits: (peer: Peer) => boolean) => taker.node.listen((event) => event.type === 'peer' && event.peer.id === giver.node.ready.deviceId && event.peer.online && fits(event.peer));
    const whileComing = (fits: (transfer: Transfer) => boolean) => taker.node.listen((event) => event.type === 'transfer' && event.transfer.direction === 'down' && fits(event.transfer));

    const begun = await whileComing(({ doneBytes }) => doneBytes >= 1 * MiB);
    await taker.node.must('get', giver.name, 'film.bin', '--no-wait');
    await begun.event;
    const [before] = (await taker.node.call('peers.list', {})).filter(({ name }) => name === giver.name);
    const [killed, other] = before?.relay === new URL(second.url).origin ? [second, first] : [first, second];
    const [byOther, more] = [await wayTo(({ relay }) => relay === new URL(other.url).origin), await whileComing(({ doneBytes }) => doneBytes >= 3 * MiB)];
    const began = performance.now();
    killed.child.kill('SIGKILL');
    await byOther.event;
    console.log(`the relay was killed: another one carried the link ${(performance.now() - began).toFixed(0)} ms later`);
    await more.event;

    const [direct, done] = [await wayTo(({ path }) => path === 'internet'), await whileComing(({ state }) => state === 'done')];
    giver.open();
    await direct.event;
    await giver.node.call('settings.set', { patch: { uploadLimit: 'off' } });
    await done.event;
    expect(await sha256Of(join(taker.node.dataDir, 'downloads', 'film.bin'))).toBe(await sha256Of(film));
  });
});
