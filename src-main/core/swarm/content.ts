import { Bitfield } from '../bitfield.ts';
import type { PeerNumber } from './events.ts';
import { RarestFirst } from './rarest-first.ts';

/** The pieces somebody has: all of them, or those of a bit field. */
export type Pieces = 'all' | Uint8Array;

/** A device that takes part in the swarm of one content. */
export interface Member {
  /** Null: it had everything when it joined. */
  readonly have: Bitfield | null;
  /** Pieces it has that we miss and nobody fetches: what it could give us now. */
  useful: number;
}

const countMask = 0xffff;
const isOursBit = 0x10000;
const isWantedBit = 0x20000;
const isGivenBit = 0x40000;

/** It is ours, nobody else has it, and nobody gets it from us. */
const isFreshAndOurs = (facts: number): boolean => (facts & (countMask | isOursBit | isGivenBit)) === isOursBit;

/**
 * Who has which piece of one content: we and the members of its swarm. `wanted` says which pieces we miss and nobody
 * fetches; it is kept here because every change of it changes what members are good for.
 */
export class Content {
  readonly number: number;
  readonly pieces: number;
  readonly have: Bitfield;
  readonly members = new Map<PeerNumber, Member>();
  /** We serve it, whether or not it is being downloaded. */
  isKept = false;
  readonly #wanted: Bitfield;
  /** Made when somebody first asks for the rarest piece. */
  #rarest: RarestFirst | null = null;
  /**
   * Of each piece, in one number so that news of it touch one place: how many members with bit fields have it, whether it is
   * ours, whether it is wanted, whether we began to send it. Made when the first one is counted or given.
   */
  #facts: Uint32Array | null = null;
  /** Members that had everything when they joined; they are in no count. */
  #fullMembers = 0;
  /** Pieces of ours that are in no count and that nobody was given. */
  #fresh: number;

  constructor(number: number, pieces: number, have: Pieces | null) {
    this.number = number;
    this.pieces = pieces;
    this.have = have === 'all' ? fullBitfield(pieces) : new Bitfield(pieces, have ?? undefined);
    this.#wanted = new Bitfield(pieces);
    this.#fresh = this.have.count;
  }

  get wantedCount(): number {
    return this.#wanted.count;
  }

  isWanted(piece: number): boolean {
    return this.#facts === null ? this.#wanted.has(piece) : ((this.#facts[piece] ?? 0) & isWantedBit) !== 0;
  }

  want(piece: number): void {
    if (!this.#wanted.add(piece)) return;
    this.#mark(piece, isWantedBit, true);
    this.#rarest?.want(piece, this.#countOf(piece));
    this.#eachHolder(piece, 1);
  }

  unwant(piece: number): void {
    if (!this.#wanted.delete(piece)) return;
    this.#mark(piece, isWantedBit, false);
    this.#rarest?.unwant(piece, this.#countOf(piece));
    this.#eachHolder(piece, -1);
  }

  /** A piece is verified: it is ours. */
  gain(piece: number): void {
    this.unwant(piece);
    if (!this.have.add(piece)) return;
    this.#mark(piece, isOursBit, true);
    if (this.#isFresh(piece)) this.#fresh++;
  }

  /** A piece that was ours has turned out wrong. */
  lose(piece: number): void {
    if (!this.have.delete(piece)) return;
    this.#mark(piece, isOursBit, false);
    if (this.#isFresh(piece)) this.#fresh--;
  }

  /** The members' counts of what is wanted, in order; `random` orders equals and is evenly distributed in [0, 1). */
  rarest(random: () => number): RarestFirst {
    if (this.#rarest !== null) return this.#rarest;
    const rarest = new RarestFirst(this.pieces, random);
    for (let piece = 0; piece < this.pieces; piece++) if (this.#wanted.has(piece)) rarest.want(piece, this.#countOf(piece));
    this.#rarest = rarest;
    return rarest;
  }

  /** How many members have a piece. */
  availability(piece: number): number {
    return this.#fullMembers + this.#countOf(piece);
  }

  /** Somebody takes part who did not have everything when it joined. */
  get hasFollowers(): boolean {
    return this.members.size > this.#fullMembers;
  }

  memberHas(peer: PeerNumber, piece: number): boolean {
    const member = this.members.get(peer);
    return member !== undefined && (member.have === null || member.have.has(piece));
  }

  /** Whether the member lacks pieces, as far as we know. */
  isIncomplete(peer: PeerNumber): boolean {
    return this.members.get(peer)?.have?.isFull === false;
  }

  /** What a member says it has replaces what it said before. */
  setMember(peer: PeerNumber, pieces: Pieces): void {
    this.removeMember(peer);
    if (pieces === 'all') {
      this.members.set(peer, { have: null, useful: this.#wanted.count });
      this.#fullMembers++;
      return;
    }
    const member: Member = { have: new Bitfield(this.pieces, pieces), useful: 0 };
    this.members.set(peer, member);
    for (let piece = 0; piece < this.pieces; piece++) if (member.have?.has(piece) === true) this.#count(piece, member);
  }

  /** Returns whether it is news. */
  noteHas(peer: PeerNumber, piece: number): boolean {
    const member = this.members.get(peer);
    if (member === undefined || member.have === null || !member.have.add(piece)) return false;
    this.#count(piece, member);
    return true;
  }

  removeMember(peer: PeerNumber): void {
    const member = this.members.get(peer);
    if (member === undefined) return;
    this.members.delete(peer);
    if (member.have === null) {
      this.#fullMembers--;
      return;
    }
    const facts = this.#facts;
    if (facts === null) return;
    for (let piece = 0; piece < this.pieces; piece++) {
      if (!member.have.has(piece)) continue;
      const before = facts[piece] ?? 0;
      const count = before & countMask;
      facts[piece] = before - 1;
      if ((before & isWantedBit) !== 0) this.#rarest?.recount(piece, count, count - 1);
      if (isFreshAndOurs(before - 1)) this.#fresh++;
    }
  }

  /** We begin to send a piece. */
  give(piece: number): void {
    if (piece < 0 || piece >= this.pieces) return;
    const facts = (this.#facts ??= this.#firstFacts());
    const before = facts[piece] ?? 0;
    if (isFreshAndOurs(before)) this.#fresh--;
    facts[piece] = before | isGivenBit;
  }

  /** Others have it or get it already, while there are pieces that nobody but us has. */
  isBetterElsewhere(piece: number): boolean {
    return this.#fresh > 0 && this.#fullMembers === 0 && !this.#isFresh(piece);
  }

  /** Whether we have something that the member lacks. */
  isInteresting(peer: PeerNumber): boolean {
    const theirs = this.members.get(peer)?.have?.bytes;
    if (theirs === undefined) return false;
    const ours = this.have.bytes;
    for (let at = 0; at < ours.length; at++) if (((ours[at] ?? 0) & ~(theirs[at] ?? 0)) !== 0) return true;
    return false;
  }

  #countOf(piece: number): number {
    return (this.#facts?.[piece] ?? 0) & countMask;
  }

  /** Nobody else has it, nor gets it from us. */
  #isFresh(piece: number): boolean {
    return ((this.#facts?.[piece] ?? 0) & (countMask | isGivenBit)) === 0;
  }

  #count(piece: number, member: Member): void {
    const facts = (this.#facts ??= this.#firstFacts());
    const before = facts[piece] ?? 0;
    if (isFreshAndOurs(before)) this.#fresh--;
    facts[piece] = before + 1;
    if ((before & isWantedBit) === 0) return;
    member.useful++;
    const count = before & countMask;
    this.#rarest?.recount(piece, count, count + 1);
  }

  #mark(piece: number, bit: number, isSo: boolean): void {
    const facts = this.#facts;
    if (facts !== null) facts[piece] = isSo ? (facts[piece] ?? 0) | bit : (facts[piece] ?? 0) & ~bit;
  }

  #firstFacts(): Uint32Array {
    return Uint32Array.from({ length: this.pieces }, (_, piece) => (this.have.has(piece) ? isOursBit : 0) | (this.#wanted.has(piece) ? isWantedBit : 0));
  }

  #eachHolder(piece: number, change: number): void {
    for (const member of this.members.values()) if (member.have === null || member.have.has(piece)) member.useful += change;
  }
}

function fullBitfield(pieces: number): Bitfield {
  return new Bitfield(pieces, new Uint8Array(Math.ceil(pieces / 8)).fill(0xff));
}

/** Every content that is served or downloaded, by the number the driver gave it. */
export class Contents {
  readonly #all = new Map<number, Content>();

  get(number: number): Content | undefined {
    return this.#all.get(number);
  }

  values(): IterableIterator<Content> {
    return this.#all.values();
  }

  /** The content of that number; made when there is none. */
  open(number: number, pieces: number, have: Pieces | null): Content {
    const known = this.#all.get(number);
    if (known !== undefined) return known;
    const content = new Content(number, pieces, have);
    this.#all.set(number, content);
    return content;
  }

  delete(number: number): void {
    this.#all.delete(number);
  }
}
