import { WebSocket } from 'ws';
import { AppError, errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { serverMessageSchema, type ClientMessage, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import type { BootstrapAnswer } from '#shared/protocol/bootstrap-routes.ts';
import type { BootstrapNode, Entry, RoomTag } from '#shared/protocol/bootstrap.ts';
import { parseServerUrl, type ServerUrl } from '#shared/server-url.ts';
import type { Timestamp } from '#shared/units.ts';
import { ServerMachine, type ServerEvent } from '../../core/servers/server-machine.ts';
import type { Identity } from '../identity.ts';
import { readKnown, type Known } from './read-known.ts';
import { ServerClient } from './server-client.ts';

export interface SessionPorts {
  readonly identity: Identity;
  readonly now: () => Timestamp;
  readonly random: () => number;
  /** Where we take links, the tags of our rooms, and what we share with everybody: read at each registration. */
  readonly registration: () => { readonly addresses: readonly string[]; readonly rooms: readonly RoomTag[]; readonly announced: { readonly revision: string; readonly entries: readonly Entry[] } };
  /** A device of one of our rooms, as the server says. */
  readonly onNode: (node: BootstrapNode) => void;
  /** It is in none of our rooms any more, as the server says. */
  readonly onGone: (id: DeviceId) => void;
  /** What another device tells us through a server, in its own words. */
  readonly onSignal: (from: DeviceId, data: string) => void;
  /** Another device waits for us at a server that would carry the link. */
  readonly onRelay: (from: DeviceId, ticket: string, by: Carrier) => void;
  /** What nobody waits for and the log should say. */
  readonly onError: (error: AppError) => void;
}

/** A server of ours, and who carries a link there: itself, or another one behind its address that it named. */
export interface Carrier {
  readonly url: ServerUrl;
  readonly client: Pick<ServerClient, 'relay'>;
}

/** What goes on with one bootstrap server: the connection that tells of changes, and what is asked beside it. */
export class ServerSession {
  readonly url: ServerUrl;
  readonly client: ServerClient;
  readonly #ports: SessionPorts;
  readonly #machine: ServerMachine;
  readonly #closing = new AbortController();
  /** Devices of our rooms, as it told. */
  readonly #nodes = new Set<DeviceId>();
  #socket: WebSocket | null = null;
  /** Ends what belongs to the present connection. */
  #connection = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #relays = false;
  /** The connection whose rooms are being listed. */
  #listing: AbortSignal | null = null;
  #listAgain = false;
  /** Of what it knows of our shares, as it said when it had been told; null: it has not been told all. */
  #told: string | null = null;
  /** The most that an answer of it had of what only a newer version understands. */
  #unknown = 0;

  constructor(url: ServerUrl, ports: SessionPorts) {
    this.url = url;
    this.#ports = ports;
    this.client = new ServerClient(url, ports.identity, (count) => { this.#leftOut(count); });
    this.#machine = new ServerMachine(ports.now(), ports.random);
    this.#step({ type: 'tick' });
  }

  get isOnline(): boolean {
    return this.#machine.state === 'online';
  }

  /** Whether it told of a device of our rooms. */
  knows(id: DeviceId): boolean {
    return this.#nodes.has(id);
  }

  /** Whether it carries links of others. */
  get relays(): boolean {
    return this.isOnline && this.#relays;
  }

  /** Hands something to another device; nobody says whether it is there. */
  signal(to: DeviceId, data: string): void {
    this.#say({ type: 'signal', to, data });
  }

  get health(): ServerHealth {
    const { state, since, error, nextAt, latencyMs } = this.#machine;
    return { url: this.url.text, state, since, error, nextAt: state === 'waiting' ? nextAt : null, latencyMs, nodes: this.#nodes.size, relay: this.relays, unknown: this.#unknown };
  }

  /** What we register has changed. */
  news(): void {
    this.#step({ type: 'news' });
  }

  /** What still runs from an address that is ours no longer is cut, so that it is noticed now. */
  networksChanged(): void {
    this.client.networksChanged();
    this.#step({ type: 'network-changed' });
  }

  /** Takes us out of its list, if it is there, and ends. Whom only this server knew is gone then. */
  async close(): Promise<void> {
    const wasOnline = this.isOnline;
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#disconnect();
    const known = [...this.#nodes];
    this.#nodes.clear();
    for (const id of known) this.#ports.onGone(id);
    if (wasOnline) await this.client.call('unregister', {}, AbortSignal.timeout(1000)).catch(() => undefined);
    this.client.close();
  }

  #step(event: ServerEvent): void {
    if (this.#closing.signal.aborted) return;
    const now = this.#ports.now();
    this.#machine.step(now, event, {
      connect: () => { void this.#connect(); },
      disconnect: () => { this.#disconnect(); },
      register: () => { void this.#register(this.#connection.signal); },
      heartbeat: () => { this.#say({ type: 'heartbeat' }); },
    });
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { nextAt } = this.#machine;
    this.#timer = nextAt === null || nextAt === Infinity ? null : setTimeout(() => { this.#step({ type: 'tick' }); }, Math.max(0, nextAt - now)).unref();
  }

  #say(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #connect(): Promise<void> {
    this.#disconnect();
    const { signal } = (this.#connection = new AbortController());
    try {
      await this.client.events(signal, (socket) => {
        if (signal.aborted) return socket.terminate();
        this.#socket = socket;
        socket.on('message', (data: Buffer) => { this.#hear(data, signal); });
        socket.on('error', () => { socket.terminate(); });
        socket.on('close', () => { if (!signal.aborted) this.#step({ type: 'down', error: { code: 'link-closed' } }); });
      });
    } catch (error) {
      if (!signal.aborted) this.#step({ type: 'down', error: infoOf(error) });
    }
  }

  #disconnect(): void {
    this.#connection.abort();
    this.#socket?.terminate();
    this.#socket = null;
  }

  #hear(data: Buffer, signal: AbortSignal): void {
    const heard = parse(data);
    if (heard === null || signal.aborted) return;
    this.#leftOut(heard.leftOut);
    const message = heard.value;
    switch (message.type) {
      case 'welcome':
        this.#relays = message.relay;
        return this.#step({ type: 'up', heartbeatMs: message.heartbeatMs, registered: message.registered });
      case 'heartbeat':
        // A server that lost a part of what it was told says so like this.
        if (message.registered && this.#told !== null && message.revision !== this.#told) this.news();
        return this.#step({ type: 'heartbeat', registered: message.registered });
      case 'goodbye': return this.#step({ type: 'goodbye', withinMs: message.withinMs });
      case 'signal': return this.#ports.onSignal(message.from, message.data);
      case 'relay': return this.#ports.onRelay(message.from, message.ticket, this.#carrier(message.at));
      // Perhaps another server knows it; and whoever waits for an answer does so for seconds.
      case 'undelivered': return;
      case 'resync': return void this.#listRooms(signal);
      case 'nodes':
        for (const node of message.changed) this.#met(node);
        for (const id of message.gone) {
          this.#nodes.delete(id);
          this.#ports.onGone(id);
        }
    }
  }

  /** Logged once, because such a server says the same again with every answer. */
  #leftOut(count: number): void {
    const isFirst = this.#unknown === 0;
    this.#unknown = Math.max(this.#unknown, count);
    if (count === 0 || !isFirst) return;
    this.#ports.onError(new AppError('protocol-error', { detail: `${this.url.origin}: of what it listed ${count} could not be read and is left out, now and later; is it newer?` }));
  }

  #carrier(at: string | undefined): Carrier {
    const other = at === undefined ? null : parseServerUrl(at);
    return other === null ? this : { url: this.url, client: this.client.at(other) };
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { addresses, rooms, announced } = this.#ports.registration();
    this.#told = null;
    try {
      const { revision } = await this.client.call('register', { addresses: addresses.slice(0, limits.bootstrap.addressesPerNode), rooms: rooms.slice(0, limits.bootstrap.roomsPerNode) }, signal);
      // Where we are matters more than what we share: a server may have no place for that.
      this.#step({ type: 'accepted' });
      await this.#listRooms(signal);
      if (revision !== announced.revision && !(revision === null && announced.entries.length === 0)) await this.#announce(announced, signal);
      this.#told = announced.entries.length === 0 && revision === null ? null : announced.revision;
      this.#step({ type: 'registered' });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof BootstrapError) this.#step({ type: 'refused', error: infoOf(error), retryAfterMs: error.retryAfterMs ?? null });
      else this.#step({ type: 'down', error: infoOf(error) });
    }
  }

  /** All of it, in parts; only the last one has the revision, so that what was cut off is told again. Each builds on the one before, which another server may have got. */
  async #announce({ revision, entries }: { readonly revision: string; readonly entries: readonly Entry[] }, signal: AbortSignal): Promise<void> {
    const part = limits.bootstrap.entriesPerRequest;
    for (let at = 0; at === 0 || at < entries.length; at += part) {
      const isLast = at + part >= entries.length;
      const name = (number: number): string => `${revision}/${number}`;
      await this.client.call('entries', { reset: at === 0, add: entries.slice(at, at + part), ...(at === 0 ? {} : { base: name(at - part) }), revision: isLast ? revision : name(at) }, signal);
    }
  }

  /** Everybody who is in one of our rooms now; once more if that is asked for meanwhile. */
  async #listRooms(signal: AbortSignal): Promise<void> {
    if (this.#listing === signal) {
      this.#listAgain = true;
      return;
    }
    this.#listing = signal;
    do {
      this.#listAgain = false;
      await this.#listOnce(signal);
    } while (this.#listAgain && !signal.aborted);
    if (this.#listing === signal) this.#listing = null;
  }

  async #listOnce(signal: AbortSignal): Promise<void> {
    const before = new Set(this.#nodes);
    this.#nodes.clear();
    try {
      for (const room of this.#ports.registration().rooms) {
        let after: DeviceId | null = null;
        do {
          const page: BootstrapAnswer<'roomNodes'> = await this.client.call('roomNodes', { room, ...(after === null ? {} : { after }) }, signal);
          for (const node of page.nodes) this.#met(node);
          after = page.next;
        } while (after !== null && this.#nodes.size < limits.servers.nodesKept);
      }
    } catch {
      // Changes are told as they come, and the list is read again at the next registration.
      for (const id of before) if (this.#nodes.size < limits.servers.nodesKept) this.#nodes.add(id);
    }
    for (const id of before) if (!this.#nodes.has(id)) this.#ports.onGone(id);
  }

  /** A server may name whomever it likes, but not without end. */
  #met(node: BootstrapNode): void {
    if (!this.#nodes.has(node.deviceId) && this.#nodes.size >= limits.servers.nodesKept) return;
    this.#nodes.add(node.deviceId);
    this.#ports.onNode(node);
  }
}

function infoOf(error: unknown): ErrorInfo {
  if (!(error instanceof BootstrapError)) return errorInfo(error);
  if (error.unknown !== undefined) return new AppError('server-newer', { detail: error.unknown }).toInfo();
  return new AppError(error.code === 'rate-limited' ? 'rate-limited' : 'server-refused', { detail: error.code }).toInfo();
}

/** Null: of a later version, or nonsense; neither matters. */
function parse(data: Buffer): Known<ServerMessage> | null {
  try {
    return readKnown(serverMessageSchema, JSON.parse(data.toString('utf8')));
  } catch {
    return null;
  }
}
