import { BlockList } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** One address family on one network interface: what multicast is spoken on. */
export interface NetworkChannel {
  /** `eth0/4` or `eth0/6`. */
  readonly name: string;
  /** The interface. */
  readonly network: string;
  readonly family: 4 | 6;
  /** Our address there; IPv6 without its zone. */
  readonly address: string;
  /** All of ours of this family there, of whatever scope. */
  readonly addresses: readonly string[];
  /** Zone of IPv6 addresses on this interface (its name, on Windows its number); empty for IPv4. */
  readonly zone: string;
  /** Whether a sender is on this network itself and not behind a router. */
  isOnLink(host: string): boolean;
}

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const isWindows = process.platform === 'win32';

function channel4(name: string, infos: readonly NetworkInterfaceInfo[]): NetworkChannel | null {
  const subnets = new BlockList();
  const addresses: string[] = [];
  for (const info of infos) {
    if (info.family !== 'IPv4') continue;
    addresses.push(info.address);
    const prefix = Number(info.cidr?.split('/')[1] ?? 32);
    subnets.addSubnet(info.address, prefix, 'ipv4');
  }
  const [address] = addresses;
  return address === undefined ? null : { name: `${name}/4`, network: name, family: 4, address, addresses, zone: '', isOnLink: (host) => subnets.check(host, 'ipv4') };
}

/** IPv6 is spoken with link-local addresses only: no router passes them on, and every interface that knows IPv6 has one. */
function channel6(name: string, infos: readonly NetworkInterfaceInfo[]): NetworkChannel | null {
  const addresses = infos.flatMap(({ family, address }) => (family === 'IPv6' ? [address] : []));
  for (const info of infos) {
    if (info.family !== 'IPv6' || !/^fe[89ab]/i.test(info.address)) continue;
    const zone = isWindows ? String(info.scopeid) : name;
    return { name: `${name}/6`, network: name, family: 6, address: info.address, addresses, zone, isOnLink: (host) => /^fe[89ab]/i.test(host) && host.endsWith(`%${zone}`) };
  }
  return null;
}

/** Every channel this machine has now, loopback (IPv4) included. */
export function listChannels(interfaces: Interfaces = networkInterfaces()): NetworkChannel[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) => [channel4(name, infos), channel6(name, infos)].filter((channel) => channel !== null));
}
