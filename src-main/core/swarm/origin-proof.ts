import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { Bitfield } from '../bitfield.ts';

/** A few bytes of a file. */
export interface Place {
  readonly piece: number;
  readonly begin: Bytes;
  readonly length: Bytes;
}

/** For each doubling of what was tested before. Whoever has half of the pieces guesses so many in a row once in 256 times. */
const placesATest = 8;
/** Before so many pieces are tested nothing is shown on trust: whoever has a few would soon know one more. */
const firstTested = 8;

/**
 * Which pieces of a file may be passed on, because its origin has shown that it has them. Whoever lists a file says for whom it
 * is and need not have it: its word gives nobody what it could not give itself. A piece that it gave needs no more proof.
 * Of those that came otherwise it is asked for a few bytes at random places; nobody knows beforehand where. The first ones
 * are all tested; later what is passed on untested is never more than what was tested, and as soon as it is half as much, the
 * next test is due: so their number grows with the logarithm of the pieces.
 */
export class OriginProof {
  /** These may be passed on. */
  readonly shown: Bitfield;
  readonly #lengthOf: (piece: number) => Bytes;
  readonly #random: () => number;
  /** Pieces that others gave, in the order in which they came. The first `#trusted` of them are shown. */
  #untested: number[] = [];
  #trusted = 0;
  #tested = 0;
  #isDisproved = false;

  /** `have`: verified pieces; `shown`: those of them that may be passed on already. `random`: evenly distributed in [0, 1). */
  constructor(have: Bitfield, shown: Uint8Array | null, lengthOf: (piece: number) => Bytes, random: () => number) {
    this.shown = new Bitfield(have.length, shown ?? undefined);
    this.#lengthOf = lengthOf;
    this.#random = random;
    for (let piece = 0; piece < have.length; piece++) {
      if (!have.has(piece)) this.shown.delete(piece);
      else if (!this.shown.has(piece)) this.#untested.push(piece);
    }
  }

  /** The pieces that the next test is about. */
  get untested(): readonly number[] {
    return [...this.#untested];
  }

  get isDue(): boolean {
    const untested = this.#untested.length;
    return untested > this.#trusted || untested >= Math.max(1, this.#tested / 2);
  }

  /** How many places in so many pieces the origin must give. */
  placesIn(pieces: number): number {
    return placesATest * Math.ceil(Math.log2(1 + pieces / Math.max(1, this.#tested)));
  }

  /** A place in these pieces, drawn at random. */
  draw(pieces: readonly number[]): Place {
    const piece = pieces[Math.floor(this.#random() * pieces.length)] ?? 0;
    const bytes = this.#lengthOf(piece);
    const length = Math.min(bytes, limits.transfer.proofBytes);
    return { piece, begin: Math.floor(this.#random() * (bytes - length + 1)), length };
  }

  /** The origin gave all of a verified piece. Returns what is shown from now on that was not. */
  given(piece: number): readonly number[] {
    if (this.#isDisproved || !this.shown.add(piece)) return [];
    this.#untested = this.#untested.filter((other) => other !== piece);
    return [piece, ...this.#trust()];
  }

  /** All or some of a verified piece came otherwise. Returns what is shown from now on that was not. */
  came(piece: number): readonly number[] {
    if (this.#isDisproved || this.shown.has(piece) || this.#untested.includes(piece)) return [];
    this.#untested.push(piece);
    return this.#trust();
  }

  /** The origin gave every place of a test of these pieces. Returns what is shown from now on that was not. */
  passed(pieces: readonly number[]): readonly number[] {
    const tested = new Set(pieces);
    const before = this.#untested;
    const trusted = before.slice(0, this.#trusted);
    this.#untested = before.filter((piece) => !tested.has(piece));
    this.#trusted = trusted.filter((piece) => !tested.has(piece)).length;
    this.#tested += before.length - this.#untested.length;
    const news = before.filter((piece) => tested.has(piece) && this.shown.add(piece));
    return [...news, ...this.#trust()];
  }

  /** The origin gave other bytes: its word counts for nothing any more. */
  disproved(): void {
    this.#isDisproved = true;
    this.#untested = [];
    for (let piece = 0; piece < this.shown.length; piece++) this.shown.delete(piece);
  }

  /** It turned out wrong. */
  lost(piece: number): void {
    this.shown.delete(piece);
    const at = this.#untested.indexOf(piece);
    if (at < 0) return;
    this.#untested.splice(at, 1);
    if (at < this.#trusted) this.#trusted--;
  }

  #trust(): readonly number[] {
    const news: number[] = [];
    const most = this.#tested < firstTested ? 0 : Math.min(this.#tested, this.#untested.length);
    for (; this.#trusted < most; this.#trusted++) {
      const piece = this.#untested[this.#trusted];
      if (piece !== undefined && this.shown.add(piece)) news.push(piece);
    }
    return news;
  }
}
