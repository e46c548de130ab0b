import { once } from 'node:events';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import type { RelayParty } from '#main/bootstrap/registry/relay-places.ts';
import { RelaySockets, type RelayParts, type RelayQuestion } from '#main/bootstrap/relay-sockets.ts';

/** Both sides of one WebSocket: as its device has it, and as the server has it. */
export interface End {
  readonly device: WebSocket;
  readonly server: WebSocket;
}

export const partyOf = (device: DeviceId): RelayParty => ({ device, network: '192.0.2.1' });

/** Relayed connections over real WebSockets, with a clock that stands until a test moves it. */
export class RelayEnds {
  now = 0;
  readonly told: [DeviceId, ServerMessage][] = [];
  readonly relays: RelaySockets;
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: limits.bootstrap.relayMessageBytes });
  readonly #devices: WebSocket[] = [];

  constructor(config: Partial<RelayParts['config']> = {}) {
    this.relays = new RelaySockets({
      config: { relay: true, maxRelays: 10, maxRelaysPerDevice: 10, maxRelaysPerAddress: 10, relayBytesPerSecond: 0, ...config },
      mailboxes: { isThere: () => true, deliver: (to, message) => { this.told.push([to, message]); return true; } },
      ownUrl: null, isRegistered: () => true, now: () => this.now,
    });
  }

  /** What is to be done with the WebSocket of who asks. */
  async admit(device: DeviceId, question: RelayQuestion): Promise<(socket: WebSocket) => void> {
    const admitted: ((socket: WebSocket) => void)[] = [];
    await this.relays.admit(partyOf(device), question, (use) => { admitted.push(use); });
    const [use] = admitted;
    if (use === undefined) throw new Error('it was to be opened');
    return use;
  }

  async open(device: DeviceId, question: RelayQuestion, options: ClientOptions = {}): Promise<End> {
    const use = await this.admit(device, question);
    if (this.#server.address() === null) await once(this.#server, 'listening');
    const address = this.#server.address();
    const url = typeof address === 'object' && address !== null ? `ws://127.0.0.1:${address.port}` : '';
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, options);
      this.#devices.push(socket);
      socket.once('error', reject);
      let server: WebSocket | null = null;
      const opened = (): void => { if (server !== null && socket.readyState === socket.OPEN) resolve({ device: socket, server }); };
      this.#server.once('connection', (accepted) => { use(accepted); server = accepted; opened(); });
      socket.once('open', opened);
    });
  }

  /** Both ends of one relayed connection. */
  async joined(from: DeviceId, to: DeviceId, options: ClientOptions = {}): Promise<[End, End]> {
    const ticket = String(this.#devices.length).padStart(32, '0');
    const first = await this.open(from, { ticket, to });
    return [first, await this.open(to, { ticket }, options)];
  }

  close(): void {
    for (const device of this.#devices) device.terminate();
    this.relays.cut();
    this.#server.close();
  }
}
