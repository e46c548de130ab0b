import type { CallArgs, CallName, CallResult } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { AbortSignalLike, NodeApi } from '#shared/api/node-api.ts';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { NodeStatus } from '#shared/model/status.ts';

type Handlers = { [Name in CallName]?: (args: CallArgs<Name>, signal: AbortSignalLike | undefined) => Promise<CallResult<Name>> | CallResult<Name> };

/** A node that answers only what a test gives it, and lets the test speak as the node. */
export class FakeNode implements NodeApi {
  readonly handlers: Handlers = {};
  readonly asked: { name: CallName; args: unknown }[] = [];
  readonly listeners = new Set<(event: NodeEvent) => void>();

  async call<Name extends CallName>(name: Name, args: CallArgs<Name>, options: { signal?: AbortSignalLike } = {}): Promise<CallResult<Name>> {
    this.asked.push({ name, args });
    const handler = this.handlers[name];
    if (handler === undefined) throw new AppError('not-found', { name });
    return handler(args, options.signal);
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.listeners.add(listener);
    return () => { this.listeners.delete(listener); };
  }

  emit(event: NodeEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}

export const deviceA = deviceIdOf(new Uint8Array(32).fill(1));
export const deviceB = deviceIdOf(new Uint8Array(32).fill(2));

export const statusOf = (change: Partial<NodeStatus> = {}): NodeStatus => ({
  deviceId: deviceA, name: 'Jade Otter', avatarSeed: '00', version: '0.1.0', startedAt: 1, port: 47800, addresses: ['192.168.1.2'], networks: [{ name: 'eth0', key: 'eth0', vpn: null, addresses: ['192.168.1.2'], used: true }], portMapping: { state: 'unneeded' }, dataDir: '/data', downloadDir: '/downloads',
  freeBytes: 5e9, downRate: 0, upRate: 0, speed: { alternative: false, down: null, up: null, addedDelayMs: null }, peersOnline: 1, activeTransfers: 0, offersWaiting: 0, discovery: { multicast: 'on', mdns: 'on' }, servers: [], demo: 'off', problems: [], ...change,
});

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** Never settles. */
export const forever = (): Promise<never> => new Promise(() => { /* only the signal ends it */ });

/** Resolves when the condition holds; checked at every turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
