import { KiB } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

const minBlockBytes = 16 * KiB;
/** Tokens saved up while idle: enough to keep the wire busy between two wakes, too little to be a burst. */
const burstMs = 100;

/**
 * The download limit: bytes are paid for when they are requested. A request may overdraw, and then the next one waits
 * until the debt is paid, so that the mean is exact at any block size.
 */
export class RequestRate {
  #bytesPerMs: number | null = null;
  #tokens = 0;
  #at: Millis = 0;

  set(now: Millis, bytesPerSecond: number | null): void {
    this.#refill(now);
    this.#bytesPerMs = bytesPerSecond === null ? null : Math.max(bytesPerSecond, 1) / 1000;
    this.#tokens = Math.min(this.#tokens, this.#burst());
  }

  mayAsk(now: Millis): boolean {
    if (this.#bytesPerMs === null) return true;
    this.#refill(now);
    return this.#tokens > 0;
  }

  /** Largest block that fits the limit's pace, in whole leaves. */
  maxBlock(): Bytes {
    return this.#bytesPerMs === null ? Infinity : Math.max(minBlockBytes, Math.floor(this.#burst() / minBlockBytes) * minBlockBytes);
  }

  pay(bytes: Bytes): void {
    if (this.#bytesPerMs !== null) this.#tokens -= bytes;
  }

  /** When the next request may go out; null when it may now. */
  nextAt(now: Millis): Millis | null {
    if (this.mayAsk(now) || this.#bytesPerMs === null) return null;
    return now + Math.ceil((1 - this.#tokens) / this.#bytesPerMs);
  }

  #burst(): number {
    return (this.#bytesPerMs ?? 0) * burstMs;
  }

  #refill(now: Millis): void {
    if (this.#bytesPerMs !== null) this.#tokens = Math.min(this.#burst(), this.#tokens + (now - this.#at) * this.#bytesPerMs);
    this.#at = now;
  }
}
