import type { Bytes, Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/events.ts';
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
const noContent = -1;
/** A choked peer that asked for something this long ago is taken to be interested still. */
const interestMs = 120_000;

/** What the serve machine knows of one peer. */
export class ServedPeer {
  readonly number: PeerNumber;
  readonly local: boolean;
  readonly upAt: Millis;
  /** Blocks that wait, in the order they were asked for. */
  readonly queue: Want[] = [];
  /** Blocks being read or sent, in the order they were begun. */
  readonly inService: Want[] = [];
  /** What they count against the blocks at once. */
  weight = 0;
  readonly sent: RateEstimator;
  readonly received: RateEstimator;
  isChoked = false;
  /** It takes up one of the slots. */
  holdsSlot = false;
  /** Since when it may begin pieces; meaningless while it is choked. */
  unchokedAt: Millis;
  /** Since when it waits; meaningless while it is not choked. */
  chokedAt: Millis;
  receivedAt: Millis;
  #wantedAt: Millis | null = null;
  /** Content and piece of what was last begun, side by side, a ring. */
  readonly #begun: number[] = [];
  #nextBegun = 0;

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
    return this.queue.length === 0 && this.inService.length === 0;
  }

  noteWant(now: Millis): void {
    this.#wantedAt = now;
  }

  wantedWithin(now: Millis, ms: Millis): boolean {
    return !this.isIdle || (this.#wantedAt !== null && now - this.#wantedAt < ms);
  }

  /** It would take more if it could, as far as its requests tell. */
  seemsInterested(now: Millis, rechokeMs: Millis): boolean {
    return this.wantedWithin(now, this.isChoked ? interestMs : rechokeMs);
  }

  /** Takes the block out of those in service; undefined when it is not among them. */
  takeServed(number: WantNumber): Want | undefined {
    const { inService } = this;
    // They end in the order they began, or nearly so: the first one it is, as a rule.
    for (let at = 0; at < inService.length; at++) {
      const want = inService[at];
      if (want?.number !== number) continue;
      if (at === 0) inService.shift();
      else inService.splice(at, 1);
      return want;
    }
    return undefined;
  }

  hasBegun(content: number | null, piece: number): boolean {
    const begun = this.#begun;
    // The one that was begun last is the likeliest.
    for (let back = 1; back <= begunKept; back++) {
      const at = 2 * ((this.#nextBegun + begunKept - back) % begunKept);
      if (begun[at + 1] === piece && begun[at] === (content ?? noContent)) return true;
    }
    return false;
  }

  /** Notes that a piece goes out; returns whether it is a new one. */
  begin(content: number | null, piece: number): boolean {
    if (this.hasBegun(content, piece)) return false;
    this.#begun[2 * this.#nextBegun] = content ?? noContent;
    this.#begun[2 * this.#nextBegun + 1] = piece;
    this.#nextBegun = (this.#nextBegun + 1) % begunKept;
    return true;
  }
}
