import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { startBootstrap } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: better ways to a device (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const bytes = 10 * MiB;

describe.skipIf(why !== null)('two devices that are linked from afar, and then come into one LAN', () => {
  let network: NamespaceNetwork;
  let stage: Stage;
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  it('move to the LAN in the middle of a download, which fetches nothing twice', async () => {
    network = new NamespaceNetwork(2, { ipv6: false, apart: true });
    stage = new Stage();
    const [giver, taker] = await Promise.all(['Giver', 'Taker'].map((name, at) => stage.serve(['--name', name, '--no-web'], inside(network.node(at)))));
    if (giver === undefined || taker === undefined) throw new Error('there are two');
    const film = join(await stage.folder(), 'film.bin');
    await writeRandom(film, bytes);
    const { id } = await giver.call('shares.add', { path: film, audience: { kind: 'public' } });
    await giver.call('shares.whenHashed', { id });
    await giver.call('settings.set', { patch: { uploadLimit: 2 * MiB } });
    expect(await taker.call('peers.connect', { address: `${network.node(0).ipv4}:${giver.ready.port}` })).toMatchObject({ path: 'internet', online: true });

    const done = await taker.listen((event) => event.type === 'transfer' && event.transfer.direction === 'down' && event.transfer.state === 'done');
    const begun = await taker.listen((event) => event.type === 'transfer' && event.transfer.direction === 'down' && event.transfer.doneBytes > 0);
    const to = await stage.folder();
    await taker.call('transfers.start', { source: { kind: 'path', peer: 'Giver', path: 'film.bin' }, to });
    await begun.event;
    const onLan = await Promise.all([giver, taker].map((node) => nearOf(node)));
    network.addWire('eth1', '192.168.77');
    const met = await Promise.all(onLan.map(({ event }) => event));
    expect(met).toMatchObject([{ peer: { name: 'Taker', path: 'lan' } }, { peer: { name: 'Giver', path: 'lan' } }]);
    const [under] = (await taker.call('transfers.list', {})).transfers;
    expect(under?.doneBytes).toBeLessThan(bytes);

    await giver.call('settings.set', { patch: { uploadLimit: 'off' } });
    await done.event;
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(film));
    const given = (await giver.call('transfers.list', { finished: false })).transfers.reduce((sum, up) => sum + up.bytes, 0);
    // What was under way when the link moved may have to come again.
    expect(given).toBeLessThanOrEqual(bytes + 1 * MiB);
    expect(await taker.must('peers')).toMatchObject({ name: 'Giver', path: 'lan' });
  });

  it('move to the LAN also where announcements do not get through, because a server says where each of them is', async () => {
    network = new NamespaceNetwork(3, { ipv6: false, apart: true });
    stage = new Stage();
    const machine = network.node(2);
    const { url } = await startBootstrap(machine.spawn.bind(machine), { dataDir: await stage.folder(), listen: machine.ipv4 });
    const [anna, ben] = await Promise.all(['Anna', 'Ben'].map((name, at) => stage.serve(['--name', name, '--no-web', '--no-multicast', '--no-mdns'], inside(network.node(at)))));
    if (anna === undefined || ben === undefined) throw new Error('there are two');
    for (const node of [anna, ben]) await node.must('servers', 'add', url);
    const met = await Promise.all([anna, ben].map((node) => node.listen((event) => event.type === 'peer' && event.peer.online)));
    const { id: room } = await anna.call('rooms.create', { name: 'Far away', lastsMs: null });
    const { words } = await anna.call('rooms.invite', { room, language: 'en' });
    await ben.must('room', 'join', ...words.split(' '));
    expect(await Promise.all(met.map(({ event }) => event))).toMatchObject([{ peer: { name: 'Ben', path: 'internet' } }, { peer: { name: 'Anna', path: 'internet' } }]);
    const onLan = await Promise.all([anna, ben].map((node) => nearOf(node)));
    network.addWire('eth1', '192.168.77');
    expect(await Promise.all(onLan.map(({ event }) => event))).toMatchObject([{ peer: { name: 'Ben', path: 'lan' } }, { peer: { name: 'Anna', path: 'lan' } }]);
  });
});

const nearOf = (node: ServedNode): ReturnType<ServedNode['listen']> => node.listen((event) => event.type === 'peer' && event.peer.online && event.peer.path === 'lan');
