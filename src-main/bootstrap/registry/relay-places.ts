import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import type { Millis } from '#shared/units.ts';

/** One relayed connection: `from` asked for it, and only `to` may come. */
export interface RelayPlace {
  readonly from: DeviceId;
  readonly to: DeviceId;
  readonly ticket: string;
  /** So long it waits for `to`. */
  readonly until: Millis;
}

export interface RelayLimits {
  readonly relays: number;
  readonly relaysPerDevice: number;
}

const nameOf = (to: DeviceId, ticket: string): string => `${to} ${ticket}`;

/**
 * Who may be relayed. A connection that waits counts for the device that asked for it only: or whoever asks for many to somebody would take all
 * of that one's places. `check…` throws what the same call without it would not be allowed to do; both in one go, so that nothing changes between.
 */
export class RelayPlaces {
  readonly #limits: RelayLimits;
  /** The oldest first, and all wait equally long. */
  readonly #waiting = new Map<string, RelayPlace>();
  readonly #joined = new Set<RelayPlace>();
  readonly #perDevice = new Map<DeviceId, number>();

  constructor(bounds: RelayLimits) {
    this.#limits = bounds;
  }

  get size(): number {
    return this.#waiting.size + this.#joined.size;
  }

  /** Throws `bad-request`, `server-full`, `too-many`. */
  checkAsk(from: DeviceId, to: DeviceId, ticket: string): void {
    if (this.#waiting.has(nameOf(to, ticket))) throw new BootstrapError('bad-request', { detail: 'the ticket is in use' });
    if (this.size >= this.#limits.relays) throw new BootstrapError('server-full', { detail: 'relayed connections' });
    this.#checkDevice(from);
  }

  ask(now: Millis, from: DeviceId, to: DeviceId, ticket: string): RelayPlace {
    const place: RelayPlace = { from, to, ticket, until: now + limits.bootstrap.relayWaitMs };
    this.#waiting.set(nameOf(to, ticket), place);
    this.#count(from, 1);
    return place;
  }

  /** The place where somebody waits for the device with this ticket. Throws `not-found`, `too-many`. */
  checkCome(device: DeviceId, ticket: string): RelayPlace {
    const place = this.#waiting.get(nameOf(device, ticket));
    if (place === undefined) throw new BootstrapError('not-found', { detail: 'nobody waits for this device with this ticket' });
    this.#checkDevice(device);
    return place;
  }

  come(place: RelayPlace): void {
    this.#waiting.delete(nameOf(place.to, place.ticket));
    this.#joined.add(place);
    this.#count(place.to, 1);
  }

  /** At the end of a connection; what has ended before is left out of account. */
  leave(place: RelayPlace): void {
    const name = nameOf(place.to, place.ticket);
    if (this.#joined.delete(place)) this.#count(place.to, -1);
    else if (this.#waiting.get(name) === place) this.#waiting.delete(name);
    else return;
    this.#count(place.from, -1);
  }

  /** For whom nobody has come in time; they stay until they leave. */
  overdue(now: Millis): RelayPlace[] {
    const over: RelayPlace[] = [];
    for (const place of this.#waiting.values()) {
      if (place.until > now) break;
      over.push(place);
    }
    return over;
  }

  #checkDevice(device: DeviceId): void {
    if ((this.#perDevice.get(device) ?? 0) >= this.#limits.relaysPerDevice) throw new BootstrapError('too-many', { detail: 'relayed connections of this device' });
  }

  #count(device: DeviceId, change: number): void {
    const count = (this.#perDevice.get(device) ?? 0) + change;
    if (count === 0) this.#perDevice.delete(device);
    else this.#perDevice.set(device, count);
  }
}
