/// <reference path="./dns-packet.d.ts" />
import { decode, encode, type DnsRecord } from 'dns-packet';

/** The bit of a DNS header that makes it a response. */
const responseFlag = 0x80;

/**
 * A packet of ours for one network, without the addresses we have in others: bonjour-service puts every address of the
 * machine into each announcement, and nobody in a café needs to know those of our VPN.
 */
export function onlyAddressesOf(host: string, data: Uint8Array): Uint8Array {
  if (((data[2] ?? 0) & responseFlag) === 0) return data;
  const packet = decode(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  const isOurs = ({ type, data: address }: DnsRecord): boolean => (type !== 'A' && type !== 'AAAA') || address === host;
  return encode({ ...packet, answers: packet.answers.filter(isOurs), additionals: packet.additionals.filter(isOurs) });
}
