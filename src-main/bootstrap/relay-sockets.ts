import type { WebSocket } from 'ws';
import * as z from 'zod';
import type { DeviceId } from '#shared/ids.ts';
import { deviceIdSchema } from '#shared/model/ids.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { relayTicketSchema } from '#shared/protocol/bootstrap-events.ts';
import type { Millis } from '#shared/units.ts';
import type { BootstrapConfig } from './config.ts';
import type { Mailboxes } from './mailboxes.ts';
import { RelayPlaces, type RelayParty, type RelayPlace } from './registry/relay-places.ts';
import { closeCodes, RelayedPair } from './relayed-pair.ts';

export interface RelayParts {
  readonly config: Pick<BootstrapConfig, 'relay' | 'maxRelays' | 'maxRelaysPerDevice' | 'maxRelaysPerAddress' | 'relayBytesPerSecond'>;
  readonly mailboxes: Mailboxes;
  /** Told to who is to come, when this server has a URL of its own: the one that everybody uses may lead to another server. */
  readonly ownUrl: string | null;
  readonly isRegistered: (device: DeviceId) => boolean;
  readonly now: () => Millis;
}

export const relayQuestionSchema = z.object({
  ticket: relayTicketSchema,
  /** From who asks; who comes says none. */
  to: deviceIdSchema.optional(),
});
export type RelayQuestion = z.output<typeof relayQuestionSchema>;

/** Relayed connections: who asks for one waits until the device that it asked for comes, then the two are joined. */
export class RelaySockets {
  readonly #parts: RelayParts;
  readonly #places: RelayPlaces;
  readonly #waiting = new Map<RelayPlace, WebSocket>();
  readonly #pairs = new Set<RelayedPair>();
  /** Carried so far, of both directions. */
  bytes = 0;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    const { maxRelays, maxRelaysPerDevice, maxRelaysPerAddress } = parts.config;
    this.#places = new RelayPlaces({ relays: maxRelays, relaysPerDevice: maxRelaysPerDevice, relaysPerNetwork: maxRelaysPerAddress });
  }

  /** Those that wait included. */
  get size(): number {
    return this.#places.size;
  }

  /**
   * `open` is to open the WebSocket of who asks, at once, and is given what to do with it. Rejects with `relay-off`, `not-registered`, `not-there`, `too-many`,
   * `server-full`, `not-found`, `bad-request`; then it was not called.
   */
  async admit(party: RelayParty, { ticket, to }: RelayQuestion, open: (use: (socket: WebSocket) => void) => void): Promise<void> {
    const { config, mailboxes, isRegistered } = this.#parts;
    if (!config.relay) throw new BootstrapError('relay-off');
    if (to === undefined) {
      const place = this.#places.checkCome(party, ticket);
      open((socket) => { this.#join(place, party, socket); });
      return;
    }
    if (!isRegistered(party.device)) throw new BootstrapError('not-registered');
    if (!(await mailboxes.isThere(to))) throw new BootstrapError('not-there');
    this.#places.checkAsk(party, to, ticket);
    open((socket) => { this.#wait(party, to, ticket, socket); });
  }

  /** To be called every few seconds. */
  look(): void {
    for (const place of this.#places.overdue(this.#parts.now())) this.#giveUp(place, 'nobody came');
    for (const pair of this.#pairs) pair.look();
  }

  /** Nobody can come any more; what is joined goes on. */
  dismiss(): void {
    for (const place of this.#waiting.keys()) this.#giveUp(place, 'goodbye');
  }

  cut(): void {
    for (const socket of this.#waiting.values()) socket.terminate();
    for (const pair of this.#pairs) pair.cut();
  }

  #wait(from: RelayParty, to: DeviceId, ticket: string, socket: WebSocket): void {
    const { mailboxes, ownUrl, now } = this.#parts;
    // What it sends already stays in the system's buffers.
    socket.pause();
    const place = this.#places.ask(now(), from, to, ticket);
    this.#waiting.set(place, socket);
    socket.on('error', () => { socket.terminate(); });
    socket.on('close', () => { if (this.#waiting.delete(place)) this.#places.leave(place); });
    void mailboxes.deliver(to, { type: 'relay', from: from.device, ticket, ...(ownUrl === null ? {} : { at: ownUrl }) });
  }

  #join(place: RelayPlace, by: RelayParty, socket: WebSocket): void {
    const first = this.#waiting.get(place);
    if (first === undefined) {
      socket.close(closeCodes.goingAway, 'gone');
      return;
    }
    this.#waiting.delete(place);
    this.#places.come(place, by);
    socket.on('error', () => { socket.terminate(); });
    const pair = new RelayedPair(first, socket, {
      now: this.#parts.now, bytesPerSecond: this.#parts.config.relayBytesPerSecond,
      onBytes: (bytes) => { this.bytes += bytes; },
      onEnd: () => { this.#pairs.delete(pair); this.#places.leave(place); },
    });
    this.#pairs.add(pair);
  }

  #giveUp(place: RelayPlace, reason: string): void {
    const socket = this.#waiting.get(place);
    this.#waiting.delete(place);
    this.#places.leave(place);
    // Read on, or the answer to the close would never be seen.
    socket?.resume();
    socket?.close(closeCodes.goingAway, reason);
  }
}
