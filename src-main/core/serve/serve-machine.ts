import { assertNever } from '#shared/assert.ts';
import { limits } from '#shared/limits.ts';
import { KiB, MiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { RateGate } from '../rate/rate-gate.ts';
import { RateEstimator } from '../swarm/rate-estimator.ts';
import type { Contents } from '../swarm/content.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import { Choker } from './choker.ts';
import type { ServeEvent, ServeSettings, ServeSink } from './events.ts';
import { ServedPeer, type Want } from './served-peer.ts';

/** So many blocks may always be on their way, and beyond that what goes out in this time. */
const fewBlocks = 4;
const ahead = 500;
/** Of so many small blocks one counts as a whole one: they are read in trips of many, which must not be short. */
const smallToABlock = 16;
const smallBytes = 64 * KiB;

/** So much more than the others a peer may be given in a row. */
const mostSavedUp = 1 * MiB;

/** What a block counts against `blocksAtOnce`, in small ones. */
const weightOf = (bytes: Bytes): number => (bytes <= smallBytes ? 1 : smallToABlock);

/** What one peer waits for. */
export interface ServedStanding {
  readonly choked: boolean;
  /** Its blocks that wait for their turn, and those on their way; and how many of all peers are on their way. */
  readonly queued: number;
  readonly inService: number;
  readonly inServiceOfAll: number;
}

export interface ServeOptions {
  readonly settings: ServeSettings;
  /** Shared with the machine that downloads them. */
  readonly contents: Contents;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  /** Whether we would take something from this peer now. */
  readonly wantsFrom: (peer: PeerNumber) => boolean;
}

/**
 * Decides who is given which block next. Peers take turns: the next one is who was given least, so that all get as many bytes,
 * whatever the size of the blocks they ask for (start-time fair queueing); while uploading is what everybody waits for,
 * only some of them may begin new pieces (`Choker`), and a piece that others have or get already gives way to one that
 * nobody else has, so that a single source sends little more than one copy. It sees numbers and lengths only.
 *
 * Invariants: every want is served, refused or taken back exactly once; no more than `blocksAtOnce` are in service, but
 * for one block of each peer; what is sent keeps to the limit.
 */
export class ServeMachine {
  readonly #settings: ServeSettings;
  readonly #contents: Contents;
  readonly #peers = new Map<PeerNumber, ServedPeer>();
  /** Peers with waiting blocks. */
  readonly #turns: ServedPeer[] = [];
  /** The most that anybody had been given, as turns count it, when its turn came. */
  #turnBytes: Bytes = 0;
  /** What may go out. */
  readonly rates = new RateGate();
  readonly #total: RateEstimator;
  readonly #choker: Choker;
  /** What went out in the last moments. */
  readonly #recent = new RateEstimator(2 * second);
  #inService = 0;
  #inServiceBytes: Bytes = 0;
  #weight = 0;
  /** Peers with waiting blocks and none in service. */
  #idle = 0;

  constructor({ settings, contents, random, wantsFrom }: ServeOptions) {
    this.#settings = settings;
    this.#contents = contents;
    this.#total = new RateEstimator(settings.rateWindowMs);
    this.#choker = new Choker({ settings, random, wantsFrom, total: this.#total, isInteresting: (peer) => this.#isInteresting(peer) });
  }

  step(now: Millis, event: ServeEvent, out: ServeSink): void {
    switch (event.type) {
      case 'peer-up': {
        const peer = new ServedPeer(event.peer, event.local, now, this.#settings.rateWindowMs);
        this.#peers.set(event.peer, peer);
        this.rates.peerUp(event.peer, event.line ?? null);
        this.#choker.peerUp(now, peer);
        return;
      }
      case 'peer-down': {
        const peer = this.#peers.get(event.peer);
        if (peer === undefined) return;
        this.#peers.delete(event.peer);
        this.rates.peerDown(event.peer);
        this.#leaveTurns(peer);
        this.#inService -= peer.inService;
        this.#weight -= peer.weight;
        this.#inServiceBytes -= peer.bytesInService;
        this.#choker.peerDown(now, peer, this.#changed(out));
        break;
      }
      case 'wanted': return this.#wanted(now, event, out);
      case 'unwanted': {
        const peer = this.#peers.get(event.peer);
        if (peer?.takeBack(event.want) === true && peer.queued === 0) this.#leaveTurns(peer);
        return;
      }
      case 'served': {
        const peer = this.#peers.get(event.peer);
        const want = peer?.takeServed(event.want);
        if (peer === undefined || want === undefined) return;
        if (isIdle(peer)) this.#idle++;
        this.#inService--;
        this.#weigh(peer, -weightOf(want.bytes));
        this.#inServiceBytes -= want.bytes;
        // The limit is one of the line: what did not have to travel, or was taken back before, is given back.
        this.rates.pay(peer.number, event.bytes - want.bytes);
        this.#recent.add(now, event.bytes);
        peer.sent.add(now, event.bytes);
        this.#total.add(now, event.bytes);
        if (this.#inService === 0) this.#choker.wasIdle();
        break;
      }
      case 'news':
        this.#choker.fill(now, this.#changed(out));
        return;
      case 'upload-limit':
        this.rates.set(now, event.scope ?? 'all', event.bytesPerSecond);
        // Slots go by what everybody shares, and only that limit is a wish of the user for everybody.
        if (event.scope === undefined || event.scope === 'all') this.#choker.setLimit(now, event.bytesPerSecond, this.#changed(out));
        break;
      case 'tick':
        this.rates.forgetWaiting();
        this.#choker.round(now, this.#changed(out));
        break;
      default: assertNever(event);
    }
    this.#pump(now, out);
  }

  /** A peer gave us bytes: tit for tat. Called for every block, so it is no event. */
  received(now: Millis, number: PeerNumber, bytes: Bytes): void {
    const peer = this.#peers.get(number);
    if (peer === undefined) return;
    peer.received.add(now, bytes);
    peer.receivedAt = now;
  }

  /** When to step with a `tick` if nothing else happens; null: not at all. */
  nextWake(now: Millis): Millis | null {
    const round = this.#choker.nextRound;
    const paid = this.rates.nextWake(now);
    return round === null || paid === null ? round ?? paid : Math.min(round, paid);
  }

  /** Bytes/s that go out to a peer. */
  sentRate(now: Millis, peer: PeerNumber): number {
    return this.#peers.get(peer)?.sent.rate(now) ?? 0;
  }

  isChoked(peer: PeerNumber): boolean {
    return this.#peers.get(peer)?.isChoked ?? false;
  }

  /** How things stand for one peer, to find out what holds it up; null when it is not up. */
  standing(number: PeerNumber): ServedStanding | null {
    const peer = this.#peers.get(number);
    if (peer === undefined) return null;
    return { choked: peer.isChoked, queued: peer.queued, inService: peer.inService, inServiceOfAll: this.#inService };
  }

  #wanted(now: Millis, { peer: number, want, content, piece, bytes }: Extract<ServeEvent, { type: 'wanted' }>, out: ServeSink): void {
    const peer = this.#peers.get(number);
    if (peer === undefined) return out.refuse(number, want, 'busy');
    peer.noteWant(now);
    if (peer.queued >= this.#settings.wantsPerPeer) return out.refuse(number, want, 'busy');
    const isQuestion = this.#isQuestion(peer, bytes);
    if (!isQuestion && !peer.hasBegun(content, piece)) {
      this.#choker.asked(now, peer, this.#changed(out));
      if (peer.isChoked) return out.refuse(number, want, 'choked');
      const shared = content === null ? undefined : this.#contents.get(content);
      if (shared?.isBetterElsewhere(piece) === true && this.#isScarce(now, peer) && shared.sendAway(piece, number)) return out.refuse(number, want, 'elsewhere');
      peer.begin(content, piece);
      shared?.give(piece, number);
    }
    peer.enqueue({ number: want, content, piece, bytes }, isQuestion);
    if (peer.queued === 1) {
      this.#turns.push(peer);
      // While it wanted nothing it saved nothing up.
      peer.turnBytes = Math.max(peer.turnBytes, this.#turnBytes);
      if (isIdle(peer)) this.#idle++;
    }
    this.#pump(now, out);
  }

  /** So few bytes are asked for to see that we have a piece (`OriginProof`), which begins none, and others wait for what it gets. Only so many at once, or pieces could be had in crumbs by whoever has to wait. */
  #isQuestion(peer: ServedPeer, bytes: Bytes): boolean {
    const { proofBytes, proofsAtOnce } = limits.transfer;
    return bytes <= proofBytes && peer.waitingUpTo(proofBytes) < proofsAtOnce;
  }

  /** Whether uploading is what others wait for: for a limit, a slot, or the line, the disk and the processor, whichever is slow. */
  #isScarce(now: Millis, peer: ServedPeer): boolean {
    const othersWait = this.#turns.length > (peer.queued > 0 ? 1 : 0);
    return othersWait || this.rates.isSpent(now, peer.number) || this.#choker.isChoking;
  }

  #pump(now: Millis, out: ServeSink): void {
    while (this.#turns.length > 0 && this.rates.isOpen(now)) {
      const isFull = this.#isFull(now);
      // Whoever reads slowly must not hold up the others: each may always have one block under way.
      if (isFull && this.#idle === 0) return;
      const at = this.#nextTurn(now, isFull);
      const peer = this.#turns[at];
      if (peer === undefined) return;
      if (isIdle(peer)) this.#idle--;
      const want = peer.beginNext();
      if (peer.queued === 0) this.#turns.splice(at, 1);
      if (want === undefined) continue;
      // Nor did it save up more than this while it read slowly, or a limit of its own held it back.
      const given = Math.max(peer.turnBytes, this.#turnBytes - mostSavedUp);
      this.#turnBytes = Math.max(this.#turnBytes, given);
      peer.turnBytes = given + want.bytes;
      this.#serve(peer, want, out);
    }
  }

  /** Where in `#turns` the one stands that was given least, of those that may have a block now; -1: nobody may. */
  #nextTurn(now: Millis, isFull: boolean): number {
    const turns = this.#turns;
    const share = Math.max(smallToABlock, smallToABlock * Math.floor(this.#settings.blocksAtOnce / turns.length));
    let next = -1;
    let least = Infinity;
    for (let at = 0; at < turns.length; at++) {
      const peer = turns[at];
      if (peer === undefined || peer.turnBytes >= least) continue;
      if ((peer.inService >= 1 && (isFull || peer.weight >= share)) || !this.rates.admits(now, peer.number)) continue;
      next = at;
      least = peer.turnBytes;
    }
    return next;
  }

  /** Enough is on its way to keep the line busy: more would only wait there, before what matters then. */
  #isFull(now: Millis): boolean {
    if (this.#weight >= smallToABlock * this.#settings.blocksAtOnce) return true;
    return this.#inService >= fewBlocks && this.#inServiceBytes >= (this.#recent.rate(now) * ahead) / 1000;
  }

  #weigh(peer: ServedPeer, change: number): void {
    peer.weight += change;
    this.#weight += change;
  }

  #serve(peer: ServedPeer, want: Want, out: ServeSink): void {
    this.#inService++;
    this.#weigh(peer, weightOf(want.bytes));
    this.#inServiceBytes += want.bytes;
    this.rates.pay(peer.number, want.bytes);
    out.serve(peer.number, want.number);
  }

  /** Tells a peer of its choke; pieces it has not begun are refused. */
  #changed(out: ServeSink): (peer: ServedPeer) => void {
    return (peer) => {
      out.choke(peer.number, peer.isChoked);
      if (!peer.isChoked) return;
      for (const want of peer.takeWaiting(({ content, piece }) => !peer.hasBegun(content, piece))) out.refuse(peer.number, want.number, 'choked');
      if (peer.queued === 0) this.#leaveTurns(peer);
    };
  }

  #leaveTurns(peer: ServedPeer): void {
    const at = this.#turns.indexOf(peer);
    if (at < 0) return;
    if (peer.inService === 0) this.#idle--;
    this.#turns.splice(at, 1);
  }

  #isInteresting(peer: ServedPeer): boolean {
    for (const content of this.#contents.values()) if (content.isInteresting(peer.number)) return true;
    return false;
  }
}

/** It has no block under way, and could have one. */
const isIdle = (peer: ServedPeer): boolean => peer.queued > 0 && peer.inService === 0;
