import { expect, it } from 'vitest';
import type { NetworkInterfaceInfo } from 'node:os';
import { gatewaysOfNetstat, gatewaysOfProc, routersAmong } from '#main/net/port-mapping/routers.ts';

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
