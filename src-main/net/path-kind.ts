import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { PathKind } from '#shared/model/peer.ts';

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

function subnets(...texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [network = '', bits = ''] = text.split('/');
    list.addSubnet(network, Number(bits), familyOf(network));
  }
  return list;
}

const familyOf = (host: string): 'ipv4' | 'ipv6' => (isIPv4(host) ? 'ipv4' : 'ipv6');
const contains = (list: BlockList, host: string): boolean => (isIPv4(host) || isIPv6(host)) && list.check(host, familyOf(host));

const loopback = subnets('127.0.0.0/8', '::1/128');
/** Carrier-grade NAT space that overlays use, and the ULA prefix of the best known one. */
const overlay = subnets('100.64.0.0/10', 'fd7a:115c:a1e0::/48');
const privateRanges = subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10');
/** Names that virtual private networks give their interfaces. */
const overlayInterface = /^(tailscale|ts|wg|tun|utun|tap|zt|ham|nordlynx|proton|ppp|ipsec|wt)\d*|^(tailscale|zerotier|wireguard|hamachi|netbird)/i;

/** An address as the tables below have it: no zone, and no IPv6 clothes around IPv4. */
export function plainHost(host: string): string {
  const bare = host.replace(/%.*$/, '').toLowerCase();
  return bare.startsWith('::ffff:') && isIPv4(bare.slice(7)) ? bare.slice(7) : bare;
}

/**
 * How bytes travel between two ends of a connection. `lan` only when the other end is on-link: in the network of the
 * interface we use, with private addresses. Whatever is not certain counts as `internet`, so that rules fail closed.
 */
export function pathKind(localHost: string, remoteHost: string, interfaces: Interfaces = networkInterfaces()): PathKind {
  const local = plainHost(localHost);
  const remote = plainHost(remoteHost);
  if (contains(loopback, remote) || (local === remote && local !== '')) return 'loopback';
  const found = interfaceOf(local, interfaces);
  if (contains(overlay, remote) || contains(overlay, local) || (found !== null && overlayInterface.test(found.name))) return 'overlay';
  if (found === null || found.info.cidr === null || !contains(privateRanges, remote) || !contains(privateRanges, local)) return 'internet';
  return familyOf(local) === familyOf(remote) && contains(subnets(`${local}/${found.info.cidr.split('/')[1] ?? ''}`), remote) ? 'lan' : 'internet';
}

/** A remote address that can be dialled again: link-local IPv6 needs the interface, which the system does not tell with it. */
export function dialableHost(localHost: string, remoteHost: string, interfaces: Interfaces = networkInterfaces()): string {
  const remote = plainHost(remoteHost);
  if (!/^fe[89ab]/.test(remote)) return remote;
  const found = interfaceOf(plainHost(localHost), interfaces);
  return found === null ? remote : `${remote}%${process.platform === 'win32' ? (found.info.family === 'IPv6' ? found.info.scopeid : '') : found.name}`;
}

function interfaceOf(local: string, interfaces: Interfaces): { name: string; info: NetworkInterfaceInfo } | null {
  for (const [name, infos] of Object.entries(interfaces)) {
    const info = infos?.find((candidate) => plainHost(candidate.address) === local);
    if (info) return { name, info };
  }
  return null;
}
