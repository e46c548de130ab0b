import { invariant } from '#shared/assert.ts';

/** Virtual time: whole microseconds since the start of a run, below 2^53. */
export type Micros = number;
/** Names a scheduled event until it fires or is cancelled; later it names nothing, so that cancelling it again is harmless. */
export type TimerHandle = number;

const digitBits = 11;
const slotsPerLevel = 1 << digitBits;
const digitMask = slotsPerLevel - 1;
/** Two digits of a time lie in its low word, the others in its high word: whole numbers of 32 bits are quick. */
const wordSpan = 2 ** (2 * digitBits);
const levels = 5;
const wordsPerLevel = slotsPerLevel / 32;
const summaryPerLevel = wordsPerLevel / 32;

// An event is eight numbers side by side: one or two cache lines, and no object.
const stride = 8;
const nextAt = 0;
const previousAt = 1;
const lowAt = 2;
const highAt = 3;
/** Slot in the low 16 bits, kind above. */
const placeAt = 4;
const firstAt = 5;
const secondAt = 6;
const generationAt = 7;

const none = -1;
/** A handle is generation × span + event, and stays below 2^53. */
const handleSpan = 2 ** 24;
const generationMask = 2 ** 28 - 1;

/**
 * The queue of a discrete-event simulation: events come out by time, and those of one instant in the order they were put
 * in. A hierarchical timing wheel (Varghese and Lauck 1987) over the digits of the time in base 2048: an event lies at the
 * level of the highest digit in which it differs from the wheel's position, and moves down when the wheel gets there.
 * Everything is O(1), nothing is allocated per event, and the order needs no comparison: equal times always lie in the
 * same list, in the order of arrival, because a list moves down before anything can be put behind it.
 */
export class EventWheel {
  /** Time of the event that came out last, or the limit the last `next` went to. */
  now: Micros = 0;
  /** What came out last. */
  kind = 0;
  first = 0;
  second = 0;
  #events: Int32Array;
  #capacity: number;
  #free = 0;
  #pending = 0;
  readonly #head = new Int32Array(levels * slotsPerLevel).fill(none);
  readonly #tail = new Int32Array(levels * slotsPerLevel).fill(none);
  readonly #occupied = new Int32Array(levels * wordsPerLevel);
  readonly #summary = new Int32Array(levels * summaryPerLevel);
  /** Position: never later than `now`. */
  #low = 0;
  #high = 0;

  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.#events = new Int32Array(capacity * stride);
    this.#freeFrom(0);
  }

  get pending(): number {
    return this.#pending;
  }

  /**
   * Puts an event in. `at`: from `now` on, fractions are cut off; `kind`: 0…32767; `first` and `second`: 32-bit numbers
   * for whoever handles it.
   */
  schedule(at: Micros, kind: number, first: number, second: number): TimerHandle {
    invariant(at >= this.now && at <= Number.MAX_SAFE_INTEGER, 'an event lies in the future');
    if (this.#free === none) this.#grow();
    const event = this.#free;
    const base = event * stride;
    const events = this.#events;
    this.#free = events[base + nextAt] ?? none;
    const high = Math.floor(at / wordSpan) | 0;
    events[base + lowAt] = (at - high * wordSpan) | 0;
    events[base + highAt] = high;
    events[base + placeAt] = kind << 16;
    events[base + firstAt] = first;
    events[base + secondAt] = second;
    this.#link(event);
    this.#pending++;
    return (events[base + generationAt] ?? 0) * handleSpan + event;
  }

  /** Returns whether it was still to come. */
  cancel(handle: TimerHandle): boolean {
    const generation = Math.floor(handle / handleSpan);
    const event = handle - generation * handleSpan;
    if (event >= this.#capacity || this.#events[event * stride + generationAt] !== generation) return false;
    const place = (this.#events[event * stride + placeAt] ?? 0) & 0xffff;
    this.#unlink(event, place);
    this.#release(event);
    return true;
  }

  /**
   * Takes the next event out, if it is not later than `limit`: `now`, `kind`, `first` and `second` tell which. Otherwise
   * returns false, and `now` is `limit`, when that is finite.
   */
  next(limit: Micros = Infinity): boolean {
    for (;;) {
      const slot = this.#firstSlot(0, this.#low & digitMask);
      if (slot !== none) return this.#takeOut(slot, limit);
      if (!this.#descend(limit)) {
        if (limit !== Infinity) this.now = Math.max(this.now, limit);
        return false;
      }
    }
  }

  #takeOut(slot: number, limit: Micros): boolean {
    const low = (this.#low & ~digitMask) | slot;
    const at = this.#high * wordSpan + low;
    if (at > limit) {
      this.now = Math.max(this.now, limit);
      return false;
    }
    this.#low = low;
    this.now = at;
    const event = this.#head[slot] ?? none;
    const base = event * stride;
    const events = this.#events;
    this.kind = (events[base + placeAt] ?? 0) >> 16;
    this.first = events[base + firstAt] ?? 0;
    this.second = events[base + secondAt] ?? 0;
    this.#unlink(event, slot);
    this.#release(event);
    return true;
  }

  /** Goes to the next occupied block of a higher level and spreads its events over the levels below. */
  #descend(limit: Micros): boolean {
    for (let level = 1; level < levels; level++) {
      const digit = this.#firstSlot(level, this.#digit(level));
      if (digit === none) continue;
      const low = level === 1 ? digit << digitBits : 0;
      const high = level === 1 ? this.#high : highFrom(this.#high, level, digit);
      if (high * wordSpan + low > limit) return false;
      this.#low = low;
      this.#high = high;
      this.#spread(level * slotsPerLevel + digit);
      return true;
    }
    return false;
  }

  #spread(place: number): void {
    let event = this.#head[place] ?? none;
    this.#head[place] = none;
    this.#tail[place] = none;
    this.#clearBit(place);
    while (event !== none) {
      const following = this.#events[event * stride + nextAt] ?? none;
      this.#link(event);
      event = following;
    }
  }

  /** The wheel's position in a level. */
  #digit(level: number): number {
    if (level === 1) return this.#low >> digitBits;
    return (this.#high >> ((level - 2) * digitBits)) & digitMask;
  }

  #placeOf(low: number, high: number): number {
    const differs = high ^ this.#high;
    if (differs === 0) return (low ^ this.#low) < slotsPerLevel ? low & digitMask : slotsPerLevel + (low >> digitBits);
    if (differs < slotsPerLevel) return 2 * slotsPerLevel + (high & digitMask);
    if (differs < wordSpan) return 3 * slotsPerLevel + ((high >> digitBits) & digitMask);
    return 4 * slotsPerLevel + (high >> (2 * digitBits));
  }

  #link(event: number): void {
    const base = event * stride;
    const events = this.#events;
    const place = this.#placeOf(events[base + lowAt] ?? 0, events[base + highAt] ?? 0);
    const last = this.#tail[place] ?? none;
    events[base + placeAt] = ((events[base + placeAt] ?? 0) & ~0xffff) | place;
    events[base + previousAt] = last;
    events[base + nextAt] = none;
    this.#tail[place] = event;
    if (last !== none) events[last * stride + nextAt] = event;
    else {
      this.#head[place] = event;
      const word = place >> 5;
      this.#occupied[word] = (this.#occupied[word] ?? 0) | (1 << (place & 31));
      this.#summary[word >> 5] = (this.#summary[word >> 5] ?? 0) | (1 << (word & 31));
    }
  }

  #unlink(event: number, place: number): void {
    const events = this.#events;
    const following = events[event * stride + nextAt] ?? none;
    const previous = events[event * stride + previousAt] ?? none;
    if (previous === none) this.#head[place] = following;
    else events[previous * stride + nextAt] = following;
    if (following === none) this.#tail[place] = previous;
    else events[following * stride + previousAt] = previous;
    if (previous === none && following === none) this.#clearBit(place);
  }

  #clearBit(place: number): void {
    const word = place >> 5;
    const left = (this.#occupied[word] ?? 0) & ~(1 << (place & 31));
    this.#occupied[word] = left;
    if (left === 0) this.#summary[word >> 5] = (this.#summary[word >> 5] ?? 0) & ~(1 << (word & 31));
  }

  /** The first occupied slot of a level from a digit on. */
  #firstSlot(level: number, from: number): number {
    const firstWord = level * wordsPerLevel;
    let word = from >> 5;
    const here = (this.#occupied[firstWord + word] ?? 0) & (-1 << (from & 31));
    if (here !== 0) return (word << 5) + lowestBit(here);
    word++;
    const firstSummary = level * summaryPerLevel;
    for (let part = word >> 5; part < summaryPerLevel; part++) {
      let words = this.#summary[firstSummary + part] ?? 0;
      if (part === word >> 5) words &= -1 << (word & 31);
      if (words === 0) continue;
      const found = (part << 5) + lowestBit(words);
      return (found << 5) + lowestBit(this.#occupied[firstWord + found] ?? 0);
    }
    return none;
  }

  #release(event: number): void {
    const base = event * stride;
    this.#events[base + generationAt] = ((this.#events[base + generationAt] ?? 0) + 1) & generationMask;
    this.#events[base + nextAt] = this.#free;
    this.#free = event;
    this.#pending--;
  }

  #grow(): void {
    const before = this.#capacity;
    invariant(before < handleSpan, 'too many events are pending');
    this.#capacity = Math.min(before * 2, handleSpan);
    const events = new Int32Array(this.#capacity * stride);
    events.set(this.#events);
    this.#events = events;
    this.#freeFrom(before);
  }

  #freeFrom(from: number): void {
    for (let event = from; event < this.#capacity; event++) this.#events[event * stride + nextAt] = event + 1 < this.#capacity ? event + 1 : none;
    this.#free = from;
  }
}

/** The high word with the digit of a level replaced and all digits below it zero. */
function highFrom(high: number, level: number, digit: number): number {
  const shift = (level - 2) * digitBits;
  const above = level === levels - 1 ? 0 : high & ~((1 << (shift + digitBits)) - 1);
  return above | (digit << shift);
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
