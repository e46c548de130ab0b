import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync, type ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import type { PortMapping } from '#shared/model/port-mapping.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { startBootstrap } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { NatNetwork } from './nat-network.ts';
import { whyNoFirewall, whyNoNamespaces, type Namespace } from './namespaces.ts';

const whyNoRouter = (): string | null => (spawnSync('miniupnpd', ['--version']).error === undefined ? null : 'the program miniupnpd (Debian package miniupnpd-nftables) is missing');
const why = whyNoNamespaces() ?? whyNoFirewall() ?? whyNoRouter();
if (why !== null) console.warn(`skipped: a router that is asked for a port (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const port = 47_800;
/** The router lets others in at these ports only, so that ours is another one there. */
const outsidePorts = '47805-47809';

describe.skipIf(why !== null)('a device behind a real router', () => {
  let network: NatNetwork;
  let stage: Stage;
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  /** The program that home routers run; ready when it listens. */
  async function startRouter(router: Namespace, { pcp, ports }: { readonly pcp: boolean; readonly ports: string }): Promise<ChildProcess> {
    const folder = await stage.folder();
    const lines = [
      'ext_ifname=eth0', 'listening_ip=lan', 'port=0', `enable_natpmp=${pcp ? 'yes' : 'no'}`, `enable_upnp=${pcp ? 'no' : 'yes'}`, 'secure_mode=yes', 'uuid=7d2f8f0e-3c9c-4e0c-9d53-6d6e4c8b8a01', `lease_file=${join(folder, 'leases')}`,
      'upnp_table_name=asked', 'upnp_nat_table_name=asked', 'upnp_forward_chain=through', 'upnp_nat_chain=in', 'upnp_nat_postrouting_chain=out', `allow ${ports} 192.168.0.0/16 1024-65535`, 'deny 0-65535 0.0.0.0/0 0-65535',
    ];
    await writeFile(join(folder, 'conf'), `${lines.join('\n')}\n`);
    const program = router.spawn('miniupnpd', ['-d', '-f', join(folder, 'conf'), '-P', join(folder, 'pid')], { stdio: 'ignore' });
    await expect.poll(() => router.exec('ss', '-Hlun', `sport = :${pcp ? 5351 : 1900}`), { interval: 20 }).not.toBe('');
    return program;
  }

  /** How the node says it stands with its router, when it fits. */
  async function mapping(node: ServedNode, fits: (mapping: PortMapping) => boolean, act: () => Promise<unknown>): Promise<PortMapping> {
    const told = await node.listen((event: NodeEvent) => event.type === 'status' && fits(event.status.portMapping));
    await act();
    await told.event;
    return (await node.call('node.status', {})).portMapping;
  }
  const isMapped = ({ state }: PortMapping): boolean => state === 'mapped';

  it('asks it by PCP or UPnP, is found and reached from outside at the port it got, and gives that back', async () => {
    network = new NatNetwork(['symmetric', 'open'], '5.5.5');
    stage = new Stage();
    const [home, outside] = network.homes;
    const router = home?.router ?? expect.fail('no router');
    if (home === undefined || outside === undefined) throw new Error('there are two');
    router.exec('nft', [
      'add table inet asked', 'add chain inet asked through', 'add chain inet asked in', 'add chain inet asked out', 'add chain inet asked pre { type nat hook prerouting priority -100; }',
      'add chain inet asked post { type nat hook postrouting priority 90; }', 'add rule inet asked pre jump in', 'add rule inet asked post jump out', 'add rule ip home through ct status dnat accept',
    ].join('; '));
    const isOpen = (): boolean => router.exec('nft', 'list', 'chain', 'inet', 'asked', 'in').includes('dnat');
    const [pcp, server, anna, ben] = await Promise.all([
      startRouter(router, { pcp: true, ports: outsidePorts }),
      startBootstrap((...args) => network.servers[0].spawn(...args), { dataDir: await stage.folder(), listen: network.servers[0].ipv4 }),
      stage.serve(['--name', 'Anna', '--port', String(port), '--no-web', '--no-multicast', '--no-mdns'], inside(home.machine)),
      stage.serve(['--name', 'Ben', '--no-web', '--no-multicast', '--no-mdns'], inside(outside.machine)),
    ]);
    const film = join(await stage.folder(), 'film.bin');
    await writeFile(film, 'film');
    await anna.call('shares.add', { path: film, audience: { kind: 'public' } });
    expect([(await anna.call('node.status', {})).portMapping, isOpen()]).toEqual([{ state: 'unneeded' }, false]);

    const set = (patch: SettingsPatch) => () => anna.call('settings.set', { patch });
    const reached = async (mapped: PortMapping): Promise<void> => {
      if (mapped.state !== 'mapped') throw new Error('nothing is mapped');
      expect(await ben.call('peers.connect', { address: mapped.address })).toMatchObject({ name: 'Anna', online: true, path: 'internet' });
    };
    const byPcp = await mapping(anna, isMapped, set({ servers: [server.url] }));
    expect(byPcp).toMatchObject({ method: 'pcp', router: '192.168.1.1', network: 'eth0', address: '5.5.5.1:47805', isPublic: true });
    // Whoever knows nothing but the server is told where she is.
    await ben.call('settings.set', { patch: { servers: [server.url] } });
    await expect.poll(async () => {
      await ben.cli('search', 'film');
      return (await ben.call('peers.list', {})).flatMap(({ sources }) => sources);
    }).toContainEqual(expect.objectContaining({ source: 'server', address: '5.5.5.1:47805' }));
    await reached(byPcp);

    await mapping(anna, ({ state }) => state === 'off', set({ portMapping: 'off' }));
    await expect.poll(isOpen, { interval: 20 }).toBe(false);
    pcp.kill('SIGTERM');
    await once(pcp, 'exit');
    await startRouter(router, { pcp: false, ports: '1024-65535' });
    const byUpnp = await mapping(anna, isMapped, set({ portMapping: 'on' }));
    expect(byUpnp).toMatchObject({ method: 'upnp', address: `5.5.5.1:${port}` });
    await reached(byUpnp);
    await anna.kill('SIGTERM');
    expect(isOpen()).toBe(false);
  });
});
