import Bonjour from 'bonjour-service';
import { decode, encode, type DnsRecord } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { onlyAddressesOf } from '#main/discovery/own-records.ts';

const service = new Bonjour.Service({ name: 'a', type: 'distrishare', port: 47_800, host: 'a.local', txt: { v: '1' }, disableIPv6: true }, () => undefined, () => undefined);
const a = (data: string): DnsRecord => ({ type: data.includes(':') ? 'AAAA' : 'A', name: 'a.local', data });
const others = service.records().filter(({ type }) => type !== 'A');
const addressesIn = (data: Uint8Array): unknown[] => {
  const { answers, additionals } = decode(Buffer.from(data));
  return [...answers, ...additionals].filter(({ type }) => type === 'A' || type === 'AAAA').map((record) => record.data);
};

describe('what is announced on one network', () => {
  it('names our address there and no other, wherever it stands', () => {
    const packet = encode({ type: 'response', answers: [...others, a('192.168.1.5'), a('10.9.0.2')], additionals: [a('100.101.2.3'), a('192.168.1.5'), a('fd7a:115c:a1e0::5')] });
    expect(addressesIn(onlyAddressesOf('192.168.1.5', packet))).toEqual(['192.168.1.5', '192.168.1.5']);
    expect(addressesIn(onlyAddressesOf('fe80::5', packet))).toEqual([]);
  });

  it('keeps everything else as it is, byte by byte', () => {
    const packet = encode({ type: 'response', answers: others, additionals: [] });
    expect(Buffer.from(onlyAddressesOf('192.168.1.5', packet)).equals(packet)).toBe(true);
  });

  it('questions are left alone', () => {
    const question = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 1]);
    expect(onlyAddressesOf('192.168.1.5', question)).toBe(question);
  });
});
