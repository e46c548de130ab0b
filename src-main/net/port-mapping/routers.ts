import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { contains, subnets } from '../host.ts';
import { listNetworks, type Interfaces } from '../networks.ts';

/** A router that packets to everywhere else go through, and who we are in its network. IPv4. */
export interface Router {
  readonly host: string;
  readonly localHost: string;
  /** The interface. */
  readonly network: string;
}

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

async function gateways(): Promise<string[]> {
  if (process.platform === 'linux') return gatewaysOfProc(await readFile('/proc/net/route', 'utf8').catch(() => ''));
  const table = await new Promise<string>((resolve) => {
    execFile('netstat', ['-rn'], { timeout: tableMs, maxBuffer: tableBytes, windowsHide: true }, (_error, stdout) => { resolve(stdout); });
  });
  return gatewaysOfNetstat(table);
}

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

/** Routers that could forward a port to us now. */
export const listRouters = async (unused: readonly string[]): Promise<Router[]> => routersAmong(await gateways(), unused, networkInterfaces());
