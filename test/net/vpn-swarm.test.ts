import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { startBootstrap } from '../e2e/bootstrap-program.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: a swarm over a VPN (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const prefix = '100.100.0';
const sources = 2;
const bytes = 12 * MiB;

describe.skipIf(why !== null)('experiment 2: a swarm over a VPN', () => {
  let network: NamespaceNetwork;
  let stage: Stage;
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  async function memberOf(vpn: NamespaceNetwork, at: number, server: string): Promise<ServedNode> {
    const node = await stage.serve(['--name', `Member ${at + 1}`, '--no-web'], inside(vpn.node(at)));
    await node.call('settings.set', { patch: { servers: [server] } });
    return node;
  }

  it('several sources that only the VPN leads to feed one, who knows nothing but the content and a server', async () => {
    network = new NamespaceNetwork(sources + 1);
    stage = new Stage();
    network.addOverlay('tailscale0', prefix);
    for (const machine of network.nodes) machine.setLink('down');
    const hub = network.node(0);
    const { url } = await startBootstrap(hub.spawn.bind(hub), { dataDir: await stage.folder(), listen: `${prefix}.1` });
    const [seed, ...others] = await Promise.all(network.nodes.map((_, at) => memberOf(network, at, url)));
    const leecher = others.pop() ?? expect.fail('nobody to fetch');
    const seeds = [seed ?? expect.fail('nobody to give'), ...others];
    expect((await leecher.call('node.status', {})).addresses).toEqual([`${prefix}.${sources + 1}`]);

    const film = join(await stage.folder(), 'film.bin');
    await writeRandom(film, bytes);
    const hashes = await Promise.all(seeds.map(async (node, at) => {
      const path = join(await stage.folder(), `film ${at}.bin`);
      await copyFile(film, path);
      await node.call('settings.set', { patch: { uploadLimit: 6 * MiB } });
      const { id } = await node.call('shares.add', { path, audience: { kind: 'public' } });
      return (await node.call('shares.whenHashed', { id })).contentId ?? expect.fail('no hash');
    }));
    const [content = expect.fail('no content')] = hashes;
    // All of them are found, by the server and over the VPN.
    await expect.poll(async () => (await leecher.cli('search', 'film')).lines.findLast(({ event }) => event === 'hit')).toMatchObject({ sources: seeds.map(() => ({})) });
    const to = await stage.folder();
    const done = await leecher.must('get', content, '--to', to);
    expect(await sha256Of(String(done['path']))).toBe(await sha256Of(film));
    const given = (await Promise.all(seeds.map((node) => node.call('transfers.list', { finished: false })))).map(({ transfers }) => transfers.filter(({ direction }) => direction === 'up').reduce((sum, up) => sum + up.bytes, 0));
    for (const one of given) expect(one).toBeGreaterThan(bytes / 6);
    const peers = await leecher.call('peers.list', {});
    expect(peers.map(({ online, path, vpn }) => ({ online, path, vpn }))).toEqual(seeds.map(() => ({ online: true, path: 'overlay', vpn: 'tailscale' })));
  });
});
