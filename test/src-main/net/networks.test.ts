import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isUsedHost, listNetworks, networkOf, silentInterfaces, vpnOf } from '#main/net/networks.ts';
import { withNetwork } from '#shared/model/network.ts';

const card = '8c:1d:96:00:00:01';
/** What a tunnel has for a hardware address. */
const none = '00:00:00:00:00:00';

function info(address: string, mac = card): NetworkInterfaceInfo {
  const common = { address, netmask: '', mac, internal: address === '127.0.0.1' || address === '::1' };
  return address.includes(':') ? { ...common, family: 'IPv6', cidr: `${address}/64`, scopeid: 3 } : { ...common, family: 'IPv4', cidr: `${address}/24` };
}
const infos = (addresses: string, mac?: string): NetworkInterfaceInfo[] => addresses.split(' ').map((address) => info(address, mac));

describe('an interface is recognised', () => {
  it.each([
    // Linux
    ['lo', '127.0.0.1 ::1', none, null], ['eth0', '192.168.1.5 fe80::5', card, null], ['enp3s0', '10.0.0.5', card, null], ['wlp0s20f3', '172.16.0.5', card, null], ['docker0', '172.17.0.1', card, null],
    ['br-5f2a', '172.18.0.1', card, null], ['virbr0', '192.168.122.1', card, null], ['eth0.10', '192.168.10.5', card, null], ['wwan0', '10.20.30.40', none, null], ['dsl0', '203.0.113.5', card, null],
    ['tailscale0', '100.101.2.3 fd7a:115c:a1e0::5 fe80::9', none, 'tailscale'], ['ts0', '100.101.2.3', none, 'tailscale'], ['wg0', '10.9.0.2', none, 'wireguard'], ['wg-office', '10.9.0.2', none, 'wireguard'],
    ['ztabcdefgh', '10.147.17.5', card, 'zerotier'], ['wt0', '100.92.1.2', none, 'netbird'], ['ham0', '25.1.2.3', card, 'hamachi'], ['tun0', '10.8.0.6', none, 'other'], ['tap0', '10.8.0.6', card, 'other'],
    ['ppp0', '198.51.100.7', none, 'other'], ['nordlynx', '10.5.0.2', none, 'other'], ['proton0', '10.2.0.2', none, 'other'], ['office', '10.30.0.2', none, 'other'], ['vpn_home', '192.168.30.10', card, 'other'],
    ['eth1', '100.64.0.7', card, 'other'], ['wwan0', '100.72.8.9', none, 'other'], ['vpc', 'fd7a:115c:a1e0:ab12::1', card, 'tailscale'],
    // Windows
    ['Ethernet', '192.168.1.5', card, null], ['Wi-Fi 2', '192.168.1.5', card, null], ['vEthernet (WSL)', '172.25.96.1', card, null], ['Loopback Pseudo-Interface 1', '127.0.0.1', none, null],
    ['Tailscale', '100.101.2.3', none, 'tailscale'], ['ZeroTier One [8056c2e21c000001]', '10.147.17.5', card, 'zerotier'], ['WireGuard Tunnel', '10.9.0.2', none, 'wireguard'], ['home', '10.9.0.2', none, 'other'],
    ['Hamachi', '25.1.2.3', '7a:79:19:00:00:01', 'hamachi'], ['OpenVPN TAP-Windows6', '10.8.0.6', '00:ff:12:34:56:78', 'other'], ['Ethernet 3', '10.8.0.6', '00:ff:12:34:56:78', 'other'], ['ProtonVPN TUN', '10.2.0.2', none, 'other'],
    // macOS
    ['lo0', '127.0.0.1 ::1', none, null], ['en0', '192.168.1.5 fe80::5', card, null], ['bridge100', '192.168.64.1', card, null], ['awdl0', 'fe80::7', card, null],
    ['utun4', '100.101.2.3', none, 'tailscale'], ['utun4', '100.101.2.3 fd7a:115c:a1e0::5', none, 'tailscale'], ['utun100', '100.92.1.2', none, 'netbird'], ['utun2', 'fe80::8', none, 'other'], ['utun6', '10.9.0.2', none, 'other'],
    ['feth5000', '10.147.17.5', card, 'zerotier'], ['ipsec0', '10.1.1.1', none, 'other'],
  ] as const)('%s with %s', (name, addresses, mac, vpn) => {
    expect(vpnOf(name, infos(addresses, mac))).toBe(vpn);
  });
});

const interfaces = {
  tailscale0: infos('100.101.2.3 fd7a:115c:a1e0::5 fe80::9', none),
  utun2: infos('fe80::8', none),
  utun4: infos('10.147.17.9', none),
  lo: infos('127.0.0.1 ::1', none),
  eth0: infos('192.168.1.5 fe80::5'),
  'eth0.10': infos('fe80::5'),
  veth1a2b: infos('fe80::6'),
};

describe('the networks of a machine', () => {
  it('are listed with what they are, VPNs last; without loopback, tunnels and wires nobody is in, and addresses that lead nowhere', () => {
    expect(listNetworks(['eth0'], interfaces)).toEqual([
      { name: 'eth0', key: 'eth0', vpn: null, addresses: ['192.168.1.5'], used: false },
      { name: 'eth0.10', key: 'eth0.10', vpn: null, addresses: ['fe80::5'], used: true },
      { name: 'tailscale0', key: 'tailscale0', vpn: 'tailscale', addresses: ['100.101.2.3', 'fd7a:115c:a1e0::5'], used: true },
      { name: 'utun4', key: 'utun4', vpn: 'other', addresses: ['10.147.17.9'], used: true },
    ]);
    expect(listNetworks([], {})).toEqual([]);
  });

  it('a VPN that we know keeps its switch when the system numbers its interface anew', () => {
    const [before] = listNetworks([], { utun4: infos('100.101.2.3', none) });
    const unused = withNetwork([], before?.key ?? '', false);
    expect(listNetworks(unused, { utun7: infos('100.101.2.3', none) })).toMatchObject([{ name: 'utun7', vpn: 'tailscale', used: false }]);
    expect(isUsedHost('100.101.2.3', unused, { utun7: infos('100.101.2.3', none) })).toBe(false);
    expect(withNetwork(unused, before?.key ?? '', true)).toEqual([]);
  });

  it.each([
    ['192.168.1.5', 'eth0'], ['::ffff:192.168.1.5', 'eth0'], ['100.101.2.3', 'tailscale0'], ['fd7a:115c:a1e0::5', 'tailscale0'],
    ['fe80::5', 'eth0'], ['fe80::5%eth0.10', 'eth0.10'], ['127.0.0.1', 'lo'], ['192.168.1.6', undefined], ['', undefined], ['nonsense', undefined],
  ])('%s belongs to %s', (host, name) => {
    expect(networkOf(host, interfaces)?.name).toBe(name);
  });

  it.each([
    ['192.168.1.5', 'eth0', false], ['::ffff:192.168.1.5', 'eth0', false], ['fe80::5%eth0', 'eth0', false], ['fe80::5%eth0.10', 'eth0', true], ['100.101.2.3', 'eth0', true], ['100.101.2.3', 'tailscale0', false],
    ['127.0.0.1', 'lo', true], ['::1', 'lo', true], ['203.0.113.9', 'eth0', true], ['', 'eth0', true],
  ])('is %s used while %s is off? %s', (host, off, used) => {
    expect(isUsedHost(host, [off], interfaces)).toBe(used);
    expect(isUsedHost(host, [], interfaces)).toBe(true);
  });

  it('nothing is said on VPNs and where it is off; on loopback always', () => {
    expect(silentInterfaces([], interfaces)).toEqual(new Set(['tailscale0', 'utun2', 'utun4']));
    expect(silentInterfaces(['eth0', 'lo', 'gone'], interfaces)).toEqual(new Set(['tailscale0', 'utun2', 'utun4', 'eth0']));
  });

  it('are read anew each time', () => {
    expect(networkOf('127.0.0.1')?.isLoopback).toBe(true);
    expect(listNetworks([]).every(({ addresses }) => addresses.length > 0)).toBe(true);
  });
});
