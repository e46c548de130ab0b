import type { Millis } from '#shared/units.ts';

/** Share of a new sample in the smoothed round trip (RFC 6298 §2). */
const gain = 1 / 8;

/** Smoothed round-trip time out of pings and their answers; only the answer to the latest ping counts. */
export class RoundTrip {
  #nonce = 0;
  #sentAt: Millis | null = null;
  #smoothed: Millis | null = null;

  get smoothedMs(): Millis | null {
    return this.#smoothed;
  }

  /** A ping goes out; gives the number it carries. */
  sent(now: Millis): number {
    this.#nonce = (this.#nonce + 1) >>> 0;
    this.#sentAt = now;
    return this.#nonce;
  }

  answered(now: Millis, nonce: number): void {
    if (this.#sentAt === null || nonce !== this.#nonce) return;
    const sample = Math.max(0, now - this.#sentAt);
    this.#sentAt = null;
    this.#smoothed = this.#smoothed === null ? sample : this.#smoothed + gain * (sample - this.#smoothed);
  }
}
