import { describe, expect, it } from 'vitest';
import AddAddressDialog from '../../../src-renderer/components/people/AddAddressDialog.vue';
import PathInfo from '../../../src-renderer/components/people/PathInfo.vue';
import NetworksSection from '../../../src-renderer/components/settings/NetworksSection.vue';
import PortMappingLine from '../../../src-renderer/components/settings/PortMappingLine.vue';
import SettingsPage from '../../../src-renderer/pages/SettingsPage.vue';
import type { Network } from '#shared/model/network.ts';
import { createFakeNode } from '../fake-node.ts';
import { mountComponent, settled } from '../with-app.ts';
import { useNode } from '../../../src-renderer/stores/node.ts';

const networks: Network[] = [
  { name: 'eth0', key: 'eth0', vpn: null, addresses: ['192.168.1.24', 'fd12::24'], used: true },
  { name: 'utun4', key: 'tailscale', vpn: 'tailscale', addresses: ['100.101.7.24'], used: true },
  { name: 'tun0', key: 'tun0', vpn: 'other', addresses: ['10.8.0.6'], used: true },
];
const section = (unused: string[], told: string[][] = []) => mountComponent(NetworksSection, { networks, unused, onChange: (now: string[]) => told.push(now) });

describe('the networks of this device', () => {
  it('are shown with what each one is, its name and its addresses', () => {
    const rows = section([]).findAll('.line').map((row) => row.text().replace(/\s+/g, ' '));
    expect(rows).toEqual([expect.stringMatching(/^Local network.*eth0.*192\.168\.1\.24.*fd12::24/), expect.stringMatching(/^Tailscale.*utun4.*100\.101\.7\.24/), expect.stringMatching(/^VPN.*tun0.*10\.8\.0\.6/)]);
    expect(rows[0]).not.toContain('leaves them out');
    expect(rows[1]).toContain('“everyone on this network” leaves them out');
    expect(mountComponent(NetworksSection, { networks: [], unused: [] }).text()).toContain('This device is on no network now.');
  });

  it('each have a switch that says what it switches', async () => {
    const told: string[][] = [];
    const wrapper = section(['tailscale'], told);
    const switches = wrapper.findAll('[role=switch]');
    expect(switches.map((each) => [each.attributes('aria-label'), each.attributes('aria-checked')])).toEqual([['Use Local network (eth0)', 'true'], ['Use Tailscale (utun4)', 'false'], ['Use VPN (tun0)', 'true']]);
    expect(wrapper.findAll('.line')[1]?.text()).toContain('Switched off: nobody is found or linked over it.');
    await switches[0]?.trigger('click');
    await switches[1]?.trigger('click');
    expect(told).toEqual([['tailscale', 'eth0'], []]);
  });

  it('are switched in the settings, where the switch answers at once', async () => {
    const node = createFakeNode();
    const wrapper = mountComponent({ components: { SettingsPage }, setup: () => void useNode().load(), template: '<SettingsPage />' }, {}, node);
    await settled();
    await wrapper.get('[aria-label="Use Tailscale (tailscale0)"]').trigger('click');
    await settled();
    expect(node.calls.filter(({ name }) => name === 'settings.set').map(({ args }) => args)).toEqual([{ patch: { unusedNetworks: ['tailscale0'] } }]);
    expect(wrapper.get('[aria-label="Use Tailscale (tailscale0)"]').attributes('aria-checked')).toBe('false');
  });
});

it.each([
  [{ state: 'mapped', method: 'upnp', router: '192.168.1.1', network: 'eth0', address: '5.5.5.1:47800', isPublic: true, until: 1 }, true, 'The router lets others in at 5.5.5.1:47800 (UPnP).'],
  [{ state: 'failed', router: '192.168.1.1', reason: 'PCP 2', nextAt: 1 }, true, 'The router (192.168.1.1) would not open a port: PCP 2.'],
  [{ state: 'unneeded' }, true, 'Not needed while you use no server'], [{ state: 'asking' }, false, 'The router is not asked'],
] as const)('the router %o (switched on: %s) reads “%s”, and has a switch', async (mapping, on, text) => {
  const told: boolean[] = [];
  const wrapper = mountComponent(PortMappingLine, { mapping, on, onChange: (now: boolean) => told.push(now) });
  expect(wrapper.text()).toContain(text);
  await wrapper.get('[role=switch]').trigger('click');
  expect(told).toEqual([!on]);
});

it.each([
  [{ path: 'overlay', vpn: 'tailscale' }, 'Through Tailscale'], [{ path: 'overlay', vpn: 'other' }, 'Through a VPN'], [{ path: 'overlay' }, 'Through a VPN'], [{ path: 'lan' }, 'LAN'], [{ path: null }, ''],
  [{ path: 'relay', relay: 'https://meet.example.org:47900' }, 'Through meet.example.org'], [{ path: 'relay' }, 'Through a server'],
] as const)('a way %o reads “%s”', (way, text) => {
  expect(mountComponent(PathInfo, { peer: { ...way, latencyMs: null } }).text()).toBe(text);
});

it('own addresses are given with the network in which they lead here', async () => {
  mountComponent(AddAddressDialog, { busy: false, error: null, initial: '', mine: [{ address: '192.168.1.24:47800', network: 'Local network' }, { address: '100.101.7.24:47800', network: 'Tailscale' }] });
  await settled();
  expect([...document.querySelectorAll('.mine .row')].map((row) => row.textContent)).toEqual([expect.stringContaining('192.168.1.24:47800Local network'), expect.stringContaining('100.101.7.24:47800Tailscale')]);
});
