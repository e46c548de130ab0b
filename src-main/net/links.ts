import { setMaxListeners } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { DevicePair } from '#main/core/link/collision.ts';
import { isBetter, rankOfPath } from '#main/core/link/path-rank.ts';
import { AppError } from '#shared/errors.ts';
import { invariant } from '#shared/assert.ts';
import { toHex, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { PathKind, Platform } from '#shared/model/peer.ts';
import { features, protocolRange, type ControlHello, type Hello, type Refusal } from '#shared/protocol/hello.ts';
import type { Millis } from '#shared/units.ts';
import type { Address, Link, LinkHandler, Links } from '../node/ports/links.ts';
import { Decompressor } from './decompressor.ts';
import { Connection, type Adopted, type ConnectionEnd, type LaneSink } from './connection.ts';
import { addressText, Dialler, type Dialled } from './dialler.ts';
import { isGoneHost } from './gone-host.ts';
import type { Identity } from './identity.ts';
import { LinkWaiters } from './link-waiters.ts';
import { Listener } from './listener.ts';
import { networkOff, type IsUsedHost } from './network-off.ts';
import { listNetworks } from './networks.ts';
import { ownInterfaces } from './own-interfaces.ts';
import { pathOf } from './path-kind.ts';
import { readAccepted } from './socket-reader.ts';
import { secureStream, type Secured } from './stream-handshake.ts';
import { tlsOptions } from './tls-identity.ts';
import { TlsLink } from './tls-link.ts';

/** What this device says about itself. */
export interface LocalHello {
  readonly name: string;
  readonly version: string;
}

export interface LinksOptions {
  readonly identity: Identity;
  readonly handler: LinkHandler;
  /** Asked at every hello, because names change. */
  readonly hello: () => LocalHello;
  readonly isBlocked: (id: DeviceId) => boolean;
  /** Whether a device that dials us may link, or one that we dial because it asks for that. Other dials of ours are the user's will and are not asked about. */
  readonly mayLink?: (id: DeviceId) => boolean;
  /** Whether there is always room for a device that dials us: strangers cost nothing, and must not take the places of those we know. */
  readonly isExpected?: (id: DeviceId) => boolean;
  /** Links at once, of all but those who are expected. */
  readonly linksAtOnce?: number;
  /** Whether the network of this end of ours is used; all are without it. */
  readonly isUsed?: IsUsedHost;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => Millis;
  readonly decompressor?: Pick<Decompressor, 'decompress'>;
  /** Evenly distributed in [0, 1). Nonces tell sessions apart; they are no secrets. */
  readonly random: () => number;
}

export const createLinks = (options: LinksOptions): Links => new LinkTable(options);

const platforms: Partial<Record<NodeJS.Platform, Platform>> = { linux: 'linux', win32: 'windows', darwin: 'mac' };

/** How a connection came about that we dialled. */
interface Way {
  /** Null when it was adopted. */
  readonly address: Address | null;
  readonly adopted: Adopted | null;
}

class LinkTable implements Links {
  readonly #options: LinksOptions;
  readonly #context: SecureContext;
  readonly #isUsed: IsUsedHost;
  readonly #dialler: Dialler;
  readonly #listener: Listener;
  readonly #pairs = new Map<DeviceId, DevicePair<Connection>>();
  readonly #links = new Map<DeviceId, TlsLink>();
  readonly #connections = new Set<Connection>();
  readonly #decompressor: Pick<Decompressor, 'decompress'>;
  /** The link that each connection which is up belongs to. */
  readonly #owners = new Map<Connection, TlsLink>();
  readonly #waiters = new LinkWaiters();
  readonly #listeners: ((link: Link) => void)[] = [];
  readonly #closing = new AbortController();
  readonly #instance: string;
  #sequence = 0;
  #listenPort: number | null = null;

  constructor(options: LinksOptions) {
    this.#options = options;
    // Every dial listens, and there are more than the ten that Node takes for a leak.
    setMaxListeners(0, this.#closing.signal);
    this.#instance = this.#nonce();
    this.#decompressor = options.decompressor ?? new Decompressor();
    this.#isUsed = options.isUsed ?? (() => true);
    this.#context = createSecureContext(tlsOptions(options.identity));
    this.#dialler = new Dialler(this.#context, this.#isUsed);
    this.#listener = new Listener(options.identity, this.#isUsed, (socket, id, release) => { this.#accept(socket, id, null, release); });
  }

  async listen(port: number, host: string): Promise<{ port: number }> {
    this.#listenPort = await this.#listener.listen(port, host);
    return { port: this.#listenPort };
  }

  get(id: DeviceId): Link | undefined {
    return this.#links.get(id);
  }
  all(): Iterable<Link> {
    return this.#links.values();
  }
  onLink(listener: (link: Link) => void): void {
    this.#listeners.push(listener);
  }

  async dial(address: Address, options: { signal?: AbortSignal; expect?: DeviceId; isBetter?: boolean; isAsked?: boolean }): Promise<Link> {
    const { signal, expect, isAsked = true } = options;
    const linked = expect === undefined ? undefined : this.#links.get(expect);
    if (linked && !(options.isBetter === true && linked.rank !== 'near')) return linked;
    return this.#open(signal, (until) => this.#dialler.dial(address, until, (dialled) => this.#greet(dialled, { address, adopted: null }, until, { expect, isAsked })));
  }

  async adopt(stream: Duplex, { expect, dialled, relay, signal }: { expect: DeviceId; dialled: boolean; relay: string | null; signal?: AbortSignal }): Promise<Link> {
    const { localAddress = '' } = stream instanceof Socket ? stream : {};
    if (relay === null && !this.#isUsed(localAddress)) {
      stream.destroy();
      throw networkOff(localAddress, '');
    }
    return this.#open(signal, (until) => secureStream(stream, { context: this.#context, dialled, expect, signal: until }, (secured) => {
      if (dialled) return this.#greet(secured, { address: null, adopted: { relay } }, until, { expect, isAsked: true });
      const link = this.#waiters.wait(expect, until, limits.link.handshakeMs + limits.link.helloMs);
      this.#accept(secured.socket, expect, { relay }, () => undefined);
      return { link };
    }));
  }

  async #open(signal: AbortSignal | undefined, work: (until: AbortSignal) => Promise<{ readonly link: Promise<Link> }>): Promise<Link> {
    if (this.#closing.signal.aborted) throw new AppError('cancelled');
    const abort = new AbortController();
    const forward = (): void => { abort.abort(); };
    if (signal?.aborted === true) forward();
    signal?.addEventListener('abort', forward);
    this.#closing.signal.addEventListener('abort', forward);
    try {
      return await (await work(abort.signal)).link;
    } finally {
      signal?.removeEventListener('abort', forward);
      this.#closing.signal.removeEventListener('abort', forward);
    }
  }

  networksChanged(): void {
    const interfaces = ownInterfaces();
    const isAnywhere = listNetworks([], interfaces).length > 0;
    for (const connection of [...this.#connections]) {
      // Of a relayed one the server knows.
      if (connection.isRelayed) continue;
      const { localAddress = '', remoteAddress = '', remotePort = 0 } = connection.socket;
      if (!this.#isUsed(localAddress)) connection.fail(networkOff(localAddress, addressText({ host: remoteAddress, port: remotePort })).toInfo());
      else if (isGoneHost(localAddress, interfaces)) connection.fail({ code: 'link-closed' });
      else if (isAnywhere) connection.networkChanged();
    }
    this.#listener.networksChanged();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const link of [...this.#links.values()]) link.close({ code: 'cancelled' });
    for (const connection of this.#connections) connection.end({ code: 'cancelled' });
    await this.#listener.close(Promise.all([...this.#connections].map((connection) => connection.closed)));
  }

  /** Our dial has reached a device: says hello, or joins what already goes on with that device. */
  #greet({ socket, id, reader }: Dialled | Secured, way: Way, signal: AbortSignal, { expect, isAsked }: { readonly expect: DeviceId | undefined; readonly isAsked: boolean }): { readonly link: Promise<Link> } {
    const address = way.address === null ? '' : addressText(way.address);
    if (id === this.#options.identity.id) throw new AppError('self-dial', { address });
    if (expect !== undefined && id !== expect) throw new AppError('identity-changed', { address, there: id });
    if (this.#options.isBlocked(id)) throw new AppError('blocked', { address });
    const unwelcome = isAsked ? null : this.#unwelcome(id);
    if (unwelcome !== null) throw new AppError(unwelcome, { address });
    const path = pathOf(socket, way.adopted?.relay ?? null);
    const rank = rankOfPath(path, undefined);
    const before = this.#links.get(id);
    const waiting = before === undefined || isBetter(rank, before.rank) ? this.#waiters.wait(id, signal, limits.link.handshakeMs + limits.link.helloMs) : Promise.resolve(before);
    const pair = this.#pairOf(id);
    if (!pair.mayGreet(rank)) {
      socket.destroy();
      return { link: waiting };
    }
    const session = this.#nonce();
    const connection: Connection = new Connection({
      socket, remoteId: id, adopted: way.adopted, path, now: this.#options.now,
      machine: {
        dialled: true,
        hello: () => ({ ...this.#controlHello(session, path), ...(before === undefined ? {} : { instead: before.session }) }),
        admit: (theirs) => {
          if (theirs.role !== 'control' || theirs.session !== session) return 'refused';
          const closes = pair.answered(connection, theirs, rankOfPath(path, theirs.path));
          if (closes !== null) this.#replace(closes);
          return closes === null ? 'duplicate' : null;
        },
      },
      onUp: (theirs) => this.#up(connection, theirs, way.address),
      onEnd: (end) => { this.#ended(connection, end, () => { this.#waiters.reject(id, dialError(end, address)); }); },
    });
    signal.addEventListener('abort', () => { if (!this.#waiters.has(id) && !this.#owners.has(connection)) connection.fail({ code: 'cancelled' }); }, { once: true });
    pair.greet(connection, rank);
    this.#run(connection);
    reader.start(connection.take);
    return { link: waiting };
  }

  #accept(socket: TLSSocket, id: DeviceId, adopted: Adopted | null, release: () => void): void {
    if (this.#closing.signal.aborted) {
      socket.destroy();
      return;
    }
    const path = pathOf(socket, adopted?.relay ?? null);
    const connection: Connection = new Connection({
      socket, remoteId: id, adopted, path, now: this.#options.now,
      machine: {
        dialled: false,
        hello: (theirs) => (theirs?.role === 'bulk' ? bulkHello(theirs.session) : this.#controlHello(theirs?.session ?? '', path)),
        admit: (theirs) => this.#admit(connection, theirs),
      },
      onUp: (theirs) => {
        release();
        return this.#up(connection, theirs, null);
      },
      onEnd: (end) => { this.#ended(connection, end, () => undefined); },
    });
    this.#run(connection);
    readAccepted(socket, connection.take);
  }

  #run(connection: Connection): void {
    this.#connections.add(connection);
    // Resolves always; nothing can fail here.
    void connection.closed.then(() => { this.#connections.delete(connection); });
    connection.start();
  }

  /** Why nobody is let in who comes by its own wish. */
  #unwelcome(id: DeviceId): 'refused' | 'too-many' | null {
    const { mayLink, isExpected, linksAtOnce = limits.link.linksAtOnce } = this.#options;
    if (mayLink?.(id) === false) return 'refused';
    return !this.#links.has(id) && this.#links.size >= linksAtOnce && isExpected?.(id) !== true ? 'too-many' : null;
  }

  /** Whether a device that dialled us is welcome. */
  #admit(connection: Connection, theirs: Hello): Refusal | null {
    const id = connection.remoteId;
    if (id === this.#options.identity.id) return 'self-dial';
    if (this.#options.isBlocked(id)) return 'blocked';
    if (this.#closing.signal.aborted) return 'refused';
    const unwelcome = this.#unwelcome(id);
    if (unwelcome !== null) return unwelcome;
    const link = this.#links.get(id);
    // Whoever has a way of its own to us needs none that costs somebody else's line.
    if (connection.isRelayed && link?.relay === null) return 'duplicate';
    if (theirs.role === 'bulk') {
      if (link?.session !== theirs.session) return 'refused';
      return link.bulkLanes < limits.link.bulkConnectionsPerPeer ? null : 'too-many';
    }
    const isInstead = link !== undefined && theirs.instead === link.session;
    const closes = this.#pairOf(id).admit(connection, theirs, { rank: rankOfPath(connection.path, theirs.path), isInstead });
    if (closes === null) return 'duplicate';
    this.#replace(closes);
    return null;
  }

  /** Another connection takes the place of these. */
  #replace(closes: readonly Connection[]): void {
    for (const other of closes) {
      const owner = this.#owners.get(other);
      if (owner) owner.close({ code: 'link-closed' });
      else other.end({ code: 'link-closed' }, 'duplicate');
    }
  }

  #up(connection: Connection, theirs: Hello, dialledAddress: Address | null): LaneSink {
    const link = theirs.role === 'bulk' ? this.#links.get(connection.remoteId) : this.#newLink(connection, theirs, dialledAddress);
    invariant(link !== undefined, 'a bulk connection is admitted to its link');
    this.#owners.set(connection, link);
    if (theirs.role === 'bulk') return link.attach(connection);
    for (const listener of this.#listeners) listener(link);
    this.#waiters.resolve(link.remote.id, link);
    return link.controlLane;
  }

  #newLink(connection: Connection, hello: ControlHello, dialledAddress: Address | null): TlsLink {
    const link = new TlsLink({
      connection, rank: rankOfPath(connection.path, hello.path), hello, dialledAddress, handler: this.#options.handler, decompressor: this.#decompressor, now: this.#options.now,
      dialLane: (of, address, signal) => this.#dialLane(of, address, signal),
      onClosed: (closed) => { if (this.#links.get(closed.remote.id) === closed) this.#links.delete(closed.remote.id); },
    });
    this.#links.set(link.remote.id, link);
    return link;
  }

  async #dialLane(link: TlsLink, address: Address, signal: AbortSignal): Promise<void> {
    const greeted = await this.#dialler.dial(address, signal, ({ socket, id, reader }) => {
      if (id !== link.remote.id || link.isClosed) throw new AppError('identity-changed', { address: addressText(address) });
      const up = new Promise<void>((resolve, reject) => {
        const connection: Connection = new Connection({
          socket, remoteId: id, adopted: null, path: link.path, now: this.#options.now,
          machine: {
            dialled: true,
            hello: () => bulkHello(link.session),
            admit: (theirs) => (theirs.role === 'bulk' && theirs.session === link.session && !link.isClosed ? null : 'refused'),
          },
          onUp: () => {
            this.#owners.set(connection, link);
            resolve();
            return link.attach(connection);
          },
          onEnd: (end) => { this.#ended(connection, end, () => { reject(dialError(end, addressText(address))); }); },
        });
        signal.addEventListener('abort', () => { if (!this.#owners.has(connection)) connection.fail({ code: 'cancelled' }); }, { once: true });
        this.#run(connection);
        reader.start(connection.take);
      });
      return { up };
    });
    await greeted.up;
  }

  #ended(connection: Connection, { reason, refusal, wasUp }: ConnectionEnd, failed: () => void): void {
    const pair = this.#pairs.get(connection.remoteId);
    pair?.gone(connection);
    if (pair?.isEmpty === true) this.#pairs.delete(connection.remoteId);
    const owner = this.#owners.get(connection);
    this.#owners.delete(connection);
    if (owner && wasUp) owner.detach(connection, reason);
    else if (refusal !== 'duplicate') failed();
    else {
      // Refused for another connection between the two devices: that one is the link, or becomes it.
      const link = this.#links.get(connection.remoteId);
      if (link !== undefined) this.#waiters.resolve(connection.remoteId, link);
    }
  }

  #pairOf(id: DeviceId): DevicePair<Connection> {
    const known = this.#pairs.get(id);
    if (known) return known;
    const pair = new DevicePair<Connection>(this.#options.identity.id, id);
    this.#pairs.set(id, pair);
    return pair;
  }

  #controlHello(session: string, path: PathKind): ControlHello {
    const { name, version } = this.#options.hello();
    return {
      role: 'control', protocol: protocolRange, session, instance: this.#instance, sequence: this.#sequence++, name, version,
      platform: platforms[process.platform] ?? 'other', listenPort: this.#listenPort, features: [...features], path,
    };
  }

  #nonce(): string {
    return toHex(Uint8Array.from({ length: 16 }, () => Math.floor(256 * this.#options.random())));
  }
}

const bulkHello = (session: string): Hello => ({ role: 'bulk', protocol: protocolRange, session });

/** What became of a dial whose connection ended before it was up. */
function dialError({ reason, refusal }: ConnectionEnd, address: string): AppError {
  // Whoever closes without a word refuses: TLS 1.3 tells a client that it is not welcome only after the handshake.
  const code = reason.code === 'link-closed' && refusal === null ? 'refused' : reason.code;
  return new AppError(code, { address, ...reason.params });
}
