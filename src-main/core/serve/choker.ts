import type { Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import type { RateEstimator } from '../swarm/rate-estimator.ts';
import type { ServeSettings } from './events.ts';
import type { ServedPeer } from './served-peer.ts';

export interface ChokerOptions {
  readonly settings: ServeSettings;
  readonly random: () => number;
  readonly wantsFrom: (peer: PeerNumber) => boolean;
  /** All that goes out. */
  readonly total: RateEstimator;
  /** Whether we have something that the peer lacks. */
  readonly isInteresting: (peer: ServedPeer) => boolean;
}

/** New peers are this much likelier to be tried, so that they get something to give. */
const newPeerWeight = 3;
const isNewMs = 60_000;

/**
 * Chooses who may begin new pieces (BEP 3's choking). Peers on this network are choked only under a limit that the user
 * set; there are as many slots as the upload capacity can fill well, at least `slots`. Those
 * who give us most get them; while we only give, those who take fastest do, in turns. One slot tries somebody else.
 */
export class Choker {
  readonly #options: ChokerOptions;
  readonly #peers = new Set<ServedPeer>();
  #limit: number | null = null;
  /** Upload capacity as measured in rounds that were busy throughout, bytes/s. */
  #measured: number | null = null;
  #idle = true;
  #roundAt: Millis | null = null;
  #optimistic: ServedPeer | null = null;
  #optimisticUntil: Millis = 0;
  #choked = 0;

  constructor(options: ChokerOptions) {
    this.#options = options;
  }

  /** When the next round is due; null while nobody could be choked. */
  get nextRound(): Millis | null {
    return this.#roundAt;
  }

  get isChoking(): boolean {
    return this.#choked > 0;
  }

  peerUp(now: Millis, peer: ServedPeer): void {
    this.#peers.add(peer);
    if (!this.#isFree(peer)) this.#roundAt ??= now + this.#options.settings.rechokeMs;
  }

  /** A peer asks for a new piece: it takes a free slot, or has to wait for one. */
  asked(now: Millis, peer: ServedPeer, changed: (peer: ServedPeer) => void): void {
    if (this.#isFree(peer) || peer.holdsSlot) return;
    if (peer.isChoked) return this.fill(now, changed);
    peer.holdsSlot = true;
    if (this.#taken(now) > this.#slots) this.#set(now, peer, true, changed);
  }

  peerDown(now: Millis, peer: ServedPeer, changed: (peer: ServedPeer) => void): void {
    if (!this.#peers.delete(peer)) return;
    if (peer.isChoked) this.#choked--;
    peer.holdsSlot = false;
    if (this.#optimistic === peer) this.#optimistic = null;
    this.fill(now, changed);
  }

  /** For a moment nothing was on its way: the capacity is larger than what goes out. */
  wasIdle(): void {
    this.#idle = true;
  }

  setLimit(now: Millis, bytesPerSecond: number | null, changed: (peer: ServedPeer) => void): void {
    this.#limit = bytesPerSecond;
    this.#roundAt = now + this.#options.settings.rechokeMs;
    this.#choose(now, changed);
  }

  /** Gives free slots at once to those who wait for one. */
  fill(now: Millis, changed: (peer: ServedPeer) => void): void {
    if (this.#choked === 0) return;
    let free = this.#slots - this.#taken(now);
    if (free <= 0) return;
    for (const peer of this.#byMerit(now)) {
      if (!peer.isChoked) continue;
      peer.holdsSlot = true;
      this.#set(now, peer, false, changed);
      if (--free <= 0) return;
    }
  }

  round(now: Millis, changed: (peer: ServedPeer) => void): void {
    if (this.#roundAt === null || now < this.#roundAt) return;
    this.#measured = this.#idle ? null : this.#options.total.rate(now);
    this.#idle = false;
    this.#choose(now, changed);
    const anybody = [...this.#peers].some((peer) => !this.#isFree(peer));
    this.#roundAt = anybody ? now + this.#options.settings.rechokeMs : null;
  }

  get #slots(): number {
    const { slots, slotBytesPerSecond } = this.#options.settings;
    const capacity = this.#limit ?? this.#measured;
    // One more than what goes out explains: were it enough, the line would not be full, and would never be.
    return capacity === null ? slots : Math.max(slots, 1 + Math.floor(capacity / slotBytesPerSecond));
  }

  /** Never choked: there is bandwidth to spare. */
  #isFree(peer: ServedPeer): boolean {
    return peer.local && this.#limit === null;
  }

  #taken(now: Millis): number {
    let taken = 0;
    for (const peer of this.#peers) if (peer.holdsSlot && !this.#isFree(peer) && this.#isInterested(now, peer)) taken++;
    return taken;
  }

  #choose(now: Millis, changed: (peer: ServedPeer) => void): void {
    const { settings, random } = this.#options;
    const wanting = this.#byMerit(now);
    const chosen = new Set<ServedPeer>();
    const slots = this.#slots;
    const regular = wanting.length > slots ? slots - 1 : slots;
    for (const peer of wanting.slice(0, regular)) if (!this.#isSnubbed(now, peer)) chosen.add(peer);
    const left = wanting.filter((peer) => !chosen.has(peer));
    const tried = this.#optimistic;
    if (tried === null || now >= this.#optimisticUntil || !left.includes(tried)) {
      this.#optimistic = pickWeighted(left, (peer) => (now - peer.upAt < isNewMs ? newPeerWeight : 1), random);
      this.#optimisticUntil = now + settings.optimisticMs;
    }
    if (this.#optimistic !== null) chosen.add(this.#optimistic);
    // Those who snub us fill only what would stay empty.
    for (const peer of left) if (chosen.size < slots) chosen.add(peer);
    const choked = new Set(wanting.filter((peer) => !chosen.has(peer)));
    for (const peer of this.#peers) {
      peer.holdsSlot = chosen.has(peer);
      // Whoever wants nothing may ask when it does: only so we hear of it.
      this.#set(now, peer, choked.has(peer), changed);
    }
  }

  /** Those who would take something and may be choked, who deserves most first. */
  #byMerit(now: Millis): ServedPeer[] {
    const { turnMs } = this.#options.settings;
    const merit = new Map<ServedPeer, number>();
    for (const peer of this.#peers) {
      if (this.#isFree(peer) || !this.#isInterested(now, peer)) continue;
      const given = peer.received.rate(now);
      merit.set(peer, given > 0 ? 2 + given : meritOfTaker(now, peer, turnMs));
    }
    return [...merit.keys()].sort((a, b) => (merit.get(b) ?? 0) - (merit.get(a) ?? 0));
  }

  #isInterested(now: Millis, peer: ServedPeer): boolean {
    return peer.seemsInterested(now, this.#options.settings.rechokeMs) || this.#options.isInteresting(peer);
  }

  #isSnubbed(now: Millis, peer: ServedPeer): boolean {
    return now - peer.receivedAt >= this.#options.settings.snubbedAfterMs && this.#options.wantsFrom(peer.number);
  }

  #set(now: Millis, peer: ServedPeer, choked: boolean, changed: (peer: ServedPeer) => void): void {
    if (peer.isChoked === choked) return;
    peer.isChoked = choked;
    this.#choked += choked ? 1 : -1;
    if (choked) {
      peer.holdsSlot = false;
      peer.chokedAt = now;
    } else {
      peer.unchokedAt = now;
    }
    changed(peer);
  }
}

/**
 * Who gives us nothing is served in turns: those who have their turn keep it, the fastest first, then whoever waited
 * longest, then who had a turn already. Below 2, so that whoever gives comes first.
 */
function meritOfTaker(now: Millis, peer: ServedPeer, turnMs: Millis): number {
  if (peer.isChoked) return 1 - 1 / (1 + now - peer.chokedAt);
  return now - peer.unchokedAt >= turnMs ? -1 : 2 - 1 / (1 + peer.sent.rate(now));
}

function pickWeighted<T>(all: readonly T[], weightOf: (one: T) => number, random: () => number): T | null {
  let at = random() * all.reduce((sum, one) => sum + weightOf(one), 0);
  for (const one of all) {
    at -= weightOf(one);
    if (at < 0) return one;
  }
  return all.at(-1) ?? null;
}
