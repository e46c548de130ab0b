import type { Millis } from '#shared/units.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * What each of many may ask for: a token bucket for everybody. The table is bounded: when it is full, who was quiet longest is forgotten,
 * and begins anew with a full bucket.
 */
export class Allowances {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #most: number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burst: number, most: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#most = most;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes `cost` tokens. 0 when they were there, else how many milliseconds until they will be; then nothing is taken. */
  take(now: Millis, key: string, cost: number): Millis {
    const bucket = this.#of(now, key);
    return bucket.take(now, cost) ? 0 : Math.max(1, bucket.waitMs(now, cost));
  }

  /** Takes them even when they are not there, for what has been done already: a debt of one burst at most. */
  charge(now: Millis, key: string, cost: number): void {
    const bucket = this.#of(now, key);
    bucket.charge(now, Math.max(0, Math.min(cost, bucket.available(now) + this.#burst)));
  }

  #of(now: Millis, key: string): TokenBucket {
    const known = this.#buckets.get(key);
    const bucket = known ?? new TokenBucket(this.#perSecond, this.#burst, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (known === undefined && this.#buckets.size > this.#most) for (const oldest of this.#buckets.keys()) { this.#buckets.delete(oldest); break; }
    return bucket;
  }
}
