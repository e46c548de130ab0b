import { contains, plainHost, subnets } from './host.ts';
import { listNetworks, networkOf } from './networks.ts';
import { ownInterfaces, type Interfaces } from './own-interfaces.ts';

/** All of these are this machine's; only one of them is listed. */
const loopback = subnets('127.0.0.0/8', '::1/128');

/**
 * Whether this end of a connection (a local address) is no longer ours, so that nothing can come over it: neither end is told, and silence takes long to notice. Not
 * while this machine is on no network at all: there is nothing to go on by, and what is only cut for a moment (a cable, Wi-Fi on its way to another station) goes on by itself.
 */
export function isGoneHost(localHost: string, interfaces: Interfaces = ownInterfaces()): boolean {
  const host = plainHost(localHost);
  return host !== '' && !contains(loopback, host) && networkOf(localHost, interfaces) === null && listNetworks([], interfaces).length > 0;
}
