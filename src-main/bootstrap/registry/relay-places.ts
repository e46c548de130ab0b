import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import type { Millis } from '#shared/units.ts';

/** A device, and the network that it comes from. */
export interface RelayParty {
  readonly device: DeviceId;
  readonly network: string;
}

/** One relayed connection: `from` asked for it, and only the device `to` may come. */
export interface RelayPlace {
  readonly from: RelayParty;
  readonly to: DeviceId;
  readonly ticket: string;
  /** So long it waits for `to`. */
  readonly until: Millis;
}

export interface RelayLimits {
  readonly relays: number;
  readonly relaysPerDevice: number;
  readonly relaysPerNetwork: number;
}

const nameOf = (to: DeviceId, ticket: string): string => `${to} ${ticket}`;

/**
 * Who may be relayed. A connection that waits counts for who asked for it only: or whoever asks for many to somebody would take all of that one's
 * places. `check…` throws what the same call without it would not be allowed to do; both in one go, so that nothing changes between.
 */
export class RelayPlaces {
  readonly #limits: RelayLimits;
  /** The oldest first, and all wait equally long. */
  readonly #waiting = new Map<string, RelayPlace>();
  /** With who has come. */
  readonly #joined = new Map<RelayPlace, RelayParty>();
  readonly #perDevice = new Map<DeviceId, number>();
  readonly #perNetwork = new Map<string, number>();

  constructor(bounds: RelayLimits) {
    this.#limits = bounds;
  }

  get size(): number {
    return this.#waiting.size + this.#joined.size;
  }

  /** Throws `bad-request`, `server-full`, `too-many`. */
  checkAsk(from: RelayParty, to: DeviceId, ticket: string): void {
    if (this.#waiting.has(nameOf(to, ticket))) throw new BootstrapError('bad-request', { detail: 'the ticket is in use' });
    if (this.size >= this.#limits.relays) throw new BootstrapError('server-full', { detail: 'relayed connections' });
    this.#checkParty(from);
  }

  ask(now: Millis, from: RelayParty, to: DeviceId, ticket: string): RelayPlace {
    const place: RelayPlace = { from, to, ticket, until: now + limits.bootstrap.relayWaitMs };
    this.#waiting.set(nameOf(to, ticket), place);
    this.#count(from, 1);
    return place;
  }

  /** The place where somebody waits for the device with this ticket. Throws `not-found`, `too-many`. */
  checkCome(by: RelayParty, ticket: string): RelayPlace {
    const place = this.#waiting.get(nameOf(by.device, ticket));
    if (place === undefined) throw new BootstrapError('not-found', { detail: 'nobody waits for this device with this ticket' });
    this.#checkParty(by);
    return place;
  }

  come(place: RelayPlace, by: RelayParty): void {
    this.#waiting.delete(nameOf(place.to, place.ticket));
    this.#joined.set(place, by);
    this.#count(by, 1);
  }

  /** At the end of a connection; what has ended before is left out of account. */
  leave(place: RelayPlace): void {
    const name = nameOf(place.to, place.ticket);
    const came = this.#joined.get(place);
    if (came !== undefined) {
      this.#joined.delete(place);
      this.#count(came, -1);
    } else if (this.#waiting.get(name) === place) this.#waiting.delete(name);
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

  #checkParty({ device, network }: RelayParty): void {
    if ((this.#perDevice.get(device) ?? 0) >= this.#limits.relaysPerDevice) throw new BootstrapError('too-many', { detail: 'relayed connections of this device' });
    if ((this.#perNetwork.get(network) ?? 0) >= this.#limits.relaysPerNetwork) throw new BootstrapError('too-many', { detail: 'relayed connections of this address' });
  }

  #count({ device, network }: RelayParty, change: number): void {
    add(this.#perDevice, device, change);
    add(this.#perNetwork, network, change);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
