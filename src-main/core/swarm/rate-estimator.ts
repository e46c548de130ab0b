import type { Millis } from '#shared/units.ts';

/**
 * Bytes per second over roughly the last `windowMs`, as an exponentially weighted mean: old bytes fade, nothing is
 * stored per sample.
 */
export class RateEstimator {
  readonly #windowMs: Millis;
  #bytes = 0;
  /** When the first byte came of those that have not faded. */
  #since: Millis = 0;
  #at: Millis = 0;

  constructor(windowMs: Millis) {
    this.#windowMs = windowMs;
  }

  add(now: Millis, bytes: number): void {
    // Whole bytes: what is no fraction lies within the object, and this is called for every block.
    const left = Math.round(this.#left(now));
    if (left === 0) this.#since = now;
    this.#at = now;
    this.#bytes = left + bytes;
  }

  /** Whole bytes per second; 0 before the first byte. */
  rate(now: Millis): number {
    const left = this.#left(now);
    if (left === 0) return 0;
    // Until a whole window has passed, the mean is over the time there was, and at least a tenth of the window.
    const span = Math.min(this.#windowMs, Math.max(now - this.#since, this.#windowMs / 10));
    return Math.ceil((left / span) * 1000);
  }

  /** What has not faded by now; 0 when it is less than a byte. */
  #left(now: Millis): number {
    const passed = now - this.#at;
    if (passed <= 0 || this.#bytes === 0) return this.#bytes;
    const left = this.#bytes * Math.exp(-passed / this.#windowMs);
    return left < 1 ? 0 : left;
  }
}
