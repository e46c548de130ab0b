import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { parseAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { SearchFilter } from '#shared/model/search.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { parseServerUrl } from '#shared/server-url.ts';
import type { ServerClient } from './server-client.ts';
import { ServerSession, type SessionPorts } from './server-session.ts';

/** Where a device may take links, as a server says: what it names, and where it was seen to come from, with its own port in case that is let through. */
export function addressesOf({ addresses, outside }: BootstrapNode): SocketAddress[] {
  const named = addresses.map(parseAddress).filter((address) => address !== null);
  const [first] = named;
  return first === undefined || named.some(({ host }) => host === outside) ? named : [...named, { host: outside, port: first.port }];
}

/** Two are enough to tell whether a router shows one port of ours at one port outside. */
const serversCompared = 2;

const holdersOf = async (client: ServerClient, contentIds: readonly ContentId[], signal: AbortSignal): Promise<BootstrapNode[]> =>
  (await client.call('holders', { contentIds: [...contentIds] }, signal)).contents.flatMap(({ holders }) => holders);

/** All bootstrap servers of a node, used at once: each is told where we are, and tells who of our rooms is where. */
export class Servers {
  readonly #ports: SessionPorts;
  #sessions = new Map<string, ServerSession>();

  constructor(ports: SessionPorts) {
    // Whoever is gone from one server may be at another.
    const isKnown = (id: DeviceId): boolean => [...this.#sessions.values()].some((session) => session.knows(id));
    this.#ports = { ...ports, onGone: (id) => { if (!isKnown(id)) ports.onGone(id); } };
  }

  /** URLs as `serverUrlSchema` has them. What was there before and is there still is left alone. */
  async set(urls: readonly string[]): Promise<void> {
    const before = this.#sessions;
    this.#sessions = new Map();
    for (const text of new Set(urls)) {
      const url = parseServerUrl(text);
      if (url !== null) this.#sessions.set(text, before.get(text) ?? new ServerSession(url, this.#ports));
    }
    await Promise.all([...before].flatMap(([text, session]) => (this.#sessions.has(text) ? [] : [session.close()])));
  }

  get areOnline(): boolean {
    return [...this.#sessions.values()].some(({ isOnline }) => isOnline);
  }

  health(): ServerHealth[] {
    return [...this.#sessions.values()].map(({ health }) => health);
  }

  /** Where we are, or the rooms we are in, have changed. */
  news(): void {
    for (const session of this.#sessions.values()) session.news();
  }

  /** Interfaces came or went, or were switched. */
  networksChanged(): void {
    for (const session of this.#sessions.values()) session.networksChanged();
  }

  /** Devices that announced contents whose names fit; none that a server does not name in time. */
  async search(words: string, { type, minBytes, maxBytes }: SearchFilter, signal: AbortSignal): Promise<BootstrapNode[]> {
    const sizes = { ...(minBytes === undefined ? {} : { minBytes }), ...(maxBytes === undefined ? {} : { maxBytes }) };
    const nodes = await this.#fromAll(async ({ client }) => {
      const { hits } = await client.call('search', { words, type, ...sizes }, signal);
      const contentIds = hits.slice(0, limits.bootstrap.contentsPerQuestion).map(({ contentId }) => contentId);
      return contentIds.length === 0 ? [] : holdersOf(client, contentIds, signal);
    });
    return nodes.slice(0, limits.servers.holdersDialled);
  }

  /** Devices that announced these contents. Of many others are given each time: those of the last time may be linked already, or out of reach. */
  async holders(contentIds: readonly ContentId[], signal: AbortSignal): Promise<BootstrapNode[]> {
    const nodes = await this.#fromAll(({ client }) => holdersOf(client, contentIds.slice(0, limits.bootstrap.contentsPerQuestion), signal));
    const inAnyOrder = nodes.map((node) => ({ node, at: this.#ports.random() })).sort((a, b) => a.at - b.at);
    return inAnyOrder.slice(0, limits.servers.holdersDialled).map(({ node }) => node);
  }

  /** Hands something to another device through every server: it may be known to any of them. */
  signal(to: DeviceId, data: string): void {
    for (const session of this.#sessions.values()) session.signal(to, data);
  }

  /**
   * A stream to another device, carried by the first server that does so and knows it, and that server's URL. Rejects with `not-reachable` when none does, or
   * `cancelled`.
   */
  async relay(to: DeviceId, signal: AbortSignal): Promise<{ readonly stream: Duplex; readonly by: string }> {
    for (const session of this.#sessions.values()) {
      if (!session.relays) continue;
      try {
        return { stream: await session.client.relay(randomBytes(16).toString('hex'), to, signal), by: session.url.origin };
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
    throw new AppError('not-reachable', { address: to });
  }

  /** Where a connection from a port of ours is seen to come from, as the first server says that answers. Rejects with `not-reachable` or what the last one said. */
  async outside(localPort: number, signal: AbortSignal): ReturnType<ServerClient['outside']> {
    let failure: unknown = new AppError('not-reachable', { address: '' });
    for (const session of this.#sessions.values()) {
      if (!session.isOnline) continue;
      try {
        return await session.client.outside(localPort, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Where connections from one port of ours to the first servers are seen to come from; those that do not answer say nothing. */
  async outsides(localPort: number, signal: AbortSignal): Promise<SocketAddress[]> {
    const online = [...this.#sessions.values()].filter(({ isOnline }) => isOnline).slice(0, serversCompared);
    const asked = await Promise.allSettled(online.map(({ client }) => client.outside(localPort, signal)));
    const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    for (const { release } of answers) release();
    return answers.map(({ outside }) => outside);
  }

  /** Asks every server that is online; each device is named once. A server that fails is seen in its health, not here. */
  async #fromAll(ask: (session: ServerSession) => Promise<BootstrapNode[]>): Promise<BootstrapNode[]> {
    const online = [...this.#sessions.values()].filter(({ isOnline }) => isOnline);
    const answers = await Promise.all(online.map((session) => ask(session).catch(() => [])));
    const named = new Map<DeviceId, BootstrapNode>();
    for (const node of answers.flat()) if (node.deviceId !== this.#ports.identity.id) named.set(node.deviceId, node);
    return [...named.values()];
  }

  close(): Promise<void> {
    return this.set([]);
  }
}
