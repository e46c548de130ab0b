import { Bitfield } from '../bitfield.ts';
import type { PeerNumber } from './numbers.ts';
import { all, Members, none, type Pieces, type Row } from './members.ts';
import { RarestFirst } from './rarest-first.ts';

const countMask = 0xffff;
const isOursBit = 0x10000;
const isWantedBit = 0x20000;
const isGivenBit = 0x40000;

/**
 * So often a member is sent elsewhere for one piece. Who gets pieces from others will get this one there, and is patient while
 * their lines are busy; of the others nobody knows whether they reach those who have it.
 */
const mostSentAway = { fedByOthers: 3, alone: 1 };

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
  /** Those of our pieces that others are told of: `have` itself, unless `guard` says otherwise. */
  #shown: Bitfield;
  /** What may be shown as soon as it is ours; null: everything. */
  #allowed: Bitfield | null = null;
  readonly #members: Members;
  /** We serve it, whether or not it is being downloaded. */
  isKept = false;
  readonly #wanted: Bitfield;
  /** Made when somebody first asks for the rarest piece. */
  #rarest: RarestFirst | null = null;
  /**
   * Of each piece, in one number so that news of it touch one place: how many members with bit fields have it, whether it is
   * ours and shown, whether it is wanted, whether we began to send it. Made when the first one is counted or given.
   */
  #facts: Uint32Array | null = null;
  /** Members that had everything when they joined; they are in no count. */
  #fullMembers = 0;
  /** How often each member was sent elsewhere, by piece; made when one is for the first time. */
  readonly #sentAway = new Map<PeerNumber, Uint8Array>();
  /** Pieces of ours that are shown, that are in no count and that nobody was given. */
  #fresh: number;

  constructor(number: number, pieces: number, have: Pieces | null) {
    this.number = number;
    this.pieces = pieces;
    this.#members = new Members(pieces);
    this.have = have === 'all' ? fullBitfield(pieces) : new Bitfield(pieces, have ?? undefined);
    this.#shown = this.have;
    this.#wanted = new Bitfield(pieces);
    this.#fresh = this.have.count;
  }

  /** Devices that take part in its swarm. */
  get members(): Pick<Members, 'size' | 'has' | 'keys' | 'row' | 'hasPiece'> {
    return this.#members;
  }

  /** Pieces a member has that we miss and nobody fetches: what it could give us now. */
  useful(peer: PeerNumber): number {
    const row = this.#members.row(peer);
    if (row === none) return 0;
    return row === all ? this.#wanted.count : this.#members.useful(row);
  }

  get wantedCount(): number {
    return this.#wanted.count;
  }

  isWanted(piece: number): boolean {
    return this.#facts === null ? this.#wanted.has(piece) : ((this.#facts[piece] ?? 0) & isWantedBit) !== 0;
  }

  /** We miss it; or it is on its way, and so is everything else that we miss: only then can somebody be asked for it. */
  isSought(piece: number): boolean {
    return this.#wanted.count === 0 ? !this.have.has(piece) : this.isWanted(piece);
  }

  want(piece: number): void {
    if (!this.#wanted.add(piece)) return;
    this.#mark(piece, isWantedBit, true);
    this.#rarest?.want(piece, this.#countOf(piece));
    this.#members.addUsefulOfHolders(piece, 1);
  }

  unwant(piece: number): void {
    if (!this.#wanted.delete(piece)) return;
    this.#mark(piece, isWantedBit, false);
    this.#rarest?.unwant(piece, this.#countOf(piece));
    this.#members.addUsefulOfHolders(piece, -1);
  }

  /** Those of our pieces that others are told of, and may have. */
  get shown(): Bitfield {
    return this.#shown;
  }

  /** From now on only these pieces are shown, and those that `allow` names. */
  guard(allowed: Uint8Array): void {
    this.#allowed = new Bitfield(this.pieces, allowed);
    const before = this.#shown;
    this.#shown = new Bitfield(this.pieces);
    for (let piece = 0; piece < this.pieces; piece++) {
      if (before.has(piece)) this.#hide(piece);
      if (this.have.has(piece) && this.#allowed.has(piece)) this.#show(piece);
    }
  }

  /** A piece may be shown. Returns whether it is ours, and was not shown before. */
  allow(piece: number): boolean {
    return this.#allowed?.add(piece) === true && this.have.has(piece) && this.#show(piece);
  }

  /** A piece is verified: it is ours. */
  gain(piece: number): void {
    this.unwant(piece);
    if (!this.have.add(piece)) return;
    if (this.#allowed === null) this.#noteShown(piece);
    else if (this.#allowed.has(piece)) this.#show(piece);
  }

  /** A piece that was ours has turned out wrong. */
  lose(piece: number): void {
    if (!this.have.delete(piece)) return;
    this.#allowed?.delete(piece);
    if (this.#allowed === null || this.#shown.delete(piece)) this.#hide(piece);
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

  /** No member has it but those that had everything when they joined. */
  isUnspread(piece: number): boolean {
    return this.#countOf(piece) === 0;
  }

  /** Somebody takes part who did not have everything when it joined. */
  get hasFollowers(): boolean {
    return this.#members.size > this.#fullMembers;
  }

  memberHas(peer: PeerNumber, piece: number): boolean {
    return this.#members.hasPiece(this.#members.row(peer), piece);
  }

  /** Whether the member lacks pieces, as far as we know. */
  isIncomplete(peer: PeerNumber): boolean {
    const row = this.#members.row(peer);
    return row !== none && !this.#members.hasEverything(row);
  }

  /** What a member says it has replaces what it said before. */
  setMember(peer: PeerNumber, pieces: Pieces): void {
    this.removeMember(peer);
    const row = this.#members.add(peer, pieces);
    if (row === all) this.#fullMembers++;
    else for (let piece = 0; piece < this.pieces; piece++) if (this.#members.hasPiece(row, piece)) this.#count(piece, row);
  }

  /** Returns whether it is news. */
  noteHas(peer: PeerNumber, piece: number): boolean {
    const row = this.#members.row(peer);
    if (row < 0 || !this.#members.addPiece(row, piece)) return false;
    this.#count(piece, row);
    return true;
  }

  removeMember(peer: PeerNumber): void {
    const row = this.#members.row(peer);
    if (row === all) this.#fullMembers--;
    this.#members.remove(peer);
    this.#sentAway.delete(peer);
    const facts = this.#facts;
    if (row < 0 || facts === null) return;
    for (let piece = 0; piece < this.pieces; piece++) {
      // Nobody has been given its row yet.
      if (!this.#members.hasPiece(row, piece)) continue;
      const before = facts[piece] ?? 0;
      const count = before & countMask;
      facts[piece] = before - 1;
      if ((before & isWantedBit) !== 0) this.#rarest?.recount(piece, count, count - 1);
      if (isFreshAndOurs(before - 1)) this.#fresh++;
    }
  }

  /** We begin to send a piece to a peer. */
  give(piece: number, peer: PeerNumber): void {
    if (piece < 0 || piece >= this.pieces) return;
    const row = this.#members.row(peer);
    if (row >= 0) this.#members.noteGiven(row);
    const facts = (this.#facts ??= this.#firstFacts());
    const before = facts[piece] ?? 0;
    if (isFreshAndOurs(before)) this.#fresh--;
    facts[piece] = before | isGivenBit;
  }

  /** Others have it or get it already, while there are pieces that nobody but us has. */
  isBetterElsewhere(piece: number): boolean {
    return this.#fresh > 0 && this.#fullMembers === 0 && !this.#isFresh(piece);
  }

  /** A peer asks for a piece that is better elsewhere: returns whether it is sent there, which is noted. A member that comes again has not got it there. */
  sendAway(piece: number, peer: PeerNumber): boolean {
    const row = this.#members.row(peer);
    // Who takes no part tells nobody what it has, and gets what the others leave.
    if (row < 0) return true;
    const times = this.#sentAway.get(peer) ?? new Uint8Array(this.pieces);
    const before = times[piece] ?? 0;
    if (before >= (this.#members.isFedByOthers(row) ? mostSentAway.fedByOthers : mostSentAway.alone)) return false;
    times[piece] = before + 1;
    this.#sentAway.set(peer, times);
    return true;
  }

  /** Whether we have something that the member lacks. */
  isInteresting(peer: PeerNumber): boolean {
    return this.#members.lacksAnyOf(this.#members.row(peer), this.#shown.bytes);
  }

  #show(piece: number): boolean {
    if (!this.#shown.add(piece)) return false;
    this.#noteShown(piece);
    return true;
  }

  #noteShown(piece: number): void {
    this.#mark(piece, isOursBit, true);
    if (this.#isFresh(piece)) this.#fresh++;
  }

  #hide(piece: number): void {
    this.#mark(piece, isOursBit, false);
    if (this.#isFresh(piece)) this.#fresh--;
  }

  #countOf(piece: number): number {
    return (this.#facts?.[piece] ?? 0) & countMask;
  }

  /** Nobody else has it, nor gets it from us. */
  #isFresh(piece: number): boolean {
    return ((this.#facts?.[piece] ?? 0) & (countMask | isGivenBit)) === 0;
  }

  #count(piece: number, row: Row): void {
    const facts = (this.#facts ??= this.#firstFacts());
    const before = facts[piece] ?? 0;
    if (isFreshAndOurs(before)) this.#fresh--;
    facts[piece] = before + 1;
    if ((before & isWantedBit) === 0) return;
    this.#members.addUseful(row, 1);
    const count = before & countMask;
    this.#rarest?.recount(piece, count, count + 1);
  }

  #mark(piece: number, bit: number, isSo: boolean): void {
    const facts = this.#facts;
    if (facts !== null) facts[piece] = isSo ? (facts[piece] ?? 0) | bit : (facts[piece] ?? 0) & ~bit;
  }

  #firstFacts(): Uint32Array {
    return Uint32Array.from({ length: this.pieces }, (_, piece) => (this.#shown.has(piece) ? isOursBit : 0) | (this.#wanted.has(piece) ? isWantedBit : 0));
  }

}

function fullBitfield(pieces: number): Bitfield {
  return new Bitfield(pieces, new Uint8Array(Math.ceil(pieces / 8)).fill(0xff));
}

/** Every content that is served or downloaded, by the number the driver gave it. */
export class Contents {
  readonly #all = new Map<number, Content>();
  /** What was asked for last: news come in runs. */
  #last: Content | undefined;

  get(number: number): Content | undefined {
    if (this.#last?.number !== number) this.#last = this.#all.get(number);
    return this.#last;
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
    this.#last = undefined;
  }
}
