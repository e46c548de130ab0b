import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { contains, isLinkLocal, subnets } from '../host.ts';
import { listNetworks } from '../networks.ts';
import { ownInterfaces, type Interfaces } from '../own-interfaces.ts';

/** A router that packets to everywhere else go through, and who we are in its network. */
export interface Router {
  readonly host: string;
  readonly localHost: string;
  /** The interface. */
  readonly network: string;
}

/** Addresses that are given out to be reached from everywhere (RFC 4291, 2.4). */
const everywhere = subnets('2000::/3');
const none = '0'.repeat(32);

const tableMs = 3000;
const tableBytes = 1024 * 1024;

/** The hosts of default routes, as Linux lists them: numbers in hex, least byte first. */
export function gatewaysOfProc(table: string): string[] {
  const rows = table.split('\n').slice(1).map((line) => line.split('\t'));
  const routes = rows.filter(([, destination, gateway, flags]) => destination === '00000000' && gateway !== '00000000' && (Number.parseInt(flags ?? '0', 16) & 3) === 3);
  const metricOf = (row: readonly string[]): number => Number(row[6] ?? 0);
  return routes.toSorted((a, b) => metricOf(a) - metricOf(b)).map(([, , gateway = '']) => (gateway.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)).join('.'));
}

/** The same of `netstat -rn`, whose words are in the system's language on Windows: `default 192.168.1.1 …`, `0.0.0.0 0.0.0.0 192.168.1.1 …`. */
export function gatewaysOfNetstat(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [destination, second = '', third = ''] = line.trim().split(/\s+/);
    if (destination === 'default' && isIPv4(second)) return [second];
    return destination === '0.0.0.0' && second === '0.0.0.0' && isIPv4(third) ? [third] : [];
  });
}

const netstat = (): Promise<string> => new Promise((resolve) => {
  execFile('netstat', ['-rn'], { timeout: tableMs, maxBuffer: tableBytes, windowsHide: true }, (_error, stdout) => { resolve(stdout); });
});

const gateways = async (): Promise<string[]> =>
  (process.platform === 'linux' ? gatewaysOfProc(await readFile('/proc/net/route', 'utf8').catch(() => '')) : gatewaysOfNetstat(await netstat()));

/** Those of the networks that are used and no VPN, which we know by an address of ours beside them; the one that the system prefers first. */
export function routersAmong(hosts: readonly string[], unused: readonly string[], interfaces: Interfaces): Router[] {
  const names = new Set(listNetworks(unused, interfaces).filter(({ vpn, used }) => vpn === null && used).map(({ name }) => name));
  return [...new Set(hosts)].flatMap((host): Router[] => {
    for (const [network, infos = []] of Object.entries(interfaces)) {
      const info = names.has(network) ? infos.find(({ family, cidr, address }) => family === 'IPv4' && cidr !== null && address !== host && contains(subnets(cidr), host)) : undefined;
      if (info !== undefined) return [{ host, localHost: info.address, network }];
    }
    return [];
  });
}

/** The same for IPv6, where routers mostly have an address that means something only with its network: `HOST%ZONE`. */
export function gateways6OfProc(table: string): string[] {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const routes = rows.filter(([destination, bits, , , gateway, , , , flags]) => destination === none && bits === '00' && gateway !== none && (Number.parseInt(flags ?? '0', 16) & 3) === 3);
  const metricOf = (row: readonly string[]): number => Number.parseInt(row[5] ?? '0', 16);
  return routes.toSorted((a, b) => metricOf(a) - metricOf(b)).map((row) => `${(row[4] ?? '').match(/.{4}/g)?.join(':') ?? ''}%${row[9] ?? ''}`);
}

/** `default fe80::1%en0 …` as macOS has it; Windows writes `12 281 ::/0 fe80::1`, the number of the interface first. */
export function gateways6OfNetstat(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [first = '', second = '', third, fourth = ''] = line.trim().split(/\s+/);
    if (first === 'default' && second.includes('%') && isIPv6(second)) return [second];
    return third === '::/0' && isIPv6(fourth) ? [`${fourth}%${first}`] : [];
  });
}

/** Those of the networks that are used and no VPN, and in which we have an address that is reached from everywhere. */
export function routers6Among(gateways: readonly string[], unused: readonly string[], interfaces: Interfaces): Router[] {
  const names = new Set(listNetworks(unused, interfaces).filter(({ vpn, used }) => vpn === null && used).map(({ name }) => name));
  return gateways.flatMap((gateway): Router[] => {
    const [host = '', zone = ''] = gateway.split('%');
    for (const [network, infos = []] of Object.entries(interfaces)) {
      if (!names.has(network) || (network !== zone && !infos.some((info) => info.family === 'IPv6' && String(info.scopeid) === zone && info.scopeid !== 0))) continue;
      const info = infos.find(({ address }) => contains(everywhere, address));
      if (info !== undefined) return [{ host: isLinkLocal(host) ? gateway : host, localHost: info.address, network }];
    }
    return [];
  });
}

/** Routers that could let others in at our IPv6 address. */
export const listRouters6 = async (unused: readonly string[]): Promise<Router[]> =>
  routers6Among(process.platform === 'linux' ? gateways6OfProc(await readFile('/proc/net/ipv6_route', 'utf8').catch(() => '')) : gateways6OfNetstat(await netstat()), unused, ownInterfaces());

/** Routers that could forward a port to us now. */
export const listRouters = async (unused: readonly string[]): Promise<Router[]> => routersAmong(await gateways(), unused, ownInterfaces());
