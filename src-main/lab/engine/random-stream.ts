import { invariant } from '#shared/assert.ts';

/**
 * A seeded stream of random numbers (xoshiro128**, Blackman and Vigna 2018), one per purpose: what one part draws never
 * changes what another gets, so that a new fault or a new option leaves the rest of a run as it was.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: any number below 2^53; `name`: the purpose, for example `arrival/17`. */
  constructor(seed: number, name: string) {
    let state = (seed ^ Math.floor(seed / 2 ** 32) ^ hashName(name)) | 0;
    // splitmix32 spreads the seed over the state; four zeros in a row, the one state to avoid, cannot come out of it.
    const spread = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = spread();
    this.#b = spread();
    this.#c = spread();
    this.#d = spread();
  }

  /** Uniform in 0 ≤ x < 1, as cores expect their random. */
  readonly next = (): number => {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return (result >>> 0) / 2 ** 32;
  };

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    invariant(count > 0, 'there is something to choose from');
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    // Nothing is drawn where nothing can happen: switching a fault off is the same as not having it.
    return probability > 0 && this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  shuffle(items: unknown[]): void {
    for (let left = items.length; left > 1; left--) {
      const at = this.below(left);
      const last = items[left - 1];
      items[left - 1] = items[at];
      items[at] = last;
    }
  }
}

/** FNV-1a over the name's characters. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash;
}
