import { limits } from '#shared/limits.ts';

/** A connection that has not yet proven who it is. */
interface Place {
  readonly sendAway: () => void;
}

/**
 * Counts connections that have not yet proven who they are, so that strangers cannot take all our time and memory. Nor can they shut others out by taking
 * all places and saying nothing: then whoever has most of them gives its oldest to the next one.
 */
export class HandshakeGate {
  /** By address, those that came first in front. */
  readonly #inside = new Map<string, Set<Place>>();
  readonly #mostAtOnce: number;
  readonly #mostPerAddress: number;
  #total = 0;

  constructor(mostAtOnce: number = limits.link.handshakesAtOnce, mostPerAddress: number = limits.link.handshakesPerAddress) {
    this.#mostAtOnce = mostAtOnce;
    this.#mostPerAddress = mostPerAddress;
  }

  /** Takes a place. Gives what releases it again (any number of calls), or null when its address has all that it may. `sendAway` is called when somebody else is given the place. */
  enter(address: string, sendAway: () => void): (() => void) | null {
    if ((this.#inside.get(address)?.size ?? 0) >= this.#mostPerAddress) return null;
    if (this.#total >= this.#mostAtOnce) this.#makeRoom();
    const place: Place = { sendAway };
    const here = this.#inside.get(address) ?? new Set();
    this.#inside.set(address, here.add(place));
    this.#total++;
    return () => { this.#leave(address, place); };
  }

  #leave(address: string, place: Place): void {
    const here = this.#inside.get(address);
    if (here?.delete(place) !== true) return;
    this.#total--;
    if (here.size === 0) this.#inside.delete(address);
  }

  #makeRoom(): void {
    let most: [address: string, places: Set<Place>] | null = null;
    for (const one of this.#inside) if (most === null || one[1].size > most[1].size) most = one;
    const [oldest] = most?.[1] ?? [];
    if (most === null || oldest === undefined) return;
    this.#leave(most[0], oldest);
    oldest.sendAway();
  }
}
