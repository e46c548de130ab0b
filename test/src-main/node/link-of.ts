import type { Link } from '#main/node/ports/links.ts';
import { deviceIdOf } from '#shared/ids.ts';

/** A link to a device that is known by a number and asked for nothing but what the test says. */
export const linkOf = (number: number, parts: Partial<Link> = {}): Link => ({
  remote: { id: deviceIdOf(new Uint8Array(32).fill(number)), name: `Device ${number}`, platform: 'linux', version: '1', listenPort: null },
  address: { host: '127.0.0.1', port: 1 }, path: 'lan', rank: 'near', vpn: null, relay: null, takesLinks: null, dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
  request: () => Promise.reject(new Error('not used')), notify: () => undefined, requestBlock: () => 0, blockProgress: () => ({ moved: 0, quietMs: 0, kept: 0 }), cancelBlock: () => undefined,
  sendBlock: () => Promise.resolve(true), rejectBlock: () => undefined, join: () => undefined, has: () => undefined, leave: () => undefined, choke: () => undefined, wantLanes: () => undefined, exportKey: () => new Uint8Array(), close: () => undefined,
  ...parts,
});
