import type { ServerHealth } from '#shared/model/server.ts';
import type { Timestamp } from '#shared/units.ts';
import { deviceIdFor, epoch } from './people.ts';

export const inventedServers: readonly string[] = ['https://share.example.org', `https://192.0.2.7:47900#${deviceIdFor('a server')}`];

/** The first server is online, the second has gone away and is tried again at `nextAt`, all others are connecting. */
export function healthOf(servers: readonly string[], nextAt: Timestamp): ServerHealth[] {
  return servers.map((url): ServerHealth => {
    const connecting: ServerHealth = { url, state: 'connecting', since: epoch, error: null, nextAt: null, latencyMs: null, nodes: 0, relay: false, unknown: 0 };
    if (url === inventedServers[0]) return { ...connecting, state: 'online', latencyMs: 24, nodes: 3, relay: true };
    return url === inventedServers[1] ? { ...connecting, state: 'waiting', nextAt, error: { code: 'not-reachable', params: { address: 'https://192.0.2.7:47900' } } } : connecting;
  });
}
