import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { plainHost } from '#main/net/host.ts';
import { dialableHost, isBeside, pathKind } from '#main/net/path-kind.ts';

const v4 = (address: string, bits: number): NetworkInterfaceInfo => ({ address, netmask: '', family: 'IPv4', mac: '', internal: false, cidr: `${address}/${bits}` });
const v6 = (address: string, bits: number): NetworkInterfaceInfo => ({ address, netmask: '', family: 'IPv6', mac: '', internal: false, cidr: `${address}/${bits}`, scopeid: 3 });
const interfaces = {
  lo: [v4('127.0.0.1', 8)],
  eth0: [v4('192.168.1.5', 24), v6('fe80::5', 64), v6('2001:db8::5', 64)],
  dsl0: [v4('203.0.113.5', 24)],
  tailscale0: [v4('100.100.1.2', 32), v6('fd7a:115c:a1e0::2', 128)],
  wg0: [v4('10.9.0.2', 24)],
};

describe('the path to another device', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', 'loopback'],
    ['::1', '::1', 'loopback'],
    ['192.168.1.5', '192.168.1.5', 'loopback'],
    ['192.168.1.5', '192.168.1.77', 'lan'],
    ['::ffff:192.168.1.5', '::ffff:192.168.1.77', 'lan'],
    ['fe80::5', 'fe80::9', 'lan'],
    ['fe80::5%eth0', 'fe80::9%eth0', 'lan'],
    ['192.168.1.5', '192.168.2.77', 'internet'],
    ['192.168.1.5', '8.8.8.8', 'internet'],
    ['2001:db8::5', '2001:db8::9', 'internet'],
    ['203.0.113.5', '203.0.113.9', 'internet'],
    ['100.100.1.2', '100.101.7.7', 'overlay'],
    ['192.168.1.5', '100.64.0.1', 'overlay'],
    ['fd7a:115c:a1e0::2', 'fd7a:115c:a1e0::9', 'overlay'],
    ['10.9.0.2', '10.9.0.3', 'overlay'],
    ['192.168.77.1', '192.168.77.2', 'internet'],
    ['', '', 'internet'],
    ['192.168.1.5', 'nonsense', 'internet'],
  ])('from %s to %s is %s', (local, remote, kind) => {
    expect(pathKind(local, remote, interfaces)).toBe(kind);
  });
});

it('addresses lose their zone and their IPv6 clothes', () => {
  expect(plainHost('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainHost('FE80::1%eth0')).toBe('fe80::1');
});

it('a link-local address can be dialled again over the interface it came by', () => {
  expect(dialableHost('fe80::5', 'fe80::9', interfaces)).toBe(process.platform === 'win32' ? 'fe80::9%3' : 'fe80::9%eth0');
  expect(dialableHost('fe80::7', 'fe80::9', interfaces)).toBe('fe80::9');
  expect(dialableHost('::ffff:192.168.1.5', '::ffff:192.168.1.77', interfaces)).toBe('192.168.1.77');
});

describe('beside us is', () => {
  it.each([
    ['192.168.1.77', true],
    ['::ffff:192.168.1.77', true],
    ['192.168.1.5', false],
    ['192.168.2.77', false],
    ['8.8.8.8', false],
    ['203.0.113.9', false],
    ['2001:db8::9', false],
    ['fe80::9', false],
    ['10.9.0.3', false],
    ['100.101.7.7', false],
    ['fd7a:115c:a1e0::9', false],
    ['127.0.0.2', false],
    ['nonsense', false],
  ])('%s: %s', (host, isThere) => {
    expect(isBeside(host, [], interfaces)).toBe(isThere);
  });

  it('nobody on a network that is switched off', () => {
    expect(isBeside('192.168.1.77', ['eth0'], interfaces)).toBe(false);
    expect(isBeside('192.168.1.77', ['dsl0'], interfaces)).toBe(true);
  });
});
