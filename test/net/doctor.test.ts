import { afterEach, describe, expect, it } from 'vitest';
import type { SettingsPatch } from '#shared/settings.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { NamespaceNetwork, whyNoFirewall, whyNoNamespaces, type Namespace } from './namespaces.ts';

const why = whyNoNamespaces() ?? whyNoFirewall();
if (why !== null) console.warn(`skipped: the doctor in network namespaces (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];

/** What the doctor finds that is not in order. */
const bad = async (node: ServedNode, peer?: string): Promise<string[]> => {
  const { steps } = await node.call('doctor.run', peer === undefined ? {} : { peer });
  return steps.filter(({ state }) => state === 'failed' || state === 'warning').map(({ finding }) => finding);
};

describe.skipIf(why !== null)('the doctor, on two machines on one network,', () => {
  let network: NamespaceNetwork;
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  it('sees a firewall here and one there, that this device is hidden, that its networks are off, and when all is well', async () => {
    network = new NamespaceNetwork(2);
    stage = new Stage();
    network.node(0).dropIncoming('udp');
    network.node(1).dropIncoming('tcp');
    const [one, two] = await Promise.all([stage.serve(['--name', 'One', '--no-web'], inside(network.node(0))), stage.serve(['--name', 'Two', '--no-web'], inside(network.node(1)))]);
    const { code, lines } = await one.cli('doctor');
    expect([code, ...lines.slice(0, 3)]).toMatchObject([1, { finding: 'multicast-blocked', state: 'failed', params: { names: 'eth0' } }, { finding: 'mdns-blocked' }, { finding: 'others-silent', state: 'warning' }]);
    const set = async (patch: SettingsPatch): Promise<unknown> => one.call('settings.set', { patch });
    await set({ visibility: 'hidden' });
    expect(await bad(one)).toEqual(['visible-hidden', 'others-silent']);
    await set({ unusedNetworks: ['eth0'] });
    expect(await bad(one)).toEqual(['networks-off', 'visible-hidden', 'others-silent']);

    network.node(0).dropNothing();
    await set({ unusedNetworks: [], visibility: 'everyone' });
    const address = `${network.node(1).ipv4}:${two.ready.port}`;
    expect(new Set(await bad(one))).toEqual(new Set(['address-firewall']));
    expect(await bad(one, address)).toEqual(['address-firewall']);

    network.node(1).dropNothing();
    expect(await bad(one, address)).toEqual([]);
    expect(await one.must('doctor', 'Two')).toMatchObject({ event: 'step', state: 'ok' });
    const linked = (await one.call('doctor.run', { peer: 'Two' })).steps.find(({ finding }) => finding === 'device-linked');
    // Either family may be the first to link.
    expect(linked?.params).toMatchObject({ path: 'lan' });
    network.node(0).dropIncomingAbove(1300);
    expect(await bad(one, 'Two')).toEqual(['large-lost-in']);
    network.node(0).dropNothing();
    await expect.poll(() => bad(one, 'Two'), { timeout: 30_000 }).toEqual([]);
    network.node(1).dropIncomingAbove(1300);
    expect(await bad(one, 'Two')).toEqual(['large-lost-out']);
    network.node(1).dropNothing();
  });
});
