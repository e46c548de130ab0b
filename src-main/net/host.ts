import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Subnets as `NETWORK/BITS`, to look addresses up in. */
export function subnets(...texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [network = '', bits = ''] = text.split('/');
    list.addSubnet(network, Number(bits), familyOf(network));
  }
  return list;
}

export const familyOf = (host: string): 'ipv4' | 'ipv6' => (isIPv4(host) ? 'ipv4' : 'ipv6');

/** Whether a plain host is an address in one of the subnets. */
export const contains = (list: BlockList, host: string): boolean => (isIPv4(host) || isIPv6(host)) && list.check(host, familyOf(host));

/** An address as tables have it: no zone, and no IPv6 clothes around IPv4. */
export function plainHost(host: string): string {
  const bare = host.replace(/%.*$/, '').toLowerCase();
  return bare.startsWith('::ffff:') && isIPv4(bare.slice(7)) ? bare.slice(7) : bare;
}

/** An IPv6 address that means something on one network only. */
export const isLinkLocal = (host: string): boolean => /^fe[89ab]/i.test(host);
