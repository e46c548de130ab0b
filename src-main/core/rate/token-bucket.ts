import type { Millis } from '#shared/units.ts';

/**
 * A bucket that fills at a steady rate up to `burst`; taking more than it holds has to wait. Serves requests (one token
 * each) as well as bytes. Time is an argument: milliseconds of any clock that does not run backwards.
 */
export class TokenBucket {
  #perSecond: number;
  #burst: number;
  #level: number;
  #at: Millis;

  /** Starts full. `perSecond` and `burst` are positive. */
  constructor(perSecond: number, burst: number, now: Millis) {
    if (!(perSecond > 0) || !(burst > 0)) throw new Error('a token bucket needs a positive rate and burst');
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  /** Takes `amount` if it is there. */
  take(now: Millis, amount = 1): boolean {
    this.#fill(now);
    if (this.#level < amount) return false;
    this.#level -= amount;
    return true;
  }

  /** Takes `amount` even when it is not there; later takers wait for the debt. For bytes that have already gone. */
  charge(now: Millis, amount: number): void {
    this.#fill(now);
    this.#level -= amount;
  }

  /** Milliseconds until `amount` (at most the burst) can be taken; 0 when it is there. */
  waitMs(now: Millis, amount = 1): Millis {
    this.#fill(now);
    const missing = Math.min(amount, this.#burst) - this.#level;
    return missing <= 0 ? 0 : (missing / this.#perSecond) * 1000;
  }

  /** How much could be taken now; negative while there is a debt. */
  available(now: Millis): number {
    this.#fill(now);
    return this.#level;
  }

  /** Changes the rate; what is in the bucket stays, down to the new burst. */
  setRate(now: Millis, perSecond: number, burst: number): void {
    if (!(perSecond > 0) || !(burst > 0)) throw new Error('a token bucket needs a positive rate and burst');
    this.#fill(now);
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#level = Math.min(this.#level, burst);
  }

  #fill(now: Millis): void {
    const elapsed = Math.max(0, now - this.#at);
    this.#at = Math.max(this.#at, now);
    this.#level = Math.min(this.#burst, this.#level + (elapsed / 1000) * this.#perSecond);
  }
}
