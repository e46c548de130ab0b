import type { PeerNumber } from './numbers.ts';

/** The pieces somebody has: all of them, or those of a bit field. */
export type Pieces = 'all' | Uint8Array;

/** Where the pieces of a member are noted: a row from 0 on, or one of the two below. */
export type Row = number;
/** It had everything when it joined, and needs no row. */
export const all: Row = -1;
/** It is no member. */
export const none: Row = -2;

/** The numbers before the bits of a row: what the member could give us now, how many pieces it has (-1: nobody's row), and how many it had at first or we gave it. */
const usefulAt = 0;
const countAt = 1;
const givenAt = 2;
const bitsAt = 3;
const nobody = -1;

const wordBits = 32;
const emptyPlace = -1;
const noRows = new Int32Array();
const noTable = Int32Array.of(emptyPlace, emptyPlace);

/**
 * Who takes part in the swarm of one content, and which pieces each has. News of it is the most frequent thing in a swarm
 * of many, so everything lies in two arrays: a table that finds the row of a member (open addressing with linear probing,
 * at most half full), and the rows side by side. A member has a row only if it lacked something when it joined.
 */
export class Members {
  readonly #pieces: number;
  readonly #stride: number;
  /** Pairs of a member's number and its row. */
  #table = noTable;
  #size = 0;
  #rows = noRows;
  /** Rows that are or were in use: they are the first ones. */
  #used = 0;

  constructor(pieces: number) {
    this.#pieces = pieces;
    this.#stride = bitsAt + Math.ceil(pieces / wordBits);
  }

  get size(): number {
    return this.#size;
  }

  has(peer: PeerNumber): boolean {
    return this.row(peer) !== none;
  }

  row(peer: PeerNumber): Row {
    const place = this.#placeOf(peer);
    return this.#table[place] === peer ? this.#table[place + 1] ?? none : none;
  }

  *keys(): IterableIterator<PeerNumber> {
    for (let place = 0; place < this.#table.length; place += 2) {
      const peer = this.#table[place] ?? emptyPlace;
      if (peer !== emptyPlace) yield peer;
    }
  }

  /** A new member. Bits past the last piece are ignored, and missing ones count as zeros. */
  add(peer: PeerNumber, pieces: Pieces): Row {
    if (4 * (this.#size + 1) > this.#table.length) this.#growTable();
    const row = pieces === 'all' ? all : this.#newRow(pieces);
    const place = this.#placeOf(peer);
    this.#table[place] = peer;
    this.#table[place + 1] = row;
    this.#size++;
    return row;
  }

  remove(peer: PeerNumber): void {
    const row = this.row(peer);
    if (row === none) return;
    if (row !== all) this.#rows[row * this.#stride + countAt] = nobody;
    this.#size--;
    let gap = this.#placeOf(peer);
    // What lies behind moves up, unless that were before the place where one looks for it first.
    for (let place = this.#next(gap); this.#table[place] !== emptyPlace; place = this.#next(place)) {
      const home = this.#homeOf(this.#table[place] ?? 0);
      if ((place - home + this.#table.length) % this.#table.length < (place - gap + this.#table.length) % this.#table.length) continue;
      this.#table.copyWithin(gap, place, place + 2);
      gap = place;
    }
    this.#table[gap] = emptyPlace;
  }

  /** Whether a member has a piece. */
  hasPiece(row: Row, piece: number): boolean {
    if (row < 0) return row === all;
    return ((this.#rows[row * this.#stride + bitsAt + (piece >> 5)] ?? 0) & bitOf(piece)) !== 0;
  }

  /** A member with a row got a piece; returns whether that is news. */
  addPiece(row: Row, piece: number): boolean {
    if (piece < 0 || piece >= this.#pieces) return false;
    const at = row * this.#stride + bitsAt + (piece >> 5);
    const word = this.#rows[at] ?? 0;
    if ((word & bitOf(piece)) !== 0) return false;
    this.#rows[at] = word | bitOf(piece);
    this.#change(row, countAt, 1);
    return true;
  }

  hasEverything(row: Row): boolean {
    return row === all || (row >= 0 && this.#rows[row * this.#stride + countAt] === this.#pieces);
  }

  /** Whether some of these pieces, most significant bit first, are missing there. */
  lacksAnyOf(row: Row, bytes: Uint8Array): boolean {
    if (row < 0) return false;
    const first = row * this.#stride + bitsAt;
    for (let at = 0; at < this.#stride - bitsAt; at++) if ((wordOf(bytes, at) & ~(this.#rows[first + at] ?? 0)) !== 0) return true;
    return false;
  }

  /** We begin to give a piece to the member of a row. */
  noteGiven(row: Row): void {
    this.#change(row, givenAt, 1);
  }

  /** Whether the member of a row got more pieces since it joined than we began to give it: others give it some, too. */
  isFedByOthers(row: Row): boolean {
    return (this.#rows[row * this.#stride + countAt] ?? 0) > (this.#rows[row * this.#stride + givenAt] ?? 0);
  }

  /** How many pieces the member of a row could give us now; kept by the owner. */
  useful(row: Row): number {
    return this.#rows[row * this.#stride + usefulAt] ?? 0;
  }

  addUseful(row: Row, change: number): void {
    this.#change(row, usefulAt, change);
  }

  /** A piece is wanted, or is not any more: all who have a row and the piece are good for as many more. */
  addUsefulOfHolders(piece: number, change: number): void {
    for (let row = 0; row < this.#used; row++) if (this.#rows[row * this.#stride + countAt] !== nobody && this.hasPiece(row, piece)) this.#change(row, usefulAt, change);
  }

  #change(row: Row, at: number, change: number): void {
    const place = row * this.#stride + at;
    this.#rows[place] = (this.#rows[place] ?? 0) + change;
  }

  #newRow(bytes: Uint8Array): Row {
    let row = 0;
    while (row < this.#used && this.#rows[row * this.#stride + countAt] !== nobody) row++;
    if (row === this.#used) this.#used++;
    const first = row * this.#stride;
    if (first + this.#stride > this.#rows.length) {
      const rows = new Int32Array(this.#stride * Math.max(2, 2 * row));
      rows.set(this.#rows);
      this.#rows = rows;
    }
    let count = 0;
    for (let at = 0; at < this.#stride - bitsAt; at++) {
      const spare = (at + 1) * wordBits - this.#pieces;
      const word = spare > 0 ? wordOf(bytes, at) & (-1 << spare) : wordOf(bytes, at);
      this.#rows[first + bitsAt + at] = word;
      for (let left = word; left !== 0; left &= left - 1) count++;
    }
    this.#rows[first + countAt] = count;
    this.#rows[first + givenAt] = count;
    this.#rows[first + usefulAt] = 0;
    return row;
  }

  /** Where a member is in the table, or would be. */
  #placeOf(peer: PeerNumber): number {
    let place = this.#homeOf(peer);
    while (this.#table[place] !== peer && this.#table[place] !== emptyPlace) place = this.#next(place);
    return place;
  }

  /** Numbers that follow each other are spread (Fibonacci hashing). */
  #homeOf(peer: PeerNumber): number {
    return 2 * ((Math.imul(peer, 0x9e3779b1) >>> 16) & (this.#table.length / 2 - 1));
  }

  #next(place: number): number {
    return (place + 2) & (this.#table.length - 1);
  }

  #growTable(): void {
    const before = this.#table;
    this.#table = new Int32Array(2 * before.length).fill(emptyPlace);
    for (let place = 0; place < before.length; place += 2) {
      const peer = before[place] ?? emptyPlace;
      if (peer !== emptyPlace) this.#table.set(before.subarray(place, place + 2), this.#placeOf(peer));
    }
  }
}

const bitOf = (piece: number): number => 1 << (31 - (piece & 31));

/** Four bytes of a bit field as one number; zeros behind its end. */
const wordOf = (bytes: Uint8Array, at: number): number => {
  const first = 4 * at;
  return ((bytes[first] ?? 0) << 24) | ((bytes[first + 1] ?? 0) << 16) | ((bytes[first + 2] ?? 0) << 8) | (bytes[first + 3] ?? 0);
};
