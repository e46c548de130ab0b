import type { Bytes, Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import { RequestRate } from './request-rate.ts';

/** The lines of this device: to its own network, and from there to everywhere else. */
export type Line = 'near' | 'far';
/** For whom a limit holds: everybody together, everybody behind a line, or one peer. */
export type RateScope = 'all' | Line | PeerNumber;
/** Which limit holds a peer back. */
export type Binding = 'all' | 'line' | 'peer';

/** A line's limit protects the round trip, so no block may fill the line for longer than this. */
const lineBurstMs = 25;

/**
 * Every limit on one direction: a byte has to pass the one for all, the one of its peer's line and the one of the peer
 * itself, so that the strictest wins. A peer that waits for its own limit holds up nobody else.
 */
export class RateGate {
  readonly #all = new RequestRate();
  readonly #lines = { near: new RequestRate(lineBurstMs), far: new RequestRate(lineBurstMs) };
  readonly #peers = new Map<PeerNumber, RequestRate>();
  readonly #lineOf = new Map<PeerNumber, RequestRate>();
  /** Somebody was told to wait since the last `forgetWaiting`. */
  #waits = false;
  /** There is a limit at all: without one, which is usual, nothing is looked up. */
  #isLimited = false;

  /** `line` null: what goes to this peer leaves this machine by no line. */
  peerUp(peer: PeerNumber, line: Line | null): void {
    if (line !== null) this.#lineOf.set(peer, this.#lines[line]);
  }

  peerDown(peer: PeerNumber): void {
    this.#lineOf.delete(peer);
    if (this.#peers.delete(peer)) this.#noteLimits();
  }

  /** Bytes/s, or null for no limit. */
  set(now: Millis, scope: RateScope, bytesPerSecond: number | null): void {
    if (scope === 'all') this.#all.set(now, bytesPerSecond);
    else if (scope === 'near' || scope === 'far') this.#lines[scope].set(now, bytesPerSecond);
    else if (bytesPerSecond === null) this.#peers.delete(scope);
    else {
      const rate = this.#peers.get(scope) ?? new RequestRate();
      this.#peers.set(scope, rate);
      rate.set(now, bytesPerSecond);
    }
    this.#noteLimits();
  }

  /** Whether the limit for all lets anything through now. */
  isOpen(now: Millis): boolean {
    return !this.#isLimited || this.#all.mayAsk(now) || this.#toldToWait();
  }

  /** Whether this peer's own limits let something through now; `isOpen` is asked before. */
  admits(now: Millis, peer: PeerNumber): boolean {
    return !this.#isLimited || (this.#lineOf.get(peer)?.mayAsk(now) !== false && this.#peers.get(peer)?.mayAsk(now) !== false) || this.#toldToWait();
  }

  /** Largest block that fits the pace of every limit. */
  maxBlock(peer: PeerNumber): Bytes {
    if (!this.#isLimited) return Infinity;
    return Math.min(this.#all.maxBlock(), this.#lineOf.get(peer)?.maxBlock() ?? Infinity, this.#peers.get(peer)?.maxBlock() ?? Infinity);
  }

  /** The strictest of the limits that hold for this peer, bytes/s; Infinity without one. */
  limitOf(peer: PeerNumber): number {
    return Math.min(this.#all.bytesPerSecond, this.#lineOf.get(peer)?.bytesPerSecond ?? Infinity, this.#peers.get(peer)?.bytesPerSecond ?? Infinity);
  }

  /** Less than nothing gives back what was paid for bytes that did not have to travel. */
  pay(peer: PeerNumber, bytes: Bytes): void {
    if (!this.#isLimited) return;
    this.#all.pay(bytes);
    this.#lineOf.get(peer)?.pay(bytes);
    this.#peers.get(peer)?.pay(bytes);
  }

  /** Whether what others share with this peer is used up now: its own limit does not count. */
  isSpent(now: Millis, peer: PeerNumber): boolean {
    return this.#isLimited && (this.#all.nextAt(now) !== null || (this.#lineOf.get(peer)?.nextAt(now) ?? null) !== null);
  }

  /** Time passed: whoever still has to wait says so again. */
  forgetWaiting(): void {
    if (!this.#waits) return;
    this.#waits = false;
    for (const rate of this.#rates()) rate.forgetWaiting();
  }

  /** When to look again because somebody waits for a limit; null while nobody does. */
  nextWake(now: Millis): Millis | null {
    if (!this.#waits) return null;
    let wake: Millis | null = null;
    for (const rate of this.#rates()) {
      const at = rate.wake(now);
      if (at !== null) wake = wake === null ? at : Math.min(wake, at);
    }
    return wake;
  }

  /** The limit that held this peer back in the last moments, the closest to it first; null when none did. */
  bindingOf(now: Millis, peer: PeerNumber): Binding | null {
    if (this.#peers.get(peer)?.binds(now) === true) return 'peer';
    if (this.#lineOf.get(peer)?.binds(now) === true) return 'line';
    return this.#all.binds(now) ? 'all' : null;
  }

  #noteLimits(): void {
    this.#isLimited = [...this.#rates()].some((rate) => rate.bytesPerSecond !== Infinity);
  }

  #toldToWait(): false {
    this.#waits = true;
    return false;
  }

  *#rates(): IterableIterator<RequestRate> {
    yield this.#all;
    yield this.#lines.near;
    yield this.#lines.far;
    yield* this.#peers.values();
  }
}
