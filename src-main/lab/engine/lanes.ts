import { invariant } from '#shared/assert.ts';
import type { Micros, TimerHandle } from './event-wheel.ts';
import { noParcel, type Parcel, type Parcels } from './parcels.ts';

export type NodeNumber = number;
/** One direction of a link; `lane ^ 1` is the way back. */
export type LaneNumber = number;

// A lane is eight times and eight numbers, each side by side: one or two cache lines instead of a dozen objects.
const strideBits = 3;
const messagesUntilAt = 0;
const blocksUntilAt = 1;
const remainingAt = 2;
const countedAtAt = 3;
const finishAt = 4;
const rateAt = 5;

const fromAt = 0;
const toAt = 1;
const latencyAt = 2;
const isUpAt = 3;
const isCutAt = 4;
const lifeAt = 5;
const firstAt = 6;
const lastAt = 7;

const noTimer: TimerHandle = -1;

/** What the network knows of each lane: both its ends, whether it is up, and the queue of its blocks. */
export class Lanes {
  readonly #parcels: Parcels;
  #times = new Float64Array(64 << strideBits);
  #facts = new Int32Array(64 << strideBits);
  #count = 0;

  constructor(parcels: Parcels) {
    this.#parcels = parcels;
  }

  add(from: NodeNumber, to: NodeNumber): LaneNumber {
    const lane = this.#count++;
    if (this.#count << strideBits > this.#facts.length) this.#grow();
    this.#times[(lane << strideBits) + finishAt] = noTimer;
    this.#facts[(lane << strideBits) + fromAt] = from;
    this.#facts[(lane << strideBits) + toAt] = to;
    this.#facts[(lane << strideBits) + firstAt] = noParcel;
    this.#facts[(lane << strideBits) + lastAt] = noParcel;
    return lane;
  }

  check(lane: LaneNumber): void {
    invariant(lane >= 0 && lane < this.#count, 'the lane exists');
  }

  from(lane: LaneNumber): NodeNumber { return this.#fact(lane, fromAt); }
  to(lane: LaneNumber): NodeNumber { return this.#fact(lane, toAt); }
  latency(lane: LaneNumber): Micros { return this.#fact(lane, latencyAt); }
  isUp(lane: LaneNumber): boolean { return this.#fact(lane, isUpAt) === 1; }
  /** Cut by a partition: nothing passes, nobody knows yet. */
  isCut(lane: LaneNumber): boolean { return this.#fact(lane, isCutAt) === 1; }
  /** Counts how often the link went down: what was on its way then never arrives. */
  life(lane: LaneNumber): number { return this.#fact(lane, lifeAt); }
  /** The first block of the queue is on the wire. */
  first(lane: LaneNumber): Parcel { return this.#fact(lane, firstAt); }

  up(lane: LaneNumber, latency: Micros): void {
    const base = lane << strideBits;
    this.#facts[base + isUpAt] = 1;
    this.#facts[base + isCutAt] = 0;
    this.#facts[base + latencyAt] = latency;
  }

  down(lane: LaneNumber): void {
    const base = lane << strideBits;
    this.#facts[base + isUpAt] = 0;
    this.#facts[base + lifeAt] = this.#fact(lane, lifeAt) + 1;
    for (let parcel = this.first(lane); parcel !== noParcel;) {
      const next = this.#parcels.next(parcel);
      this.#parcels.release(parcel);
      parcel = next;
    }
    this.#facts[base + firstAt] = noParcel;
    this.#facts[base + lastAt] = noParcel;
  }

  setCut(lane: LaneNumber, isCut: boolean): void {
    this.#facts[(lane << strideBits) + isCutAt] = isCut ? 1 : 0;
  }

  push(lane: LaneNumber, parcel: Parcel): void {
    const base = lane << strideBits;
    const last = this.#fact(lane, lastAt);
    if (last === noParcel) this.#facts[base + firstAt] = parcel;
    else this.#parcels.setNext(last, parcel);
    this.#facts[base + lastAt] = parcel;
  }

  shift(lane: LaneNumber): Parcel {
    const parcel = this.first(lane);
    invariant(parcel !== noParcel, 'a block is on the wire');
    this.#remove(lane, noParcel, parcel);
    return parcel;
  }

  /** Takes the block whose second number is `b` out, unless it is on the wire already, and returns it. */
  takeBack(lane: LaneNumber, b: number): Parcel {
    let before = this.first(lane);
    if (before === noParcel) return noParcel;
    for (let parcel = this.#parcels.next(before); parcel !== noParcel; parcel = this.#parcels.next(parcel)) {
      if (this.#parcels.b(parcel) === b) {
        this.#remove(lane, before, parcel);
        return parcel;
      }
      before = parcel;
    }
    return noParcel;
  }

  /** When a message or a block that needs `delay` arrives: not before what was sent before it. */
  messageDue(lane: LaneNumber, at: Micros): Micros { return this.#due(lane, messagesUntilAt, at); }
  blockDue(lane: LaneNumber, at: Micros): Micros { return this.#due(lane, blocksUntilAt, at); }

  /** Bytes of the first block that have not left yet, as of when they were counted last. */
  remaining(lane: LaneNumber): number { return this.#times[(lane << strideBits) + remainingAt] ?? 0; }

  begin(lane: LaneNumber, bytes: number): void {
    this.#times[(lane << strideBits) + remainingAt] = bytes;
  }

  /** Bytes that leave in a microsecond now. */
  rate(lane: LaneNumber): number { return this.#times[(lane << strideBits) + rateAt] ?? 0; }

  setRate(lane: LaneNumber, rate: number): void {
    this.#times[(lane << strideBits) + rateAt] = rate;
  }

  countFrom(lane: LaneNumber, now: Micros): void {
    this.#times[(lane << strideBits) + countedAtAt] = now;
  }

  /** What left since the last count, at the lane's rate. */
  count(lane: LaneNumber, now: Micros): void {
    this.#times[(lane << strideBits) + remainingAt] = this.remainingAt(lane, now);
    this.countFrom(lane, now);
  }

  /** Bytes of the first block that will not have left by then, at the lane's rate. */
  remainingAt(lane: LaneNumber, now: Micros): number {
    return Math.max(0, this.remaining(lane) - this.rate(lane) * (now - (this.#times[(lane << strideBits) + countedAtAt] ?? 0)));
  }

  /** When the first block will have left; null: it is not known, or there is none. */
  finish(lane: LaneNumber): TimerHandle | null {
    const finish = this.#times[(lane << strideBits) + finishAt] ?? noTimer;
    return finish === noTimer ? null : finish;
  }

  setFinish(lane: LaneNumber, finish: TimerHandle | null): void {
    this.#times[(lane << strideBits) + finishAt] = finish ?? noTimer;
  }

  #fact(lane: LaneNumber, at: number): number {
    return this.#facts[(lane << strideBits) + at] ?? 0;
  }

  #due(lane: LaneNumber, which: number, at: Micros): Micros {
    const due = Math.max(this.#times[(lane << strideBits) + which] ?? 0, at);
    this.#times[(lane << strideBits) + which] = due;
    return due;
  }

  #remove(lane: LaneNumber, before: Parcel, parcel: Parcel): void {
    const base = lane << strideBits;
    const next = this.#parcels.next(parcel);
    if (before === noParcel) this.#facts[base + firstAt] = next;
    else this.#parcels.setNext(before, next);
    if (next === noParcel) this.#facts[base + lastAt] = before;
    this.#parcels.setNext(parcel, noParcel);
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const facts = new Int32Array(this.#facts.length * 2);
    facts.set(this.#facts);
    this.#facts = facts;
  }
}
