import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** How long the slow ones keep to their half after a fast peer found no room. */
const contestedMs = 10 * second;

/**
 * Buffers of pieces on their way, up to a limit. A piece from a slow peer holds its buffer for a long time, so a crowd of
 * slow peers would leave none to a fast one: when that happens, they keep to half of it.
 */
export class Room {
  readonly limit: Bytes;
  used: Bytes = 0;
  /** Part of `used` that holds half pieces nobody is at: it makes way for others. */
  #aside: Bytes = 0;
  #slow: Bytes = 0;
  #contestedUntil: Millis = -Infinity;

  constructor(limit: Bytes) {
    this.limit = limit;
  }

  /** What holds pieces that are on their way or being written. */
  get busy(): Bytes {
    return this.used - this.#aside;
  }

  /** Whether there is room, or would be without what lies aside. One piece always fits, however large. */
  fits(now: Millis, bytes: Bytes, isSlow: boolean): boolean {
    if (this.busy === 0) return true;
    if (this.busy + bytes > this.limit) return false;
    return !isSlow || now >= this.#contestedUntil || this.#slow + bytes <= this.limit / 2;
  }

  take(bytes: Bytes, isSlow: boolean): void {
    this.used += bytes;
    if (isSlow) this.#slow += bytes;
  }

  free(bytes: Bytes, isSlow: boolean): void {
    this.take(-bytes, isSlow);
  }

  /** What was taken holds half a piece from now on. */
  setAside(bytes: Bytes, isSlow: boolean): void {
    this.free(bytes, isSlow);
    this.used += bytes;
    this.#aside += bytes;
  }

  freeAside(bytes: Bytes): void {
    this.used -= bytes;
    this.#aside -= bytes;
  }

  /** Something that lies aside has to make way for so much more. */
  isCrowded(bytes: Bytes): boolean {
    return this.#aside > 0 && this.used + bytes > this.limit;
  }

  get isHeldBySlow(): boolean {
    return this.#slow > this.limit / 2;
  }

  /** A fast peer found no room: what slow ones have too much of is given up, or lately was. */
  contest(now: Millis): void {
    if (this.isHeldBySlow || now < this.#contestedUntil) this.#contestedUntil = now + contestedMs;
  }
}
