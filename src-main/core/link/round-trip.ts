import { minute, second, type Millis } from '#shared/units.ts';

/** Share of a new sample in the smoothed round trip (RFC 6298 §2). */
const gain = 1 / 8;
/**
 * The same of one that is shorter. What makes a round trip longer is mostly not the path, but a program that was busy: the first ping of all, when both ends have just
 * come together, would else be seen for minutes, at one ping in 15 s.
 */
const gainDown = 1 / 2;
/** The shortest round trip of so many minutes is what the path takes without a queue (RFC 6817's BASE_HISTORY). */
const baseMinutes = 10;
/** The queue now is told from the samples of this time, and from so many at least … */
const currentMs = 0.6 * second;
const fewSamples = 4;
/** … that are not older than this. */
const oldMs = 2 * second;

interface Sample {
  at: Millis;
  ms: Millis;
}

/** Round-trip times out of pings and their answers; only the answer to the latest ping counts. */
export class RoundTrip {
  #nonce = 0;
  #sentAt: Millis | null = null;
  #smoothed: Millis | null = null;
  /** The latest samples, oldest first. */
  #latest: Sample[] = [];
  /** The shortest of each of the last minutes, oldest first. */
  #shortest: readonly { readonly minute: number; ms: Millis }[] = [];

  get smoothedMs(): Millis | null {
    return this.#smoothed;
  }

  /** For how long a ping has been waiting for its answer; null when none is. */
  waitingMs(now: Millis): Millis | null {
    return this.#sentAt === null ? null : now - this.#sentAt;
  }

  /** A ping goes out; gives the number it carries. */
  sent(now: Millis): number {
    this.#nonce = (this.#nonce + 1) >>> 0;
    this.#sentAt = now;
    return this.#nonce;
  }

  answered(now: Millis, nonce: number): void {
    if (this.#sentAt === null || nonce !== this.#nonce) return;
    const ms = Math.max(0, now - this.#sentAt);
    this.#sentAt = null;
    this.#smoothed = this.#smoothed === null ? ms : this.#smoothed + (ms < this.#smoothed ? gainDown : gain) * (ms - this.#smoothed);
    this.#note(now, ms);
    const newest = this.#shortest.at(-1);
    if (newest !== undefined && newest.minute === Math.floor(now / minute)) newest.ms = Math.min(newest.ms, ms);
    else this.#shortest = [...this.#shortest, { minute: Math.floor(now / minute), ms }].slice(-baseMinutes);
  }

  #note(at: Millis, ms: Millis): void {
    const samples = this.#latest;
    let old = 0;
    while (old <= samples.length - fewSamples && at - (samples[old]?.at ?? at) > currentMs) old++;
    const [oldest] = samples;
    if (old === 1 && oldest !== undefined) {
      // As on every link that says nothing: the oldest becomes the newest, so that a thousand of them leave no garbage.
      samples.copyWithin(0, 1);
      oldest.at = at;
      oldest.ms = ms;
      samples[samples.length - 1] = oldest;
    } else this.#latest = [...samples.slice(old), { at, ms }];
  }

  /**
   * By how much the round trip is longer now than the path without a queue takes: the second shortest of the latest
   * samples counts, so that neither one that slipped through nor some that waited for a busy program decide. Null while
   * nothing was measured lately.
   */
  queueMs(now: Millis): Millis | null {
    const samples = this.#samples(now);
    // A ping that is not answered yet takes at least as long as it has waited.
    const waiting = this.waitingMs(now);
    if (waiting !== null && samples.every((ms) => waiting > ms)) samples.push(waiting);
    const [first, current = first] = samples.sort((a, b) => a - b);
    return this.#aboveBase(now, current);
  }

  /** The same of the last sample alone: sooner to see a queue that grows, and sooner to be wrong. */
  risingMs(now: Millis): Millis | null {
    const latest = this.#samples(now).at(-1);
    return this.#aboveBase(now, latest === undefined ? undefined : Math.max(latest, this.waitingMs(now) ?? 0));
  }

  #samples(now: Millis): Millis[] {
    return this.#latest.filter(({ at }) => now - at <= oldMs).map(({ ms }) => ms);
  }

  #aboveBase(now: Millis, current: Millis | undefined): Millis | null {
    const base = Math.min(...this.#shortest.filter(({ minute: at }) => at > now / minute - baseMinutes - 1).map(({ ms }) => ms));
    return current === undefined || base === Infinity ? null : Math.max(0, current - base);
  }
}
