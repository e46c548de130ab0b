import type { WebSocket } from 'ws';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { clientMessageSchema, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { second } from '#shared/units.ts';
import type { BootstrapConfig } from './config.ts';
import type { EventHub } from './event-hub.ts';
import type { Registry } from './registry/registry.ts';
import type { Caller } from './service.ts';

/** WebSocket close codes (RFC 6455 §7.4.1). */
const goingAway = 1001;
const policyViolation = 1008;

/** Messages that a device may send within one period of silence; a heartbeat each is what is expected. */
const messagesPerPeriod = 60;

interface Connected {
  readonly socket: WebSocket;
  readonly deviceId: DeviceId;
  heardAt: number;
  messages: number;
}

export interface EventSocketParts {
  readonly config: BootstrapConfig;
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly now: () => number;
}

/** The open WebSockets: heartbeats come in, changes go out. A socket that says nothing for as long as makes a node forgotten is cut. */
export class EventSockets {
  readonly #parts: EventSocketParts;
  readonly #connected = new Set<Connected>();

  constructor(parts: EventSocketParts) {
    this.#parts = parts;
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
    const connected: Connected = { socket, deviceId, heardAt: now(), messages: 0 };
    this.#connected.add(connected);
    const stop = hub.listen(deviceId, (message) => { send(socket, message); });
    socket.on('close', () => {
      stop();
      this.#connected.delete(connected);
    });
    socket.on('error', () => { socket.terminate(); });
    socket.on('message', (data, isBinary) => { this.#heard(connected, host, isBinary ? '' : textOf(data)); });
    send(socket, { type: 'welcome', deviceId, heartbeatMs: config.heartbeatSeconds * second, silenceMs: config.silenceSeconds * second, ...this.#beat(deviceId, host) });
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

  #heard(connected: Connected, host: string, text: string): void {
    connected.heardAt = this.#parts.now();
    if (!isHeartbeat(text) || ++connected.messages > messagesPerPeriod) {
      connected.socket.close(policyViolation, 'bad-request');
      return;
    }
    send(connected.socket, { type: 'heartbeat', ...this.#beat(connected.deviceId, host) });
  }

  #beat(deviceId: DeviceId, host: string): { registered: boolean; revision: string | null } {
    try {
      return { registered: true, revision: this.#parts.registry.heartbeat(this.#parts.now(), deviceId, host).revision };
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      return { registered: false, revision: null };
    }
  }
}

const textOf = (data: unknown): string => (Buffer.isBuffer(data) ? data.toString() : '');

function isHeartbeat(text: string): boolean {
  try {
    return clientMessageSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function send(socket: WebSocket, message: ServerMessage): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > limits.bootstrap.unsentBytes) socket.terminate();
  else socket.send(JSON.stringify(message));
}
