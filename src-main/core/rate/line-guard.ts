import type { Direction } from '#shared/model/limit.ts';
import { KiB, minute, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** What was seen of one link over the line that moves something. */
export interface LinkTraffic {
  /** What its round trip takes longer than without a queue; null when that is not known. */
  readonly queueMs: Millis | null;
  /** The same of the last moments: less sure. */
  readonly risingMs: Millis | null;
  /** Its usual round trip; null when that is not known. */
  readonly latencyMs: Millis | null;
  /** Payload bytes since the step before. */
  readonly down: Bytes;
  readonly up: Bytes;
}

/**
 * Time between steps, in turns: ten times a second, and unevenly, since a measurement at even intervals meets the blocks of
 * a slow transfer always or never.
 */
export const stepsMs: readonly Millis[] = [61, 113, 87, 139];
/** Who moves less than this fills no queue that matters. */
export const bulkBytesPerSecond = 16 * KiB;
/** Transfers yield, but never stop. */
const leastBytesPerSecond = 16 * KiB;
/** The rate is what moved in this time: several blocks. */
const rateMs = second;
/** Whoever moves less than this part of what it may is held back by something else. */
const usedPart = 0.8;
/** While a queue drains, this part of the rate goes on. */
const drainPart = 0.5;
/** A queue that takes longer to drain is not only ours. */
const longestDrainMs = 2 * second;
/** What was decreased has to show before the next decrease, besides the time the queue needs to drain. */
const decreaseShowsMs = second;
/** The rate falls by so much: [times the budget that the queue takes, part of the rate], and in between by what lies between. */
const decreases = [[1, 0.04], [3, 0.2], [10, 0.5]] as const;
/** While the queue is more than half of the budget, the rate falls by up to this part a second. */
const easing = 0.1;
/** Below what the line took when it was full last, the rate closes this part of the gap a second. */
const recovery = 0.4;
/** Besides, it grows by the first of these parts a second, twice as fast after every `doubledMs` without a queue, up to the second. */
const leastGrowth = 0.01;
const mostGrowth = 0.5;
/** Until a pace that was used up has filled the line, what that takes is a guess. */
const searchGrowth = 0.25;
const doubledMs = 2 * second;
/** A line of which nothing is known yet, or nothing lately, begins with this rate … */
const startBytesPerSecond = 128 * KiB;
/** … and gets twice as fast in this time and so many round trips, for as long as no queue shows (which it does a round trip later), … */
const startDoublesMs = 600;
const startDoublesTrips = 5;
/** … but no faster than so many times what moves: more might come at once. */
const aheadOfUse = 4;
/** A cap that is in nobody's way for this long is looked for anew from where it is. */
const unusedMs = 30 * second;
/** A line on which nothing moved for this long may be another line. */
const forgottenMs = 5 * minute;

/** Bytes/s of the last moments, out of what moved between steps. */
class RecentRate {
  readonly #steps: { readonly at: Millis; readonly bytes: Bytes }[] = [];

  add(now: Millis, bytes: Bytes): number {
    this.#steps.push({ at: now, bytes });
    // What the oldest step moved, it moved before the time that counts.
    while (this.#steps.length > 2 && now - (this.#steps[0]?.at ?? now) > rateMs) this.#steps.shift();
    const [oldest, ...others] = this.#steps;
    const passed = now - (oldest?.at ?? now);
    return passed === 0 ? 0 : (others.reduce((sum, step) => sum + step.bytes, 0) / passed) * second;
  }
}

function decreaseFor(times: number): number {
  const [one, three, ten] = decreases;
  const between = ([from, less]: readonly [number, number], [to, more]: readonly [number, number]): number => less + ((more - less) * (times - from)) / (to - from);
  return times < three[0] ? between(one, three) : times < ten[0] ? between(three, ten) : ten[1];
}

/** One direction of a line. */
class YieldingRate {
  /** Bytes/s once the queue is drained. */
  #pace: number = startBytesPerSecond;
  /** What the line takes has not been found since the start: it gets faster until a queue shows. */
  #isStarting = true;
  /** At the step before. */
  #risingMs: Millis | null = null;
  /** What the line took when it was full last. */
  #full = 0;
  #sure = false;
  #drainedAt: Millis = 0;
  #decreaseAt: Millis = 0;
  #calmSince: Millis | null = null;
  #neededAt: Millis = 0;
  #movedAt: Millis = 0;
  #at: Millis = 0;
  readonly #rate = new RecentRate();

  /** Bytes/s now. */
  get cap(): number {
    return this.#at >= this.#drainedAt ? this.#pace : Math.max(leastBytesPerSecond, this.#pace * drainPart);
  }

  get isStarting(): boolean {
    return this.#isStarting;
  }

  step(now: Millis, moved: Bytes, { queueMs, risingMs, latencyMs }: Omit<LinkTraffic, Direction>, budgetMs: Millis): void {
    const elapsed = Math.min(now - this.#at, second) / second;
    this.#at = now;
    const rate = this.#rate.add(now, moved);
    if (rate < bulkBytesPerSecond && this.#pace > bulkBytesPerSecond) {
      if (now - this.#movedAt > forgottenMs) [this.#pace, this.#isStarting] = [startBytesPerSecond, true];
      return;
    }
    this.#movedAt = now;
    if (this.#isStarting) return this.#start(now, elapsed, rate, risingMs, latencyMs ?? 0, budgetMs);
    if (queueMs === null) return;
    if (queueMs > budgetMs) return this.#decrease(now, rate, queueMs, budgetMs);
    if (now < this.#drainedAt) return;
    if (rate < usedPart * this.#pace && now >= this.#decreaseAt) {
      if (now - this.#neededAt > unusedMs) this.#isStarting = true;
      return;
    }
    this.#neededAt = now;
    this.#adjust(now, elapsed, this.#pace, 1 - (2 * queueMs) / budgetMs);
  }

  /** Until it is measured nothing gets faster; `risingMs` because a queue would be long before several measurements agree on it. */
  #start(now: Millis, elapsed: number, rate: number, risingMs: Millis | null, latencyMs: Millis, budgetMs: Millis): void {
    const before = this.#risingMs;
    this.#risingMs = risingMs;
    if (risingMs === null) return;
    // One may have waited for a busy program, here or there: nothing gets faster, but it is no queue yet.
    if (risingMs > budgetMs && (before ?? 0) > budgetMs) return this.#decrease(now, rate, Math.min(risingMs, before ?? 0), budgetMs);
    if (risingMs > budgetMs / 4) return;
    const faster = this.#pace * 2 ** ((elapsed * second) / (startDoublesMs + startDoublesTrips * latencyMs));
    this.#pace = Math.max(this.#pace, Math.min(faster, aheadOfUse * rate));
  }

  /** `room`: 1 without a queue, 0 at half of the budget, -1 at all of it. */
  #adjust(now: Millis, elapsed: number, pace: number, room: number): void {
    if (room <= 0) {
      this.#calmSince = null;
      this.#pace = Math.max(leastBytesPerSecond, pace * (1 + easing * room * elapsed));
      return;
    }
    this.#calmSince ??= now;
    const growth = Math.min(mostGrowth, (this.#sure ? leastGrowth : searchGrowth) * 2 ** ((now - this.#calmSince) / doubledMs));
    this.#pace = pace + room * elapsed * (recovery * Math.max(0, this.#full - pace) + growth * pace);
  }

  #decrease(now: Millis, rate: number, queueMs: Millis, budgetMs: Millis): void {
    this.#calmSince = null;
    this.#neededAt = now;
    // What began to wait before the last decrease had its effect says nothing about it.
    if (now < this.#decreaseAt || now - queueMs < this.#drainedAt) return;
    // A burst may have ended the start: then the line takes more, and that is looked for quickly.
    this.#sure = !this.#isStarting && rate >= usedPart * this.#pace;
    this.#isStarting = false;
    // A moment in which little moved, say because the machine was busy or all has just begun, is not what the line takes.
    this.#full = this.#sure ? this.#pace : Math.max(rate, this.#pace / 2);
    this.#pace = Math.max(leastBytesPerSecond, this.#full * (1 - decreaseFor(queueMs / budgetMs)));
    this.#drainedAt = now + Math.min(longestDrainMs, (queueMs - budgetMs / 2) / (1 - drainPart));
    this.#decreaseAt = this.#drainedAt + decreaseShowsMs;
  }
}

/**
 * Protects the round trip of a line: while the queue of our transfers takes longer than a budget, they get slower, each
 * direction by itself, and faster again when it does not. In the manner of LEDBAT (RFC 6817) with the delay as the target,
 * but set from what the line took while its queue stood: the queue is drained at half of that, and then the rate comes back
 * to it quickly, stays near it, and looks further ever faster (as CUBIC does, RFC 9438). A line of which that is not known
 * yet begins slowly and gets faster and faster until a queue shows (as TCP's slow start does, RFC 5681). A queue of our own line shows on
 * every link over it, one elsewhere only on some: so the shortest counts, of the links that move something. Pure: it is
 * told what was measured and says how fast is fast enough.
 */
export class LineGuard {
  readonly #directions = { down: new YieldingRate(), up: new YieldingRate() };
  #queueMs: Millis | null = null;

  /** Some times a second. `budgetMs`: what transfers may add to the round trip. */
  step(now: Millis, budgetMs: Millis, busy: readonly LinkTraffic[]): void {
    const shortest = (of: 'queueMs' | 'risingMs' | 'latencyMs'): Millis | null => {
      const known = busy.flatMap((link) => link[of] ?? []);
      return known.length === 0 ? null : Math.min(...known);
    };
    const path = { queueMs: shortest('queueMs'), risingMs: shortest('risingMs'), latencyMs: shortest('latencyMs') };
    this.#queueMs = path.queueMs;
    for (const direction of ['down', 'up'] as const) {
      const moved = busy.reduce((sum, link) => sum + link[direction], 0);
      this.#directions[direction].step(now, moved, path, budgetMs);
    }
  }

  /** How fast transfers may be, bytes/s. */
  cap(direction: Direction): number {
    return this.#directions[direction].cap;
  }

  /** Whether transfers yield to something: a cap that only waits to see what the line takes holds nothing back for long. */
  yields(direction: Direction): boolean {
    return !this.#directions[direction].isStarting;
  }

  /** What transfers add to the round trip now; null while nothing moves or nothing was measured. */
  get queueMs(): Millis | null {
    return this.#queueMs;
  }
}
