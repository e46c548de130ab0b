import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { MiB } from '#shared/units.ts';
import { startBootstrap } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: a machine that gets another address (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const bytes = 8 * MiB;
const moved = '10.77.0.51';
const byItself = ['--no-web', '--no-multicast', '--no-mdns'];

describe.skipIf(why !== null)('a machine that gets another address', () => {
  let network: NamespaceNetwork;
  let stage: Stage;
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  it('calls whoever had called it, and its server, long before silence tells that the old address leads nowhere', async () => {
    network = new NamespaceNetwork(3, { ipv6: false });
    stage = new Stage();
    const [giverAt, takerAt, serverAt] = [network.node(0), network.node(1), network.node(2)];
    const { url } = await startBootstrap(serverAt.spawn.bind(serverAt), { dataDir: await stage.folder(), listen: serverAt.ipv4 });
    const [giver, taker] = await Promise.all([stage.serve(['--name', 'Giver', ...byItself], inside(giverAt)), stage.serve(['--name', 'Taker', ...byItself], inside(takerAt))]);
    const film = join(await stage.folder(), 'film.bin');
    await writeRandom(film, bytes);
    const { id } = await giver.call('shares.add', { path: film, audience: { kind: 'public' } });
    await giver.call('shares.whenHashed', { id });
    await giver.call('settings.set', { patch: { uploadLimit: 1 * MiB } });
    const known = await onServerOf(giver);
    await giver.must('servers', 'add', url);
    await known.event;
    await taker.call('peers.connect', { address: `${giverAt.ipv4}:${giver.ready.port}` });
    const [done, begun] = [await taker.listen((event) => event.type === 'transfer' && event.transfer.state === 'done'), await taker.listen((event) => event.type === 'transfer' && event.transfer.doneBytes > 0)];
    const to = await stage.folder();
    await taker.call('transfers.start', { source: { kind: 'path', peer: 'Giver', path: 'film.bin' }, to });
    await begun.event;

    const [linked, registered] = [await taker.listen((event) => event.type === 'peer' && event.peer.address?.startsWith(`${moved}:`) === true), await onServerOf(giver, Date.now())];
    const movedAt = performance.now();
    giverAt.exec('ip', 'addr', 'del', `${giverAt.ipv4}/24`, 'dev', 'eth0');
    giverAt.exec('ip', 'addr', 'add', `${moved}/24`, 'dev', 'eth0');
    await Promise.all([linked.event, registered.event]);
    await giver.call('settings.set', { patch: { uploadLimit: 'off' } });
    await done.event;
    expect(performance.now() - movedAt).toBeLessThan(limits.link.deadAfterMs);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(film));
  });
});

/** Waits until it is known to its server, by a connection that was made after `since`. */
const onServerOf = (node: ServedNode, since = 0): ReturnType<ServedNode['listen']> =>
  node.listen((event) => event.type === 'status' && event.status.servers.some((server) => server.state === 'online' && server.since > since));
