import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Network, Vpn } from '#shared/model/network.ts';
import { contains, isLinkLocal, plainHost, subnets } from './host.ts';
import { ownInterfaces, type Interfaces } from './own-interfaces.ts';

/**
 * The networks this machine is on: which of them are overlays (VPNs), and which are used. The one place that knows
 * overlays. An overlay is never a local network: whoever is in it may be anywhere, so nothing is announced there and
 * "everyone on this network" does not include it. Interfaces come and go, so they are read anew each time.
 */

/** What Tailscale takes of the unique local addresses. */
const tailscaleRange = subnets('fd7a:115c:a1e0::/48');
/** With it the space of carrier-grade NAT (RFC 6598), which Tailscale and NetBird take their IPv4 addresses from. */
const overlayRanges = subnets('fd7a:115c:a1e0::/48', '100.64.0.0/10');

/** Whether an address is of an overlay, whatever the interface. */
export const isOverlayHost = (host: string): boolean => contains(overlayRanges, plainHost(host));

/** Names that VPNs give their interfaces on Linux, Windows and macOS. */
const knownNames: readonly (readonly [RegExp, Exclude<Vpn, 'other'>])[] = [
  [/^tailscale/i, 'tailscale'],
  [/^(wg|wireguard)/i, 'wireguard'],
  // ZeroTier's networks are `zt` and a hash on Linux, `feth` and a number on macOS, `ZeroTier One [ID]` on Windows.
  [/^(zt[0-9a-z]|zerotier|feth\d)/i, 'zerotier'],
  [/^(wt\d|netbird)/i, 'netbird'],
  [/^(ham\d|hamachi|logmein hamachi)/i, 'hamachi'],
];
const tunnelName = /^(u?tun|tap|ppp|ipsec|ts\d|nordlynx|proton|cscotun|surfshark|windscribe)|vpn|mullvad|wintun/i;
/** A tunnel has no hardware address, but some modems have none either; the TAP driver of Windows takes those that begin with 00:ff. */
const tunnelMac = /^(00:00:00:00:00:00|00:ff:)/i;
const modemName = /^(ww|rmnet)/i;
/** Names that the system numbers in the order in which tunnels come up. */
const numberedName = /^(u?tun|tap|ppp|feth)\d+$/i;
/** Our ends of the wires to containers and virtual machines, and what Apple's devices say among themselves. */
const innerName = /^(veth|vnet|awdl|llw|anpi)/i;
/** NetBird's on macOS, where it takes no IPv6 address that would tell. */
const netbirdOnMac = 'utun100';

/** Which VPN an interface belongs to; null for none. What is not certain counts as a VPN rather than as a local network. */
export function vpnOf(name: string, infos: readonly NetworkInterfaceInfo[]): Vpn | null {
  if (infos.some(({ internal }) => internal)) return null;
  const known = knownNames.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  const hosts = infos.map(({ address }) => plainHost(address));
  if (hosts.some((host) => contains(tailscaleRange, host))) return 'tailscale';
  const isTunnel = tunnelName.test(name) || (!modemName.test(name) && infos.some(({ mac }) => tunnelMac.test(mac)));
  if (!hosts.some(isOverlayHost)) return isTunnel ? 'other' : null;
  // Some providers of mobile internet give such addresses to the modem itself.
  if (!isTunnel) return 'other';
  return name === netbirdOnMac ? 'netbird' : 'tailscale';
}

const keyOf = (name: string, vpn: Vpn | null): string => (vpn !== null && vpn !== 'other' && numberedName.test(name) ? vpn : name);

/** The network that an address of this machine belongs to. */
export interface NetworkOfHost {
  readonly name: string;
  readonly key: string;
  readonly vpn: Vpn | null;
  readonly isLoopback: boolean;
  readonly info: NetworkInterfaceInfo;
}

/** Null when this machine has no such address. The zone of a link-local address tells which interface is meant where several have it. */
export function networkOf(localHost: string, interfaces: Interfaces = ownInterfaces()): NetworkOfHost | null {
  const host = plainHost(localHost);
  const zone = localHost.split('%')[1];
  let found: NetworkOfHost | null = null;
  for (const [name, infos = []] of Object.entries(interfaces)) {
    const info = infos.find(({ address }) => plainHost(address) === host);
    if (info === undefined) continue;
    const isMeant = zone === name || (info.family === 'IPv6' && zone === String(info.scopeid));
    if (found !== null && !isMeant) continue;
    const vpn = vpnOf(name, infos);
    found = { name, key: keyOf(name, vpn), vpn, isLoopback: info.internal, info };
    if (isMeant) break;
  }
  return found;
}

/** Whether connections with this end of ours are wanted. Loopback always is; an address that is gone carries nothing anyway. */
export function isUsedHost(localHost: string, unused: readonly string[], interfaces?: Interfaces): boolean {
  if (unused.length === 0) return true;
  const network = networkOf(localHost, interfaces);
  return network === null || network.isLoopback || !unused.includes(network.key);
}

/** Whether an address lies in a network that this machine is on; null where that cannot be told: a name, or an address of a VPN. */
export function isOnOwnNetwork(host: string): boolean | null {
  const plain = plainHost(host);
  if (isIP(plain) === 0) return null;
  const own = Object.values(ownInterfaces()).flatMap((infos = []) => infos.flatMap(({ cidr }) => cidr ?? []));
  if (isLinkLocal(plain) || own.some((cidr) => contains(subnets(cidr), plain))) return true;
  return isOverlayHost(plain) ? null : false;
}

/**
 * Every network this machine is on, VPNs last. Tunnels and wires that the system keeps for itself (several on every Mac, one
 * for each container) have only link-local addresses and are left out.
 */
export function listNetworks(unused: readonly string[], interfaces: Interfaces = ownInterfaces()): Network[] {
  const networks = Object.entries(interfaces).flatMap(([name, infos = []]): Network[] => {
    if (infos.every(({ internal }) => internal)) return [];
    const vpn = vpnOf(name, infos);
    const all = infos.map(({ address }) => address);
    const routable = all.filter((address) => !isLinkLocal(address));
    if (routable.length === 0 && (vpn !== null || innerName.test(name))) return [];
    const key = keyOf(name, vpn);
    return [{ name, key, vpn, addresses: routable.length > 0 ? routable : all, used: !unused.includes(key) }];
  });
  return [...networks.filter(({ vpn }) => vpn === null), ...networks.filter(({ vpn }) => vpn !== null)];
}

/** Interfaces on which nobody is looked for and nothing announced: overlays, and those that are switched off. */
export function silentInterfaces(unused: readonly string[], interfaces: Interfaces = ownInterfaces()): Set<string> {
  const silent = Object.entries(interfaces).filter(([name, infos = []]) => {
    const vpn = vpnOf(name, infos);
    return vpn !== null || (!infos.some(({ internal }) => internal) && unused.includes(keyOf(name, vpn)));
  });
  return new Set(silent.map(([name]) => name));
}
