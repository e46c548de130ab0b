import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { DiscoveryProcess } from './discovery-process.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: VPNs in network namespaces (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const byItself = ['--no-web', '--no-multicast', '--no-mdns'];

/** Prints, in hex, the first mDNS answer of a sender about its service. `address`: ours in the network we share with it. */
const listenToMdns = (address: string, sender: string): string => `
  const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (data, from) => {
    if (from.address !== '${sender}' || (data[2] & 0x80) === 0 || !data.includes('_distrishare')) return;
    process.stdout.write(data.toString('hex'));
    socket.close();
  });
  socket.bind(5353, () => socket.addMembership('224.0.0.251', '${address}'));`;

describe.skipIf(why !== null)('a machine that is in a VPN', () => {
  let network: NamespaceNetwork;
  let stage: Stage;
  const folders: string[] = [];

  afterEach(async () => {
    await stage.close();
    await network.close();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  /** A program that discovers on every network, whatever it is. */
  async function discoverer(): Promise<string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'networks-net-'));
    folders.push(folder);
    const outfile = join(folder, 'discovery-program.mjs');
    const banner = { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" };
    await build({ entryPoints: [join(import.meta.dirname, 'discovery-program.ts')], outfile, bundle: true, platform: 'node', format: 'esm', banner, logLevel: 'warning' });
    return [outfile];
  }

  it('announces itself on its LAN and in no VPN, and on the LAN none of the addresses it has in those', async () => {
    const [byName, byAddress] = ['10.99.0', '100.64.0'];
    network = new NamespaceNetwork(2);
    stage = new Stage();
    network.addWire('wg0', byName);
    network.addWire('eth1', byAddress);
    const [machine, other] = [network.node(0), network.node(1)];
    const witness = new DiscoveryProcess(other, await discoverer(), 40_000, 'multicast,mdns');
    await witness.ready();
    const heard = new Promise<Buffer>((resolve) => {
      const listener = other.spawn(process.execPath, ['-e', listenToMdns(other.ipv4, machine.ipv4)], { stdio: ['ignore', 'pipe', 'inherit'] });
      listener.stdout?.once('data', (hex) => { resolve(Buffer.from(String(hex), 'hex')); });
    });
    const node = await stage.serve(['--name', 'One', '--no-web'], inside(machine));
    for (const source of ['multicast', 'mdns']) await witness.find((line) => line.event === 'hint' && line.source === source && line.address === `${machine.ipv4}:${node.ready.port}`);
    const announcement = await heard;
    // What it said when it came it says again when it leaves: that was all.
    await node.kill('SIGTERM');
    await witness.find((line) => line.event === 'goodbye' && line.address === `${machine.ipv4}:${node.ready.port}`);
    expect(await witness.stop()).toBe(0);
    expect(witness.lines.filter(({ address }) => address.startsWith(byName) || address.startsWith(byAddress))).toEqual([]);
    const bytes = (host: string): Buffer => Buffer.from(host.split('.').map(Number));
    expect([machine.ipv4, `${byName}.1`, `${byAddress}.1`].map((host) => announcement.includes(bytes(host)))).toEqual([true, false, false]);
  });

  it('is linked over it by address, as nobody on its network, and only while it is switched on', async () => {
    network = new NamespaceNetwork(2);
    stage = new Stage();
    network.addWire('wg0', '10.99.0');
    // Nothing but the VPN is between them.
    network.node(0).setLink('down');
    const [one, two] = await Promise.all([stage.serve(['--name', 'One', ...byItself], inside(network.node(0))), stage.serve(['--name', 'Two', ...byItself], inside(network.node(1)))]);
    expect(await networksOf(two)).toEqual([['eth0', null, true], ['wg0', 'wireguard', true]]);
    const folder = await stage.folder();
    for (const audience of ['everyone', 'public'] as const) {
      await writeFile(join(folder, audience), audience);
      await one.call('shares.add', { path: join(folder, audience), audience: { kind: audience } });
    }

    const address = `10.99.0.1:${one.ready.port}`;
    expect(await two.call('peers.connect', { address })).toMatchObject({ name: 'One', path: 'overlay', vpn: 'wireguard', online: true });
    expect((await two.call('browse.list', { peer: 'One', path: '', limit: 10 })).entries.map(({ name }) => name)).toEqual(['public']);
    await expect(two.call('browse.list', { peer: 'One', path: 'everyone', limit: 10 })).rejects.toMatchObject({ code: 'not-found' });

    const gone = await two.listen((event) => event.type === 'peer' && !event.peer.online);
    expect(await one.must('networks', 'wg0', 'off')).toMatchObject({ name: 'wg0', used: false });
    await gone.event;
    await expect(two.call('peers.connect', { address })).rejects.toMatchObject({ code: 'protocol-error' });
    const refused = await one.cli('connect', `10.99.0.2:${two.ready.port}`);
    expect([refused.code, refused.lines.at(-1)]).toMatchObject([3, { code: 'network-off', params: { name: 'wg0' } }]);
    expect(await one.call('node.status', {})).toMatchObject({ addresses: [], peersOnline: 0 });

    // Both know each other: that it is on again is enough.
    const back = await two.listen((event) => event.type === 'peer' && event.peer.online);
    await one.call('settings.set', { patch: { unusedNetworks: [] } });
    await back.event;
  });

  it('goes on over it in the middle of a download when the LAN is switched off', async () => {
    network = new NamespaceNetwork(2);
    stage = new Stage();
    network.addWire('wg0', '10.99.0');
    const [one, two] = await Promise.all([stage.serve(['--name', 'One', ...byItself], inside(network.node(0))), stage.serve(['--name', 'Two', ...byItself], inside(network.node(1)))]);
    const [from, to] = [join(await stage.folder(), 'film.bin'), await stage.folder()];
    await writeRandom(from, 8 * MiB);
    await one.call('shares.add', { path: from, audience: { kind: 'public' } });
    await one.call('settings.set', { patch: { uploadLimit: 2 * MiB } });
    for (const host of [network.node(0).ipv4, '10.99.0.1']) expect(await two.call('peers.connect', { address: `${host}:${one.ready.port}` })).toMatchObject({ path: 'lan' });

    const under = await two.listen((event) => event.type === 'transfer' && event.transfer.doneBytes > 0);
    const done = await two.listen((event) => event.type === 'transfer' && event.transfer.state === 'done');
    await two.call('transfers.start', { source: { kind: 'path', peer: 'One', path: 'film.bin' }, to });
    await under.event;
    // The last bytes may come before the LAN is gone, so that there is no link for a moment.
    const over = await two.listen((event) => event.type === 'peer' && event.peer.path === 'overlay');
    await one.call('settings.set', { patch: { unusedNetworks: ['eth0'], uploadLimit: 'off' } });
    await done.event;
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(from));
    expect(await over.event).toMatchObject({ peer: { name: 'One', path: 'overlay', vpn: 'wireguard' } });
  });
});

const networksOf = async (node: ServedNode): Promise<(string | boolean | null)[][]> => (await node.call('node.status', {})).networks.map(({ name, vpn, used }) => [name, vpn, used]);
