import { second, minute } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** What comes within this time is one arrival. */
const togetherMs = 100;
const windowMs = 3 * second;
/** So many arrivals count, however long ago they were: on a slow line a piece takes many windows. */
const fewest = 5;
/** After a silence that is so much longer than the usual one nothing comes any more, and what comes then begins anew. */
const silences = 4;
const silentAfterMs = 10 * second;
/** Only the second one says how long one takes. */
const secondWithinMs = 5 * minute;

interface Arrival {
  bytes: Bytes;
  at: Millis;
  readonly begunAt: Millis;
}

/**
 * Bytes per second as people want to see them: the mean of the last three seconds, and where pieces come seldom, of the last few
 * of them. It stands still from one piece to the next, and falls only when the next one takes longer than usual.
 */
export class ShownRate {
  /** Oldest first. */
  #arrivals: Arrival[] = [];

  add(now: Millis, bytes: Bytes): void {
    if (this.#silentMs(now) > (this.#arrivals.length === 1 ? secondWithinMs : this.#patienceMs)) this.#arrivals = [];
    const last = this.#arrivals.at(-1);
    if (last !== undefined && now - last.begunAt < togetherMs) {
      last.bytes += bytes;
      last.at = now;
      return;
    }
    this.#arrivals.push({ bytes, at: now, begunAt: now });
    while (this.#arrivals.length > fewest && now - (this.#arrivals[0]?.at ?? now) > windowMs) this.#arrivals.shift();
  }

  /** Whole bytes per second; 0 before the first byte, and when nothing comes any more. */
  rate(now: Millis): number {
    const [first, ...others] = this.#arrivals;
    const silentMs = this.#silentMs(now);
    if (first === undefined || silentMs > this.#patienceMs) return 0;
    if (others.length === 0) return Math.ceil((1000 * first.bytes) / Math.max(silentMs, windowMs));
    const bytes = others.reduce((sum, arrival) => sum + arrival.bytes, 0);
    // What came first came before the time that is measured.
    return Math.ceil((1000 * bytes) / (this.#spanMs + Math.max(0, silentMs - this.#usualMs)));
  }

  #silentMs(now: Millis): Millis {
    return now - (this.#arrivals.at(-1)?.at ?? now);
  }

  get #spanMs(): Millis {
    return (this.#arrivals.at(-1)?.at ?? 0) - (this.#arrivals[0]?.at ?? 0);
  }

  /** From one arrival to the next. */
  get #usualMs(): Millis {
    return this.#spanMs / Math.max(1, this.#arrivals.length - 1);
  }

  get #patienceMs(): Millis {
    return Math.max(silentAfterMs, silences * this.#usualMs);
  }
}
