import { second, type Millis } from '#shared/units.ts';

const windowMs = 3 * second;
const sampleMs = second / 4;

/**
 * Bytes/s over the last seconds, out of a counter that is only looked at when somebody asks: counting costs the hot path
 * nothing. The counter is 0 when the meter is made.
 */
export class RateMeter {
  readonly #samples: { readonly at: Millis; readonly total: number }[];

  constructor(now: Millis) {
    // In one go: an array that grows makes room for many, and most links say nothing.
    this.#samples = [{ at: now, total: 0 }];
  }

  read(now: Millis, total: number): number {
    const newest = this.#samples.at(-1);
    if (newest === undefined || now - newest.at >= sampleMs) this.#samples.push({ at: now, total });
    // One sample older than the window stays: it is where the window begins.
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) >= windowMs) this.#samples.shift();
    const oldest = this.#samples[0];
    return oldest === undefined || now - oldest.at < sampleMs ? 0 : ((total - oldest.total) * second) / (now - oldest.at);
  }
}
