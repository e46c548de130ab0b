import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { snapshot, writeRealFolder } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: nodes in network namespaces (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];

describe.skipIf(why !== null)('two headless nodes on two machines', () => {
  let network: NamespaceNetwork;
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  async function serveTwo(...args: string[]): Promise<[ServedNode, ServedNode]> {
    network = new NamespaceNetwork(2);
    stage = new Stage();
    return Promise.all([stage.serve(['--name', 'One', '--no-web', ...args], inside(network.node(0))), stage.serve(['--name', 'Two', '--no-web', ...args], inside(network.node(1)))]);
  }

  /** Shares on one, sees it from two, downloads, compares. */
  async function exchange(one: ServedNode, two: ServedNode): Promise<void> {
    const source = join(await stage.folder(), 'Shared');
    await mkdir(source);
    await writeRealFolder(source, { smallFiles: 50, largeBytes: 5 * MiB });
    await one.must('share', source, '--audience', 'everyone', '--wait');
    const to = await stage.folder();
    await two.must('get', 'One', 'Shared', '--to', to);
    expect(await snapshot(join(to, 'Shared'))).toEqual(await snapshot(source));
  }

  it.each([['multicast', '--no-mdns'], ['mdns', '--no-multicast']])('find each other by %s only and exchange a folder', async (source, off) => {
    const [one, two] = await serveTwo(off);
    const peer = await untilOnline(two, 'One');
    expect(peer?.['sources']).toEqual(expect.arrayContaining([expect.objectContaining({ source })]));
    await exchange(one, two);
  });

  it('run without any network, and find each other when the cable is plugged in', async () => {
    network = new NamespaceNetwork(2);
    stage = new Stage();
    network.node(0).setLink('down');
    const one = await stage.serve(['--name', 'One', '--no-web'], inside(network.node(0)));
    const two = await stage.serve(['--name', 'Two', '--no-web'], inside(network.node(1)));
    const outcome = await one.cli('connect', `${network.node(1).ipv4}:${two.ready.port}`);
    expect([outcome.code, outcome.lines.at(-1)]).toMatchObject([3, { event: 'error', code: 'not-reachable' }]);
    expect(await one.must('status')).toMatchObject({ addresses: [], peersOnline: 0 });
    network.node(0).setLink('up');
    await untilOnline(one, 'Two');
  });

  it('are linked by address only', async () => {
    const [one, two] = await serveTwo('--no-multicast', '--no-mdns');
    await two.must('connect', `${network.node(0).ipv4}:${one.ready.port}`);
    await exchange(one, two);
  });
});

async function untilOnline(node: ServedNode, name: string): Promise<Record<string, unknown> | undefined> {
  const online = async (): Promise<Record<string, unknown> | undefined> => (await node.cli('peers')).lines.find((line) => line['name'] === name && line['online'] === true);
  await expect.poll(online).toBeDefined();
  return online();
}
