import { expect, it } from 'vitest';
import type { NetworkInterfaceInfo } from 'node:os';
import { gateways6OfNetstat, gateways6OfProc, gatewaysOfNetstat, gatewaysOfProc, routers6Among, routersAmong } from '#main/net/port-mapping/routers.ts';

it('default routes of Linux, the preferred one first', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0', 'eth0\t00000000\tFE01000A\t0003\t0\t0\t100\t00000000\t0\t0\t0',
    'wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0', 'eth0\t0001000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0', '',
  ].join('\n');
  expect(gatewaysOfProc(table)).toEqual(['10.0.1.254', '192.168.1.1']);
  expect(gatewaysOfProc('')).toEqual([]);
});

it('default routes of macOS and Windows', () => {
  expect(gatewaysOfNetstat('Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\ndefault            192.168.1.1        UGScg                 en0\ndefault            link#18            UCSIg           utun4\n127                127.0.0.1          UCS                   lo0\n\nInternet6:\ndefault   fe80::1%en0   UGcg   en0\n')).toEqual(['192.168.1.1']);
  expect(gatewaysOfNetstat('===\r\nIPv4-Routentabelle\r\nNetzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik\r\n          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.24     25\r\n        127.0.0.0        255.0.0.0   Auf Verbindung         127.0.0.1    331\r\n')).toEqual(['192.168.1.1']);
});

const ipv4 = (address: string, bits: number, mac = '02:00:00:00:00:01'): NetworkInterfaceInfo => ({ address, netmask: '', family: 'IPv4', mac, internal: false, cidr: `${address}/${bits}` });

it('routers are those of the networks in use that are no VPN', () => {
  const interfaces = { eth0: [ipv4('192.168.1.24', 24)], wlan0: [ipv4('10.0.1.7', 24)], wg0: [ipv4('10.99.0.2', 24, '00:00:00:00:00:00')], tailscale0: [ipv4('100.64.0.2', 10)] };
  const hosts = ['100.64.0.1', '10.99.0.1', '10.0.1.254', '192.168.1.1', '192.168.1.1', '172.16.0.1', '192.168.1.24'];
  expect(routersAmong(hosts, [], interfaces)).toEqual([{ host: '10.0.1.254', localHost: '10.0.1.7', network: 'wlan0' }, { host: '192.168.1.1', localHost: '192.168.1.24', network: 'eth0' }]);
  expect(routersAmong(hosts, ['wlan0'], interfaces).map(({ network }) => network)).toEqual(['eth0']);
});

const zeros = '0'.repeat(32);
const ipv6 = (address: string, scopeid = 0, mac = '02:00:00:00:00:01'): NetworkInterfaceInfo => ({ address, netmask: '', family: 'IPv6', mac, internal: false, cidr: `${address}/64`, scopeid });

it('default routes of IPv6: on Linux the preferred one first, on macOS and Windows', () => {
  const row = (gateway: string, metric: string, flags: string, name: string): string => `${zeros} 00 ${zeros} 00 ${gateway} ${metric} 00000001 00000000 ${flags} ${name.padStart(8)}`;
  const table = [
    row('fe80000000000000000000000000000a', '00000258', '00450003', 'wlan0'), row('fe800000000000000211223344556677', '00000064', '00450003', 'eth0'), row(zeros, '00000400', '00000001', 'wg0'),
    `20010db8000100000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001     eth0`, '',
  ].join('\n');
  expect(gateways6OfProc(table)).toEqual(['fe80:0000:0000:0000:0211:2233:4455:6677%eth0', 'fe80:0000:0000:0000:0000:0000:0000:000a%wlan0']);
  expect(gateways6OfProc('')).toEqual([]);
  expect(gateways6OfNetstat('Internet:\ndefault 192.168.1.1 UGScg en0\nInternet6:\ndefault   fe80::1%en0   UGcg   en0\ndefault  link#18 UCSIg utun4\n')).toEqual(['fe80::1%en0']);
  expect(gateways6OfNetstat('IPv6-Routentabelle\r\n Netzwerkziel Metrik\r\n 12    281 ::/0                     fe80::1\r\n  1    331 ::1/128                  Auf Verbindung\r\n')).toEqual(['fe80::1%12']);
});

it('routers of IPv6 are those of networks in use that are no VPN, where we are reached from everywhere', () => {
  const interfaces = {
    eth0: [ipv6('fe80::24', 2), ipv6('fd00::24'), ipv6('2001:db8:1::24'), ipv6('2001:db8:1::25')], wlan0: [ipv6('fe80::7', 3), ipv6('fd00::7')],
    eth1: [ipv6('2001:db8:2::7'), ipv6('fe80::8', 12)], wg0: [ipv6('2001:db8:3::1', 0, '00:00:00:00:00:00')],
  };
  const gateways = ['fe80::1%wg0', 'fe80::1%wlan0', 'fe80::1%12', 'fe80::1%eth0', 'fe80::1%eth7'];
  expect(routers6Among(gateways, [], interfaces)).toEqual([{ host: 'fe80::1%12', localHost: '2001:db8:2::7', network: 'eth1' }, { host: 'fe80::1%eth0', localHost: '2001:db8:1::24', network: 'eth0' }]);
  expect(routers6Among(gateways, ['eth0'], interfaces).map(({ network }) => network)).toEqual(['eth1']);
  expect(routers6Among(['2001:db8:1::1%eth0'], [], interfaces)).toEqual([{ host: '2001:db8:1::1', localHost: '2001:db8:1::24', network: 'eth0' }]);
});
