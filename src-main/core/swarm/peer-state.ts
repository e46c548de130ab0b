import { KiB, MiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { limits } from '#shared/limits.ts';
import { RateEstimator } from './rate-estimator.ts';
import { isOpen, openStride, type Fetch } from './fetch.ts';
import type { Arrivals } from './options.ts';
import type { SwarmEvent } from './events.ts';
import type { FileNumber, PeerNumber, RequestNumber } from './numbers.ts';

/** What is asked for at once of a slow peer: fewer bytes cost both ends more turns than they save. */
const minBlockBytes = 64 * KiB;
const firstWindowBytes = 1 * MiB;
/** A peer that owes bytes and sends none for this long has stalled. */
const stallMs = 8 * second;
/** Whoever was looked at so lately is not looked at again for the sake of others: the less time, the less it says. */
const lookedLatelyMs = 1 * second;
/** Each stall in a row doubles that, up to this: the path may be slower than anybody thought. */
const mostPatienceMs = 32 * second;
/** Nobody else could give meanwhile what a stalled peer has, so little is won by waiting; but in a crowd that waits for one line, others get their turn. */
const onlySourceRestMs = 1 * second;
/** A block that is still owed so long after a later one came was not sent, or hangs on a dead connection. */
const passedMs = 3 * second;
/** A slow peer that was measured has this much to send, so that few pieces lie around half-finished. */
const minWindowBytes = 2 * minBlockBytes;
/** How much is asked for at once. */
interface Pace {
  /** What is asked for at once of a peer that nobody has measured. */
  readonly firstBlockBytes: Bytes;
  /** Longest time one block should occupy the wire, so that control messages and cancels are not held up. */
  readonly blockMs: Millis;
  /** Requests in flight cover the round trip plus this, so that the sender always has the next one at hand. */
  readonly queueMs: Millis;
  /** A piece that a peer would rather have us fetch elsewhere is not asked of it for this long. */
  readonly avoidMs: Millis;
}
const farPace: Pace = { firstBlockBytes: minBlockBytes, blockMs: 100, queueMs: 100, avoidMs: 2 * second };
/**
 * On a LAN nothing waits behind a block, and each costs both ends a turn: whole pieces from the first on, also from a peer that shares its line with many.
 * Who has a piece is news at once, and a whole file takes seconds.
 */
const nearPace: Pace = { firstBlockBytes: limits.link.bulkPayloadBytes, blockMs: 1 * second, queueMs: 250, avoidMs: 250 };
/** The window may be this much larger than the measured rate needs, so that it can find out that the path takes more. */
const headroom = 1.25;
const measuredAfterMs = 250;
/** Blocks that are lost within this time were on the same connection. */
const oneLossMs = 50;
const rateWindowMs = 2 * second;
/** Whoever sent no byte for this long is not called a giver: half of what counts as silence. */
const givesWithinMs = stallMs / 2;
const none: readonly Fetch[] = [];
/** So many wrong pieces, and it gets no more requests. */
export const strikesToBan = 2;

/** What the machine knows of one peer: how much it may have in flight, how fast it delivers, how it behaved. */
export class PeerState {
  // What is looked at most comes first: it lies side by side in memory.
  readonly number: PeerNumber;
  inFlightBytes: Bytes = 0;
  inFlightRequests = 0;
  strikes = 0;
  isResting = false;
  /** It lets us begin no new piece. */
  isChoking = false;
  #windowBytes: Bytes = firstWindowBytes;
  /** The one of its fetches that is not requested to its end; another one begins only when it is. */
  asking: Fetch | null = null;
  /** In the order they began. Never changed, but replaced: there are few, and they are looked at for every block. */
  fetches: readonly Fetch[] = none;
  /** Null: nothing. */
  #avoided: Map<FileNumber, Set<number>> | null = null;
  /** The block it owes that later ones have overtaken, and since when. */
  #passed: RequestNumber | null = null;
  #passedAt: Millis = 0;
  /** Last time it delivered, was asked while idle, or sent bytes as far as one knows. */
  #activeAt: Millis = 0;
  /** When it was looked at last, and how much had come then of the blocks it owed. */
  #lookedAt: Millis = 0;
  #movedBytes: Bytes = 0;
  /** Stalls in a row; each doubles the pause. */
  stalls = 0;
  readonly #pace: Pace;
  latencyMs: Millis;
  readonly delivered = new RateEstimator(rateWindowMs);
  /** How fast it was when it delivered last. */
  #lastRate = 0;
  #firstDelivery: Millis | null = null;
  /** When its last whole block came. */
  #deliveredAt: Millis = -Infinity;
  /** When a connection last took blocks with it. */
  #lostAt: Millis | null = null;
  /** All stalls since it is up. */
  late = 0;
  /** Gets no requests before this instant. */
  restUntil: Millis = 0;
  /** Until then it is not asked for the pieces in `#avoided`. */
  avoidUntil: Millis = 0;

  constructor({ peer, latencyMs, local = false, strikes = 0 }: Extract<SwarmEvent, { type: 'peer-up' }>) {
    this.number = peer;
    this.latencyMs = latencyMs;
    this.strikes = strikes;
    this.#pace = local ? nearPace : farPace;
  }

  get isBanned(): boolean {
    return this.strikes >= strikesToBan;
  }

  mayAsk(): boolean {
    return (
      (this.asking !== null || !this.isChoking) && !this.isBanned && !this.isResting && this.inFlightBytes < this.#windowBytes &&
      this.inFlightRequests < limits.transfer.requestsInFlightPerPeer
    );
  }

  /** Block length that takes about the pace's `blockMs` at the measured rate: a power of two from 64 KiB to the frame limit. */
  blockBytes(now: Millis): Bytes {
    if (this.stalls > 0) return minBlockBytes;
    if (this.#firstDelivery === null) return this.#pace.firstBlockBytes;
    const wanted = (this.delivered.rate(now) * this.#pace.blockMs) / 1000;
    let bytes = minBlockBytes;
    while (bytes * 2 <= wanted && bytes < limits.link.bulkPayloadBytes) bytes *= 2;
    return bytes;
  }

  addFetch(fetch: Fetch): void {
    this.fetches = [...this.fetches, fetch];
  }

  removeFetch(fetch: Fetch): void {
    if (!this.fetches.includes(fetch)) return;
    this.fetches = this.fetches.length === 1 ? none : this.fetches.filter((other) => other !== fetch);
  }

  /** It owes something from now on, or something else. */
  noteAsked(now: Millis): void {
    this.#activeAt = now;
    this.#lookedAt = now;
    this.#movedBytes = 0;
  }

  noteDelivery(now: Millis, bytes: Bytes, request: RequestNumber): void {
    this.#firstDelivery ??= now;
    this.#deliveredAt = now;
    this.#noteOrder(now, request);
    this.noteAsked(now);
    this.stalls = 0;
    this.#lostAt = null;
    this.delivered.add(now, bytes);
    this.#lastRate = this.delivered.rate(now);
    // As TCP's slow start: every delivery widens the window, until the measured rate says what the path can use.
    const grown = this.#windowBytes + bytes;
    const measured = now - this.#firstDelivery > measuredAfterMs;
    const useful = measured ? Math.max(minWindowBytes, (headroom * this.#lastRate * (this.latencyMs + this.#pace.queueMs)) / 1000) : grown;
    this.#windowBytes = Math.floor(Math.min(grown, useful, limits.transfer.requestWindowBytes));
  }

  /** Bytes/s to expect of it; 0 when nobody has measured it. Silence counts against it only while it owes something. */
  expectedRate(now: Millis): number {
    return this.inFlightRequests === 0 ? this.#lastRate : this.delivered.rate(now);
  }

  /** It owed bytes for too long. It is left alone for a while, longer after each stall (`isOnlySource`: for a moment), and then asked for less, with more patience. */
  noteStall(now: Millis, isOnlySource = false): void {
    this.stalls++;
    this.late++;
    // If it was not dead but slow, it must be able to answer this time.
    this.#windowBytes = minBlockBytes;
    this.isResting = true;
    this.restUntil = now + (isOnlySource ? onlySourceRestMs : Math.min(5 * second * 2 ** this.stalls, 60 * second));
  }

  /** Whether bytes came lately, also of a block that is still on its way. */
  isGiving(now: Millis, arrivals: Arrivals): boolean {
    if (now - this.#deliveredAt < givesWithinMs) return true;
    for (const { open } of this.fetches) {
      for (let at = 0; at < open.length; at += openStride) {
        const request = open[at] ?? 0;
        if (arrivals.moved(request, this.number) > 0 && arrivals.quietMs(request, this.number) < givesWithinMs) return true;
      }
    }
    return false;
  }

  /** Nothing that time changes: it owes nothing, and is asked as usual. */
  get isQuiet(): boolean {
    return this.inFlightRequests === 0 && !this.isResting && this.#avoided === null && this.#passed === null;
  }

  /** When it will have stalled, unless bytes came that nobody has looked for yet. */
  get stallsAt(): Millis {
    const silent = this.#activeAt + Math.min(stallMs * 2 ** this.stalls, mostPatienceMs);
    return this.#passed === null ? silent : Math.min(silent, this.#passedAt + passedMs);
  }

  /**
   * A large block on a slow line takes long, and is no stall while its bytes come. Each look serves everybody, also who is
   * not due, so that they need none of their own soon.
   */
  hasStalled(now: Millis, arrivals: Arrivals): boolean {
    if (now < this.#lookedAt + lookedLatelyMs && now < this.stallsAt) return false;
    let moved = 0;
    let movedAt = this.#activeAt;
    for (const { open } of this.fetches) {
      for (let at = 0; at < open.length; at += openStride) {
        const request = open[at] ?? 0;
        const bytes = arrivals.moved(request, this.number);
        if (bytes === 0) continue;
        moved += bytes;
        const cameAt = now - arrivals.quietMs(request, this.number);
        movedAt = Math.max(movedAt, cameAt);
        if (request === this.#passed) this.#passedAt = Math.max(this.#passedAt, cameAt);
      }
    }
    const enough = ((now - this.#lookedAt) / 1000) * limits.link.minFrameBytesPerSecond;
    if (moved - this.#movedBytes > enough) this.#activeAt = movedAt;
    this.#movedBytes = moved;
    this.#lookedAt = now;
    return now >= this.stallsAt;
  }

  /** A block came. It gives blocks in the order they were asked for, or nearly so. */
  #noteOrder(now: Millis, came: RequestNumber): void {
    const oldest = this.#oldestOpen();
    if (oldest === null || oldest > came) this.#passed = null;
    else if (oldest !== this.#passed) {
      this.#passed = oldest;
      this.#passedAt = now;
    }
  }

  /** A connection has ended with blocks on it. Whose connections end again without a block between is left alone for a while. */
  noteLost(now: Millis): void {
    if (this.#lostAt !== null && now - this.#lostAt > oneLossMs) this.noteStall(now);
    this.#lostAt ??= now;
  }

  #oldestOpen(): RequestNumber | null {
    for (const { open } of this.fetches) if (open[0] !== undefined) return open[0];
    return null;
  }

  /** It gives this piece to others already and would rather give us another one. */
  avoid(now: Millis, file: FileNumber, piece: number): void {
    if (this.#avoided === null) {
      this.#avoided = new Map();
      // From the first of them on: whoever is sent away again and again must not wait for ever for what it asked for first.
      this.avoidUntil = now + this.#pace.avoidMs;
    }
    const pieces = this.#avoided.get(file);
    if (pieces === undefined) this.#avoided.set(file, new Set([piece]));
    else pieces.add(piece);
  }

  /** Pieces of a file that it is not asked for now, or null. */
  avoided(file: FileNumber): ReadonlySet<number> | null {
    return this.#avoided?.get(file) ?? null;
  }

  /** Ends pauses that are over, and the wait for a block that was overtaken when it has been given up for another reason. */
  timePasses(now: Millis): void {
    const passed = this.#passed;
    if (passed !== null && !this.fetches.some((fetch) => isOpen(fetch, passed))) this.#passed = null;
    if (now >= this.avoidUntil) this.#avoided = null;
    if (now >= this.restUntil) this.isResting = false;
  }

  get isAvoiding(): boolean {
    return this.#avoided !== null;
  }
}
