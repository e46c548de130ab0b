import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isGoneHost } from '#main/net/gone-host.ts';

const common = { netmask: '', mac: '8c:1d:96:00:00:01', internal: false } as const;
const v4 = (address: string): NetworkInterfaceInfo => ({ ...common, family: 'IPv4', address, cidr: `${address}/24` });
const v6 = (address: string): NetworkInterfaceInfo => ({ ...common, family: 'IPv6', address, cidr: `${address}/64`, scopeid: 3 });
const lo = [{ ...v4('127.0.0.1'), internal: true }, { ...v6('::1'), internal: true }];
const home = { lo, eth0: [v4('192.168.1.5'), v6('fe80::5'), v6('2001:db8::5')] };

describe('an end of a connection', () => {
  it.each(['192.168.1.5', '::ffff:192.168.1.5', '2001:db8::5', 'fe80::5%eth0', '127.0.0.1', '127.0.0.2', '::1', ''])('%s is where it was', (host) => {
    expect(isGoneHost(host, home)).toBe(false);
  });

  it.each(['192.168.1.6', '::ffff:192.168.1.6', '2001:db8::6', 'fe80::6%eth0'])('%s is gone', (host) => {
    expect(isGoneHost(host, home)).toBe(true);
  });

  it('is waited for while there is no network at all', () => {
    expect(isGoneHost('192.168.1.5', { lo })).toBe(false);
    // A wire to a container or a tunnel of the system is none.
    expect(isGoneHost('192.168.1.5', { lo, veth1: [v6('fe80::7')] })).toBe(false);
    expect(isGoneHost('192.168.1.5', { lo, wlan0: [v4('192.168.2.5')] })).toBe(true);
  });
});
