import { limits } from '#shared/limits.ts';
import { minute } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';

interface Bucket {
  tokens: number;
  filledAt: Millis;
}

/**
 * How much one address may make us do: a token bucket for each, filled at `perMinute`. The table is bounded; when it is
 * full the address that was quiet longest is forgotten, so forged senders cost memory only up to `addresses`.
 */
export class SourceLimiter {
  readonly #perMinute: number;
  readonly #addresses: number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number = limits.discovery.hintsPerAddressPerMinute, addresses: number = limits.discovery.hintsTable) {
    this.#perMinute = perMinute;
    this.#addresses = addresses;
  }

  /** Takes one token; false when the address has none left. */
  take(now: Millis, host: string): boolean {
    const known = this.#buckets.get(host);
    const bucket = known ?? { tokens: this.#perMinute, filledAt: now };
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + (Math.max(0, now - bucket.filledAt) * this.#perMinute) / minute);
    bucket.filledAt = now;
    this.#buckets.delete(host);
    this.#buckets.set(host, bucket);
    if (!known && this.#buckets.size > this.#addresses) for (const oldest of this.#buckets.keys()) { this.#buckets.delete(oldest); break; }
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
