import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { formatAddress, parseAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { signalSchema, type Signal } from '#shared/protocol/signal.ts';
import { second, type Timestamp } from '#shared/units.ts';
import { ReachMachine, type ReachEvent } from '../../core/reach/reach-machine.ts';
import { Hole } from '../../net/hole.ts';
import { mayBeOutside } from '../../net/path-kind.ts';
import { addressesOf, type Servers } from '../../net/servers/servers.ts';
import { withTimeout } from '../../net/with-timeout.ts';
import type { Welcome } from '../peers/welcome.ts';
import type { Link, Links } from '../ports/links.ts';

/** Opening a hole, its answer, and connecting through it together take no longer. */
const punchMs = 14 * second;
const answerMs = 5 * second;
const relayMs = 20 * second;
const dialMs = 10 * second;
/** What others ask of us through servers that we do at once, of each kind: a hole takes seconds, and who waits at a relay must not wait for that. */
const asksAtOnce = 8;
/** One device is heard this often; a signal comes once through each server. */
const hearEveryMs = 2 * second;
const heardKept = 1024;
const addressesDialled = 8;

/** The server that another device waits at. */
interface Carrier {
  readonly url: { readonly origin: string };
  readonly client: { relay(ticket: string, to: null, signal: AbortSignal): Promise<Duplex> };
}

export interface ReachPorts {
  readonly self: DeviceId;
  readonly servers: Pick<Servers, 'signal' | 'relay' | 'outside'>;
  readonly links: () => { get(id: DeviceId): { readonly relay: string | null } | undefined; adopt(...given: Parameters<Links['adopt']>): Promise<unknown>; dial(...given: Parameters<Links['dial']>): Promise<unknown> };
  readonly ownAddresses: () => readonly SocketAddress[];
  /** Where a device was found, or may be. */
  readonly knownAddresses: (id: DeviceId) => readonly SocketAddress[];
  /** Has an address dialled where a device may be. */
  readonly introduce: (id: DeviceId, address: SocketAddress) => void;
  readonly isBlocked: (id: DeviceId) => boolean;
  readonly welcome: Pick<Welcome, 'mayLink' | 'isExpected'>;
  readonly now: () => Timestamp;
  readonly random: () => number;
  readonly background: (work: Promise<unknown>) => void;
}

/** Links with devices that servers know, by whatever way leads there. What a server or a stranger says here costs connections that end in the handshake, and no more. */
export class Reach {
  readonly #ports: ReachPorts;
  readonly #machine: ReachMachine;
  readonly #closing = new AbortController();
  /** Tries of ours that wait for the other end's address. */
  readonly #waiting = new Map<string, { readonly from: DeviceId; readonly answered: (address: SocketAddress) => void }>();
  /** When a device was last heard, by what it wanted. */
  readonly #heard = new Map<string, Timestamp>();
  /** Places of strangers, and of those we know: strangers without number must not keep a friend away. */
  readonly #asks = { stranger: { call: 0, punch: 0, relay: 0 }, expected: { call: 0, punch: 0, relay: 0 } };
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: ReachPorts) {
    this.#ports = ports;
    this.#machine = new ReachMachine(ports.self, ports.random);
  }

  /** A server named a device that we want to be linked with; `mutual`: as a member of one of our rooms. Returns whether it was not linked. */
  wanted(node: BootstrapNode, mutual: boolean): boolean {
    const { deviceId: id } = node;
    for (const address of addressesOf(node)) this.#ports.introduce(id, address);
    const link = this.#ports.links().get(id);
    if (link === undefined && !this.#ports.isBlocked(id)) this.#step({ type: 'wanted', id, mutual });
    return link === undefined;
  }

  /** Somebody wants to be linked with a device that a server may know. */
  seek(id: DeviceId): void {
    if (!this.#ports.isBlocked(id)) this.#step({ type: 'wanted', id, mutual: false });
  }

  gone(id: DeviceId): void {
    this.#step({ type: 'gone', id });
  }

  linkUp({ remote: { id }, relay }: Link): void {
    this.#step({ type: 'linked', id, relayed: relay !== null });
  }

  linkDown(id: DeviceId): void {
    this.#step({ type: 'unlinked', id });
  }

  /** Another device says something through a server. */
  hear(from: DeviceId, data: string): void {
    const signal = parse(data);
    if (signal === null || this.#ports.isBlocked(from) || this.#isDirect(from)) return;
    // What we asked for ourselves.
    if (signal.kind === 'punch-answer') return this.#punchAnswered(from, signal);
    if (!this.#mayCome(from) || !this.#isNews(`${signal.kind} ${from}`)) return;
    if (signal.kind === 'call') this.#called(from, signal.addresses.flatMap((text) => parseAddress(text) ?? []));
    else this.#ask(from, 'punch', (until) => this.#answerPunch(from, signal, until), punchMs);
  }

  /** Another device waits for us at a server. */
  met(from: DeviceId, ticket: string, by: Carrier): void {
    if (this.#ports.isBlocked(from) || this.#isDirect(from) || !this.#mayCome(from) || !this.#isNews(`relay ${from}`)) return;
    this.#ask(from, 'relay', async (until) => {
      const stream = await by.client.relay(ticket, null, until);
      await this.#ports.links().adopt(stream, { expect: from, dialled: false, relay: by.url.origin, signal: until });
    }, relayMs);
  }

  close(): void {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #step(event: ReachEvent): void {
    if (this.#closing.signal.aborted) return;
    this.#machine.step(this.#ports.now(), event, {
      call: (id) => { this.#call(id); },
      punch: (id) => { this.#run((until) => this.#punch(id, until), punchMs, () => { this.#step({ type: 'punch-failed', id }); }); },
      relay: (id) => { this.#run((until) => this.#relay(id, until), relayMs, () => undefined); },
    });
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { nextAt } = this.#machine;
    this.#timer = nextAt === null ? null : setTimeout(() => { this.#step({ type: 'tick' }); }, Math.max(0, nextAt - this.#ports.now())).unref();
  }

  #say(to: DeviceId, signal: Signal): void {
    this.#ports.servers.signal(to, JSON.stringify(signal));
  }

  #call(id: DeviceId): void {
    this.#say(id, { kind: 'call', addresses: this.#ports.ownAddresses().map(formatAddress).slice(0, limits.bootstrap.addressesPerNode) });
    // The table of peers dials nobody who is linked: a link over a relay is bettered here.
    if (this.#ports.links().get(id) !== undefined) this.#run((until) => this.#dialAny(id, this.#ports.knownAddresses(id), until, true), dialMs, () => undefined);
  }

  /** Not by the table of peers: strangers without number would push out of it whom the user knows. */
  #called(from: DeviceId, addresses: readonly SocketAddress[]): void {
    this.#ask(from, 'call', (until) => this.#dialAny(from, addresses.filter(({ host }) => mayBeOutside(host)), until, this.#machine.wants(from)), dialMs);
  }

  #dialAny(id: DeviceId, addresses: readonly SocketAddress[], signal: AbortSignal, isAsked: boolean): Promise<unknown> {
    return Promise.any(addresses.slice(0, addressesDialled).map((address) => this.#ports.links().dial(address, { expect: id, isBetter: true, isAsked, signal })));
  }

  async #punch(id: DeviceId, until: AbortSignal): Promise<void> {
    const attempt = randomBytes(8).toString('hex');
    const hole = await this.#openHole(until);
    try {
      const answer = await new Promise<SocketAddress>((resolve, reject) => {
        this.#waiting.set(attempt, { from: id, answered: resolve });
        withTimeout(until, answerMs).addEventListener('abort', () => { reject(new AppError('timeout')); }, { once: true });
        this.#say(id, { kind: 'punch', attempt, address: formatAddress(hole.outside) });
      });
      const socket = await hole.connect(answer, until);
      await this.#ports.links().adopt(socket, { expect: id, dialled: true, relay: null, signal: until });
    } finally {
      this.#waiting.delete(attempt);
      hole.close();
    }
  }

  #punchAnswered(from: DeviceId, { attempt, address: text }: Extract<Signal, { kind: 'punch-answer' }>): void {
    const waiting = this.#waiting.get(attempt);
    const address = parseAddress(text);
    if (waiting?.from === from && address !== null && mayBeOutside(address.host)) waiting.answered(address);
  }

  async #answerPunch(from: DeviceId, { attempt, address: text }: Extract<Signal, { kind: 'punch' }>, until: AbortSignal): Promise<void> {
    const address = parseAddress(text);
    if (address === null || !mayBeOutside(address.host)) return;
    const hole = await this.#openHole(until);
    try {
      this.#say(from, { kind: 'punch-answer', attempt, address: formatAddress(hole.outside) });
      const socket = await hole.connect(address, until);
      await this.#ports.links().adopt(socket, { expect: from, dialled: false, relay: null, signal: until });
    } finally {
      hole.close();
    }
  }

  #openHole(until: AbortSignal): Promise<Hole> {
    return Hole.open((port, signal) => this.#ports.servers.outside(port, signal), until);
  }

  async #relay(id: DeviceId, until: AbortSignal): Promise<void> {
    const { stream, by } = await this.#ports.servers.relay(id, until);
    await this.#ports.links().adopt(stream, { expect: id, dialled: true, relay: by, signal: until });
  }

  /** Whether what a device wants is any use: to find out would show it where we are. */
  #mayCome(id: DeviceId): boolean {
    return this.#ports.welcome.mayLink(id) || this.#machine.wants(id);
  }

  /** Something that another device wants of us; no more than a few at once. */
  #ask(from: DeviceId, kind: 'call' | 'punch' | 'relay', work: (until: AbortSignal) => Promise<unknown>, withinMs: number): void {
    const asks = this.#asks[this.#ports.welcome.isExpected(from) || this.#machine.wants(from) ? 'expected' : 'stranger'];
    if (asks[kind] >= asksAtOnce) return;
    asks[kind]++;
    this.#run((until) => work(until).finally(() => { asks[kind]--; }), withinMs, () => undefined);
  }

  /** A way that leads nowhere is no failure of anything: the next one is tried. */
  #run(work: (until: AbortSignal) => Promise<unknown>, withinMs: number, failed: () => void): void {
    this.#ports.background(work(withTimeout(this.#closing.signal, withinMs)).catch(failed));
  }

  #isDirect(id: DeviceId): boolean {
    const link = this.#ports.links().get(id);
    return link !== undefined && link.relay === null;
  }

  #isNews(what: string): boolean {
    const now = this.#ports.now();
    if (now - (this.#heard.get(what) ?? -Infinity) < hearEveryMs) return false;
    this.#heard.delete(what);
    this.#heard.set(what, now);
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= heardKept) break;
      this.#heard.delete(oldest);
    }
    return true;
  }
}

/** Null: of a later version, or nonsense. */
function parse(data: string): Signal | null {
  try {
    return signalSchema.safeParse(JSON.parse(data)).data ?? null;
  } catch {
    return null;
  }
}
