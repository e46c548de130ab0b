import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import { MiB } from '#shared/units.ts';
import { startBootstrap, type BootstrapProgram } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: bootstrap servers in network namespaces (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];

const startServer = (machine: Namespace, dataDir: string, port?: number): Promise<BootstrapProgram> =>
  startBootstrap(machine.spawn.bind(machine), { dataDir, listen: machine.ipv4, ...(port === undefined ? {} : { port }) });

const isOnline = (url: string) => (event: NodeEvent): boolean => event.type === 'status' && event.status.servers.some((server) => server.url === url && server.state === 'online');
const isHere = (name: string) => (event: NodeEvent): boolean => event.type === 'room' && event.room.members.some((member) => member.name === name && member.online);

describe.skipIf(why !== null)('people in different networks, and two servers', () => {
  let network: NamespaceNetwork;
  let stage: Stage;
  beforeEach(() => {
    network = new NamespaceNetwork(5, { apart: true, ipv6: false });
    stage = new Stage();
  });
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  const person = (index: number, name: string): Promise<ServedNode> => stage.serve(['--name', name, '--no-web', '--no-multicast', '--no-mdns'], inside(network.node(index)));

  it('find each other by the words of a room, and nothing fails when a server is killed in the middle of a download', async () => {
    const folder = await stage.folder();
    const [first, second] = await Promise.all([startServer(network.node(3), join(folder, 'first')), startServer(network.node(4), join(folder, 'second'))]);
    const [anna, ben] = await Promise.all([person(0, 'Anna'), person(1, 'Ben')]);
    const both = await Promise.all([anna, ben].flatMap((node) => [first, second].map(({ url }) => node.listen(isOnline(url)))));
    for (const node of [anna, ben]) for (const { url } of [first, second]) await node.must('servers', 'add', url);
    await Promise.all(both.map(({ event }) => event));

    const met = await Promise.all([anna.listen(isHere('Ben')), ben.listen(isHere('Anna'))]);
    const room = await anna.call('rooms.create', { name: 'Far away', lastsMs: null });
    const { words } = await anna.call('rooms.invite', { room: room.id, language: 'en' });
    await ben.must('room', 'join', ...words.split(' '));
    await Promise.all(met.map(({ event }) => event));

    const film = join(folder, 'film.bin');
    await writeRandom(film, 24 * MiB);
    await anna.call('settings.set', { patch: { uploadLimit: 4 * MiB } });
    await anna.must('share', film, '--room', 'Far away', '--wait');
    const under = await ben.listen((event) => event.type === 'transfer' && event.transfer.doneBytes > 0);
    const ended = await ben.listen((event) => event.type === 'transfer' && (event.transfer.state === 'done' || event.transfer.state === 'failed' || event.transfer.state === 'waiting'));
    await ben.must('get', 'Anna', 'film.bin', '--no-wait');
    await under.event;
    first.child.kill('SIGKILL');
    expect((await ben.cli('search', 'film')).code).toBe(0);
    expect((await ben.cli('browse', 'Anna')).code).toBe(0);
    const noticed = await ben.listen((event) => event.type === 'status' && event.status.servers.some(({ url, state, error }) => url === first.url && state !== 'online' && error !== null));
    await anna.call('settings.set', { patch: { uploadLimit: 'off' } });
    expect(await ended.event).toMatchObject({ transfer: { state: 'done', name: 'film.bin' } });
    expect(await sha256Of(join(ben.dataDir, 'downloads', 'film.bin'))).toBe(await sha256Of(film));
    await noticed.event;

    // Whoever comes now finds both through the server that is left.
    const cleo = await person(2, 'Cleo');
    const found = await Promise.all([cleo.listen(isHere('Anna')), cleo.listen(isHere('Ben'))]);
    await cleo.must('servers', 'add', second.url);
    await cleo.must('room', 'join', ...words.split(' '));
    await Promise.all(found.map(({ event }) => event));

    // The killed one comes back with what it knew, and nobody has to do anything.
    const back = await Promise.all([anna, ben].map((node) => node.listen(isOnline(first.url))));
    const again = await startServer(network.node(3), join(folder, 'first'), first.port);
    expect(again.url).toBe(first.url);
    await Promise.all(back.map(({ event }) => event));
  });
});
