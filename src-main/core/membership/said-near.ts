import { minute, second, type Millis } from '#shared/units.ts';
import type { AddressEntry } from './address-entry.ts';

/** So many addresses of one device are tried in so long: nobody is to make us go through our own network address by address. */
const triesMost = 4;
const triesMs = 5 * minute;

/**
 * A device that is linked from afar may have come to our network, or we to its, where announcements do not get through. Addresses on our network that are
 * only said to be its own are then dialled once each: the dial shows whether it is there, and whether that is better.
 */
export class SaidNear {
  #tried = 0;
  #since: Millis = -Infinity;

  /** We are elsewhere now: what was tried before says nothing. */
  forget(): void {
    this.#since = -Infinity;
  }

  /** It is said to be there; the latest goes first. Waits after failures hold. `random`: in [0, 1). */
  tryAt(now: Millis, entries: readonly AddressEntry[], random: () => number): void {
    for (const entry of entries.toSorted((a, b) => b.lastSeen - a.lastSeen)) {
      if (entry.own || entry.isSaidNear || entry.isFresh(now)) continue;
      if (now - this.#since >= triesMs) [this.#tried, this.#since] = [0, now];
      if (this.#tried >= triesMost) return;
      this.#tried++;
      entry.isSaidNear = true;
      entry.isNoBetter = false;
      entry.nextAt = Math.max(entry.nextAt, now + random() * second);
    }
  }
}
