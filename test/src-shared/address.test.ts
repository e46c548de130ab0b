import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAddress, parseAddress } from '#shared/address.ts';

it.each([
  ['192.0.2.1:47800', { host: '192.0.2.1', port: 47800 }],
  ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
  ['[2001:DB8::1]:65535', { host: '2001:db8::1', port: 65535 }],
  ['Attic.local:80', { host: 'attic.local', port: 80 }],
])('reads %s', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(formatAddress(address)).toBe(text.toLowerCase());
});

it.each(['', ':1', 'host', 'host:0', 'host:65536', 'host:1x', 'fe80::1:80', '[fe80::1]', '[host]:1', 'a b:1', '-a:1', '[::1%]:1', 'host:-1', 'http://host:1'])('refuses %j', (text) => {
  expect(parseAddress(text)).toBeNull();
});

it('never gives an address that does not read back', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.tuple(fc.string(), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`)), (text) => {
    const address = parseAddress(text);
    if (address) expect(parseAddress(formatAddress(address))).toEqual(address);
  }));
});
