import type { Millis } from '#shared/units.ts';

/**
 * Bytes per second over roughly the last `windowMs`, as an exponentially weighted mean: old bytes fade, nothing is
 * stored per sample.
 */
export class RateEstimator {
  readonly #windowMs: Millis;
  #bytes = 0;
  #since: Millis | null = null;
  #at: Millis = 0;

  constructor(windowMs: Millis) {
    this.#windowMs = windowMs;
  }

  add(now: Millis, bytes: number): void {
    this.#fade(now);
    this.#since ??= now;
    this.#bytes += bytes;
  }

  /** Bytes per second; 0 before the first byte. */
  rate(now: Millis): number {
    this.#fade(now);
    if (this.#since === null) return 0;
    // Until a whole window has passed, the mean is over the time there was, and at least a tenth of the window.
    const span = Math.min(this.#windowMs, Math.max(now - this.#since, this.#windowMs / 10));
    return (this.#bytes / span) * 1000;
  }

  #fade(now: Millis): void {
    const passed = now - this.#at;
    this.#at = now;
    if (passed <= 0 || this.#bytes === 0) return;
    this.#bytes *= Math.exp(-passed / this.#windowMs);
    if (this.#bytes < 1) {
      this.#bytes = 0;
      this.#since = null;
    }
  }
}
