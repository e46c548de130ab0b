import { describe, expect, it } from 'vitest';
import { listChannels, type Interfaces } from '#main/discovery/channels.ts';

const v4 = (address: string, prefix: number) => ({ address, netmask: '', family: 'IPv4' as const, mac: '', internal: false, cidr: `${address}/${prefix}` });
const v6 = (address: string) => ({ address, netmask: '', family: 'IPv6' as const, mac: '', internal: false, cidr: `${address}/64`, scopeid: 7 });
const interfaces: Interfaces = {
  lo: [v4('127.0.0.1', 8), v6('::1')],
  eth0: [v4('192.0.2.5', 24), v4('198.51.100.5', 25), v6('2001:db8::5'), v6('fe80::5')],
  wg0: [v4('100.64.0.5', 32)],
  tun0: [v6('fd00::5')],
};

describe('channels', () => {
  it('are the IPv4 and link-local IPv6 of every interface', () => {
    expect(listChannels(interfaces).map(({ name, address, zone }) => [name, address, zone])).toEqual([
      ['lo/4', '127.0.0.1', ''],
      ['eth0/4', '192.0.2.5', ''],
      ['eth0/6', 'fe80::5', process.platform === 'win32' ? '7' : 'eth0'],
      ['wg0/4', '100.64.0.5', ''],
    ]);
  });

  it('name all addresses of ours, so that none changes unseen', () => {
    expect(listChannels(interfaces).map(({ name, addresses }) => [name, addresses])).toEqual([
      ['lo/4', ['127.0.0.1']], ['eth0/4', ['192.0.2.5', '198.51.100.5']], ['eth0/6', ['2001:db8::5', 'fe80::5']], ['wg0/4', ['100.64.0.5']],
    ]);
  });

  it.each([
    ['lo/4', '127.9.9.9', true],
    ['lo/4', '192.0.2.5', false],
    ['eth0/4', '192.0.2.200', true],
    ['eth0/4', '198.51.100.100', true],
    ['eth0/4', '198.51.100.200', false],
    ['eth0/4', '203.0.113.1', false],
    ['eth0/4', 'fe80::9%eth0', false],
    ['eth0/6', 'fe80::9%eth0', true],
    ['eth0/6', 'fe80::9%eth1', false],
    ['eth0/6', 'fe80::9', false],
    ['eth0/6', '2001:db8::9%eth0', false],
    ['wg0/4', '100.64.0.6', false],
  ])('%s: is %s on the network itself? %s', (name, host, isOn) => {
    expect(listChannels(interfaces).find((channel) => channel.name === name)?.isOnLink(host)).toBe(isOn);
  });
});
