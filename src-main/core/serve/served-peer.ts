import type { Bytes, Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import { RateEstimator } from '../swarm/rate-estimator.ts';
import type { WantNumber } from './events.ts';

export interface Want {
  readonly number: WantNumber;
  readonly content: number | null;
  readonly piece: number;
  readonly bytes: Bytes;
}

/** Pieces that may be in the middle of being sent to one peer. */
const begunKept = 16;
/** A choked peer that asked for something this long ago is taken to be interested still. */
const interestMs = 120_000;

/** What the serve machine knows of one peer. */
export class ServedPeer {
  // What is looked at most comes first: it lies side by side in memory.
  readonly number: PeerNumber;
  #inService = 0;
  /** What its blocks in service count against the blocks at once. */
  weight = 0;
  isChoked = false;
  /** Bytes it was given, as turns count them. */
  turnBytes: Bytes = 0;
  /** It takes up one of the slots. */
  holdsSlot = false;
  readonly local: boolean;
  /** Its blocks in the order they were asked for: the first `inService` of them are being read or sent, the others wait. */
  readonly #wants: Want[] = [];
  #wantedAt: Millis | null = null;
  /** What was last begun, a ring. */
  readonly #begun: number[] = [];
  #nextBegun = 0;
  readonly sent: RateEstimator;
  readonly received: RateEstimator;
  receivedAt: Millis;
  readonly upAt: Millis;
  /** Since when it may begin pieces; meaningless while it is choked. */
  unchokedAt: Millis;
  /** Since when it waits; meaningless while it is not choked. */
  chokedAt: Millis;

  constructor(number: PeerNumber, local: boolean, now: Millis, rateWindowMs: Millis) {
    this.number = number;
    this.local = local;
    this.upAt = now;
    this.unchokedAt = now;
    this.chokedAt = now;
    this.receivedAt = now;
    this.sent = new RateEstimator(rateWindowMs);
    this.received = new RateEstimator(rateWindowMs);
  }

  get isIdle(): boolean {
    return this.#wants.length === 0;
  }

  /** How many of its blocks are being read or sent. */
  get inService(): number {
    return this.#inService;
  }

  /** How many wait. */
  get queued(): number {
    return this.#wants.length - this.#inService;
  }

  /** How many of those that wait have so few bytes. */
  waitingUpTo(bytes: Bytes): number {
    let count = 0;
    for (let at = this.#inService; at < this.#wants.length; at++) if ((this.#wants[at]?.bytes ?? Infinity) <= bytes) count++;
    return count;
  }

  /** Bytes of the blocks in service. */
  get bytesInService(): Bytes {
    let bytes = 0;
    for (let at = 0; at < this.#inService; at++) bytes += this.#wants[at]?.bytes ?? 0;
    return bytes;
  }

  /** A block is to wait; before all others that wait, if it is urgent. */
  enqueue(want: Want, isUrgent: boolean): void {
    if (isUrgent) this.#wants.splice(this.#inService, 0, want);
    else this.#wants.push(want);
  }

  /** The block that has waited longest is in service from now on. */
  beginNext(): Want | undefined {
    return this.queued === 0 ? undefined : this.#wants[this.#inService++];
  }

  /** Takes a waiting block out; returns whether it was there. */
  takeBack(number: WantNumber): boolean {
    const at = this.#find(number, this.#inService, this.#wants.length);
    return at >= 0 && this.#remove(at) !== undefined;
  }

  /** Takes all waiting blocks out of which the condition holds, the last one first. */
  *takeWaiting(condition: (want: Want) => boolean): IterableIterator<Want> {
    for (let at = this.#wants.length - 1; at >= this.#inService; at--) {
      const want = this.#wants[at];
      if (want === undefined || !condition(want)) continue;
      this.#remove(at);
      yield want;
    }
  }

  noteWant(now: Millis): void {
    this.#wantedAt = now;
  }

  wantedWithin(now: Millis, ms: Millis): boolean {
    return (this.#wantedAt !== null && now - this.#wantedAt < ms) || !this.isIdle;
  }

  /** It would take more if it could, as far as its requests tell. */
  seemsInterested(now: Millis, rechokeMs: Millis): boolean {
    return this.wantedWithin(now, this.isChoked ? interestMs : rechokeMs);
  }

  /** Takes a block in service out; undefined when it is not among them. */
  takeServed(number: WantNumber): Want | undefined {
    const at = this.#find(number, 0, this.#inService);
    if (at < 0) return undefined;
    this.#inService--;
    return this.#remove(at);
  }

  #find(number: WantNumber, from: number, to: number): number {
    for (let at = from; at < to; at++) if (this.#wants[at]?.number === number) return at;
    return -1;
  }

  #remove(at: number): Want | undefined {
    return at === 0 ? this.#wants.shift() : this.#wants.splice(at, 1)[0];
  }

  hasBegun(content: number | null, piece: number): boolean {
    return this.#begun.includes(keyOf(content, piece));
  }

  /** Notes that a piece goes out; returns whether it is a new one. */
  begin(content: number | null, piece: number): boolean {
    if (this.hasBegun(content, piece)) return false;
    this.#begun[this.#nextBegun] = keyOf(content, piece);
    this.#nextBegun = (this.#nextBegun + 1) % begunKept;
    return true;
  }
}

/** One number for a piece of a content. */
const keyOf = (content: number | null, piece: number): number => (content ?? -1) * 2 ** 32 + piece;
