import type { Direction } from '#shared/model/limit.ts';
import { KiB, minute, second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';

/** What was seen of one link over the line. */
export interface LinkTraffic {
  /** What its round trip takes longer than without a queue; null when that is not known. */
  readonly queueMs: Millis | null;
  /** Payload bytes/s. */
  readonly down: number;
  readonly up: number;
}

/** Who moves less than this fills no queue that matters. */
export const bulkBytesPerSecond = 16 * KiB;
/** Transfers yield, but never stop. */
const leastBytesPerSecond = 16 * KiB;
/** The rate falls by at most this part at once, when the queue takes three times the budget or more. */
const mostDecrease = 0.4;
/** What was decreased has to show before the next decrease, besides the time the queue needs to drain. */
const decreaseShowsMs = second / 2;
/** While the queue stays far below the budget, the rate may grow by this part a second, after a while faster. */
const growth = 0.15;
const fastGrowth = 0.6;
const fastAfterMs = 3 * second;
/** A cap that is in nobody's way for this long is taken off. */
const unusedMs = 30 * second;
/** So is one of a line on which nothing moved for this long: it may be another line. */
const forgottenMs = 5 * minute;

/** One direction of a line. */
class YieldingRate {
  /** Bytes/s, or null for no limit. */
  cap: number | null = null;
  #decreaseAt: Millis = 0;
  #calmSince: Millis | null = null;
  #neededAt: Millis = 0;
  #movedAt: Millis = 0;
  #at: Millis = 0;

  step(now: Millis, rate: number, queueMs: Millis | null, budgetMs: Millis): void {
    const elapsed = Math.min(now - this.#at, second) / second;
    this.#at = now;
    if (rate < bulkBytesPerSecond) {
      if (now - this.#movedAt > forgottenMs) this.cap = null;
      return;
    }
    this.#movedAt = now;
    if (queueMs === null) return;
    if (queueMs > budgetMs) return this.#decrease(now, rate, queueMs, budgetMs);
    if (queueMs > budgetMs / 4) this.#calmSince = null;
    else this.#calmSince ??= now;
    if (this.cap === null) return;
    if (rate < 0.7 * this.cap) {
      if (now - this.#neededAt > unusedMs) this.cap = null;
      return;
    }
    this.#neededAt = now;
    const gain = this.#calmSince !== null && now - this.#calmSince >= fastAfterMs ? fastGrowth : growth;
    this.cap *= 1 + gain * elapsed * (1 - queueMs / budgetMs);
  }

  #decrease(now: Millis, rate: number, queueMs: Millis, budgetMs: Millis): void {
    this.#calmSince = null;
    this.#neededAt = now;
    if (now < this.#decreaseAt) return;
    const before = this.cap === null ? rate : Math.min(this.cap, 1.25 * rate);
    const over = Math.min(1, (queueMs - budgetMs) / (2 * budgetMs));
    this.cap = Math.max(leastBytesPerSecond, before * (1 - mostDecrease * over));
    this.#decreaseAt = now + decreaseShowsMs + Math.min(queueMs, second);
  }
}

/**
 * Protects the round trip of a line: while the queue of our transfers takes longer than a budget, they get slower, each
 * direction by itself, and faster again when it does not (in the manner of LEDBAT, RFC 6817, with the delay as the target
 * and a decrease in proportion). A queue of our own line shows on every link over it, one elsewhere only on some: so the
 * shortest counts, of the links that move something. Pure: it is told what was measured and says how fast is fast enough.
 */
export class LineGuard {
  readonly #directions = { down: new YieldingRate(), up: new YieldingRate() };
  #queueMs: Millis | null = null;

  /** Some times a second. `budgetMs`: what transfers may add to the round trip. */
  step(now: Millis, budgetMs: Millis, links: readonly LinkTraffic[]): void {
    const busy = links.filter(({ down, up }) => down >= bulkBytesPerSecond || up >= bulkBytesPerSecond);
    const queues = busy.flatMap(({ queueMs }) => queueMs ?? []);
    this.#queueMs = queues.length === 0 ? null : Math.min(...queues);
    for (const direction of ['down', 'up'] as const) {
      const rate = busy.reduce((sum, link) => sum + link[direction], 0);
      this.#directions[direction].step(now, rate, this.#queueMs, budgetMs);
    }
  }

  /** How fast transfers may be, bytes/s; null: as fast as they can. */
  cap(direction: Direction): number | null {
    return this.#directions[direction].cap;
  }

  /** What transfers add to the round trip now; null while nothing moves or nothing was measured. */
  get queueMs(): Millis | null {
    return this.#queueMs;
  }
}
