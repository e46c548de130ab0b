import { isIP } from 'node:net';
import type { PathKind } from '#shared/model/peer.ts';
import { contains, familyOf, isLinkLocal, plainHost, subnets } from './host.ts';
import { isOverlayHost, networkOf, silentInterfaces } from './networks.ts';
import { ownInterfaces, type Interfaces } from './own-interfaces.ts';

const loopback = subnets('127.0.0.0/8', '::1/128');
const nobody = subnets('0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8');
const privateRanges = subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10');

interface Ends {
  readonly localAddress?: string | undefined;
  readonly remoteAddress?: string | undefined;
}

/**
 * How bytes travel between two ends of a connection. `lan` only when the other end is on-link: in the network of the
 * interface we use, with private addresses. Whatever is not certain counts as `internet`, so that rules fail closed.
 */
export function pathKind(localHost: string, remoteHost: string, interfaces: Interfaces = ownInterfaces()): PathKind {
  const local = plainHost(localHost);
  const remote = plainHost(remoteHost);
  if (contains(loopback, remote) || (local === remote && local !== '')) return 'loopback';
  const network = networkOf(localHost, interfaces);
  if (isOverlayHost(remote) || isOverlayHost(local) || (network !== null && network.vpn !== null)) return 'overlay';
  if (network === null || network.info.cidr === null || !contains(privateRanges, remote) || !contains(privateRanges, local)) return 'internet';
  return familyOf(local) === familyOf(remote) && contains(subnets(`${local}/${network.info.cidr.split('/')[1] ?? ''}`), remote) ? 'lan' : 'internet';
}

/** How a connection leads to its other end; `relay`: the server that carries it, if one does. */
export const pathOf = ({ localAddress = '', remoteAddress = '' }: Ends, relay: string | null): PathKind => (relay === null ? pathKind(localAddress, remoteAddress) : 'relay');

/**
 * Whether whoever is at an address would be beside us, so that the path there would be `lan`: a private address in a network of this machine that is used and no VPN,
 * and none of our own.
 */
export function isBeside(host: string, unused: readonly string[], interfaces: Interfaces = ownInterfaces()): boolean {
  const plain = plainHost(host);
  // Without its zone a link-local address leads nowhere.
  if (isLinkLocal(plain) || !contains(privateRanges, plain) || networkOf(plain, interfaces) !== null) return false;
  const silent = silentInterfaces(unused, interfaces);
  const ours = Object.entries(interfaces).flatMap(([name, infos = []]) => (silent.has(name) ? [] : infos.filter(({ internal }) => !internal)));
  return ours.some(({ address, cidr }) => cidr !== null && pathKind(address, plain, interfaces) === 'lan');
}

/** Whether somebody else may be at an address, as a device or a server names it: not this machine, and no group. */
export function mayBeOutside(host: string): boolean {
  const plain = plainHost(host);
  return isIP(plain) !== 0 && !contains(nobody, plain);
}

/** A remote address that can be dialled again: link-local IPv6 needs the interface, which the system does not tell with it. */
export function dialableHost(localHost: string, remoteHost: string, interfaces: Interfaces): string {
  const remote = plainHost(remoteHost);
  const network = isLinkLocal(remote) ? networkOf(localHost, interfaces) : null;
  if (network === null) return remote;
  const { name, info } = network;
  return `${remote}%${process.platform === 'win32' ? (info.family === 'IPv6' ? info.scopeid : '') : name}`;
}
