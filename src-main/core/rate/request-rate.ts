import { KiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

const minBlockBytes = 16 * KiB;
/** Tokens saved up while idle: enough to keep the wire busy between two wakes, too little to be a burst. */
const usualBurstMs = 100;
/** A limit that made somebody wait this lately is what holds the transfer back. */
const bindsForMs = 2 * second;

/**
 * One limit: bytes are paid for when they are requested, or before they are sent. A request may overdraw, and then the
 * next one waits until the debt is paid, so that the mean is exact at any block size.
 */
export class RequestRate {
  readonly #burstMs: Millis;
  #bytesPerMs: number | null = null;
  #tokens = 0;
  #at: Millis = 0;
  #deniedAt: Millis | null = null;
  /** Somebody was told to wait since the last `forgetWaiting`. */
  #waits = false;

  /** `burstMs`: no block takes longer at this pace, but for the smallest ones. */
  constructor(burstMs: Millis = usualBurstMs) {
    this.#burstMs = burstMs;
  }

  set(now: Millis, bytesPerSecond: number | null): void {
    this.#refill(now);
    this.#bytesPerMs = bytesPerSecond === null ? null : Math.max(bytesPerSecond, 1) / 1000;
    this.#tokens = Math.min(this.#tokens, this.#burst());
  }

  /** Infinity without a limit. */
  get bytesPerSecond(): number {
    return this.#bytesPerMs === null ? Infinity : 1000 * this.#bytesPerMs;
  }

  mayAsk(now: Millis): boolean {
    if (this.#bytesPerMs === null) return true;
    this.#refill(now);
    if (this.#tokens > 0) return true;
    this.#deniedAt = now;
    this.#waits = true;
    return false;
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
    if (this.#bytesPerMs === null) return null;
    this.#refill(now);
    return this.#tokens > 0 ? null : now + Math.ceil((1 - this.#tokens) / this.#bytesPerMs);
  }

  /** When to look again because somebody waits for this limit; null while nobody does. */
  wake(now: Millis): Millis | null {
    return this.#waits ? this.nextAt(now) ?? now : null;
  }

  forgetWaiting(): void {
    this.#waits = false;
  }

  /** Whether it makes somebody wait, or did in the last moments. */
  binds(now: Millis): boolean {
    if (this.#bytesPerMs === null || this.#deniedAt === null) return false;
    return now - this.#deniedAt < bindsForMs || (this.#waits && this.nextAt(now) !== null);
  }

  #burst(): number {
    return (this.#bytesPerMs ?? 0) * this.#burstMs;
  }

  #refill(now: Millis): void {
    if (this.#bytesPerMs !== null) this.#tokens = Math.min(this.#burst(), this.#tokens + (now - this.#at) * this.#bytesPerMs);
    this.#at = now;
  }
}
