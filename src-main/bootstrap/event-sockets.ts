import type { WebSocket } from 'ws';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { clientMessageSchema, type ClientMessage, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { second } from '#shared/units.ts';
import type { BootstrapConfig } from './config.ts';
import type { EventHub } from './event-hub.ts';
import type { Mailboxes } from './mailboxes.ts';
import { Allowances } from '../core/rate/allowances.ts';
import { networkOf } from './registry/network-of.ts';
import type { Registry } from './registry/registry.ts';
import type { Caller } from './service.ts';

/** WebSocket close codes (RFC 6455 §7.4.1). */
const goingAway = 1001;
const policyViolation = 1008;

/** Messages that a WebSocket may send between two looks at it, besides signals within the allowance; a heartbeat is what is expected. */
const messagesPerPeriod = 60;

/** Signals of one device: to agree on a way to each other, two devices say some ten things each. */
const signalsPerSecond = 10;
const signalBurst = 30;

interface Connected {
  readonly socket: WebSocket;
  readonly deviceId: DeviceId;
  readonly host: string;
  heardAt: number;
  /** The last heartbeat. */
  beatAt: number;
  messages: number;
}

export interface EventSocketParts {
  readonly config: BootstrapConfig;
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly mailboxes: Mailboxes;
  /** What each network may ask for; signals count as requests do, and so do heartbeats that nobody asked for. */
  readonly addresses: Allowances;
  readonly now: () => number;
}

/** The open WebSockets: heartbeats come in, changes go out, and devices tell each other what the server does not look into. A socket that says nothing for as long as makes a node forgotten is cut. */
export class EventSockets {
  readonly #parts: EventSocketParts;
  readonly #connected = new Set<Connected>();
  /** Those of each device, the oldest first. */
  readonly #ofDevice = new Map<DeviceId, Set<Connected>>();
  readonly #signals: Allowances;
  /** Signals so far. */
  delivered = 0;
  undelivered = 0;

  constructor(parts: EventSocketParts) {
    this.#parts = parts;
    this.#signals = new Allowances(signalsPerSecond, signalBurst, parts.config.maxNodes);
  }

  get size(): number {
    return this.#connected.size;
  }

  add(socket: WebSocket, { deviceId, host }: Caller): void {
    const { config, hub, now } = this.#parts;
    if (deviceId === null) {
      socket.close(policyViolation, 'not-authorised');
      return;
    }
    const connected: Connected = { socket, deviceId, host, heardAt: now(), beatAt: -Infinity, messages: 0 };
    this.#enter(connected);
    const stop = hub.listen(deviceId, networkOf(host), (message) => { send(socket, message); });
    socket.on('close', () => {
      stop();
      this.#leave(connected);
    });
    socket.on('error', () => { socket.terminate(); });
    socket.on('message', (data, isBinary) => { this.#heard(connected, isBinary ? '' : textOf(data)); });
    send(socket, { type: 'welcome', deviceId, heartbeatMs: config.heartbeatSeconds * second, silenceMs: config.silenceSeconds * second, relay: config.relay, ...this.#beat(deviceId, host) });
  }

  /** To be called every few seconds. */
  cutSilent(): void {
    const { config, now } = this.#parts;
    for (const connected of this.#connected) {
      connected.messages = 0;
      if (now() - connected.heardAt > config.silenceSeconds * second) connected.socket.terminate();
    }
  }

  /** Says goodbye to everybody. */
  dismiss(withinMs: number): void {
    for (const { socket } of this.#connected) {
      send(socket, { type: 'goodbye', withinMs });
      socket.close(goingAway, 'goodbye');
    }
  }

  cut(): void {
    for (const { socket } of this.#connected) socket.terminate();
  }

  /** The oldest makes way: of a device that lost its connections that is the one nobody hears any more. */
  #enter(connected: Connected): void {
    const { deviceId } = connected;
    const [oldest, ...others] = this.#ofDevice.get(deviceId) ?? [];
    if (oldest !== undefined && others.length + 1 >= limits.bootstrap.webSocketsPerDevice) {
      this.#leave(oldest);
      oldest.socket.terminate();
    }
    this.#connected.add(connected);
    this.#ofDevice.set(deviceId, (this.#ofDevice.get(deviceId) ?? new Set()).add(connected));
  }

  #leave(connected: Connected): void {
    this.#connected.delete(connected);
    const own = this.#ofDevice.get(connected.deviceId);
    own?.delete(connected);
    if (own?.size === 0) this.#ofDevice.delete(connected.deviceId);
  }

  #heard(connected: Connected, text: string): void {
    connected.heardAt = this.#parts.now();
    const message = messageOf(text);
    const isSignal = message?.type === 'signal';
    const isAllowed = isSignal && this.#maySignal(connected);
    if (message === null || (!isSignal && !this.#mayBeat(connected)) || (!isAllowed && ++connected.messages > messagesPerPeriod)) connected.socket.close(policyViolation, 'bad-request');
    else if (!isSignal) send(connected.socket, { type: 'heartbeat', ...this.#beat(connected.deviceId, null) });
    else void this.#hand(connected, message.to, isAllowed && this.#parts.mailboxes.deliver(message.to, { type: 'signal', from: connected.deviceId, data: message.data }));
  }

  async #hand({ socket }: Connected, to: DeviceId, delivery: boolean | Promise<boolean>): Promise<void> {
    if (await delivery) this.delivered++;
    else {
      this.undelivered++;
      send(socket, { type: 'undelivered', to });
    }
  }

  /** A heartbeat costs nothing while it is due: a thousand devices of one network are no flood. */
  #mayBeat(connected: Connected): boolean {
    const { config, addresses, now } = this.#parts;
    const isDue = now() - connected.beatAt >= (config.heartbeatSeconds * second) / 2;
    connected.beatAt = now();
    return isDue || addresses.take(now(), networkOf(connected.host), 1) === 0;
  }

  #maySignal({ deviceId, host }: Connected): boolean {
    const { registry, addresses, now } = this.#parts;
    return registry.node(deviceId) !== undefined && this.#signals.take(now(), deviceId, 1) === 0 && addresses.take(now(), networkOf(host), 1) === 0;
  }

  /** `host`: where a connection comes from that is new; later it comes from nowhere else. */
  #beat(deviceId: DeviceId, host: string | null): { registered: boolean; revision: string | null } {
    try {
      return { registered: true, revision: this.#parts.registry.heartbeat(this.#parts.now(), deviceId, host).revision };
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      return { registered: false, revision: null };
    }
  }
}

const textOf = (data: unknown): string => (Buffer.isBuffer(data) ? data.toString() : '');

/** Null: no message of a client. */
function messageOf(text: string): ClientMessage | null {
  try {
    return clientMessageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function send(socket: WebSocket, message: ServerMessage): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > limits.bootstrap.unsentBytes) socket.terminate();
  else socket.send(JSON.stringify(message));
}
