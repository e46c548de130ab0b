import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { Bitfield } from '../bitfield.ts';

/** A few bytes of a file. */
export interface Place {
  readonly piece: number;
  readonly begin: Bytes;
  readonly length: Bytes;
}

/** A test asks for one place in each of its pieces, and for this many for each doubling of what was tested before: so much is asked of the first ones that nobody gets there with half a piece. */
const placesADoubling = 8;
/** So many pieces are tested together, at most: of a file that lay here already the first ones need not wait for the last. */
const piecesATest = 64;

/**
 * Which pieces of a file may be passed on, because its origin has shown that it has them. Whoever lists a file says for whom it
 * is and need not have it: its word gives nobody what it could not give itself. A piece that it gave needs no more proof.
 * Of each one that came otherwise it is asked for a few bytes; nobody knows beforehand where. No piece is shown on trust, however
 * much was tested: who is shown it may be the origin in disguise, which could then answer for it, here and elsewhere.
 */
export class OriginProof {
  /** These may be passed on. */
  readonly shown: Bitfield;
  readonly #lengthOf: (piece: number) => Bytes;
  readonly #random: () => number;
  /** Pieces that others gave, in the order in which they came: as many as a file has, and each that comes is looked for. */
  readonly #untested = new Set<number>();
  #tested = 0;
  #isDisproved = false;

  /** `have`: verified pieces; `shown`: those of them that may be passed on already. `random`: evenly distributed in [0, 1). */
  constructor(have: Bitfield, shown: Uint8Array | null, lengthOf: (piece: number) => Bytes, random: () => number) {
    this.shown = new Bitfield(have.length, shown ?? undefined);
    this.#lengthOf = lengthOf;
    this.#random = random;
    for (let piece = 0; piece < have.length; piece++) {
      if (!have.has(piece)) this.shown.delete(piece);
      else if (!this.shown.has(piece)) this.#untested.add(piece);
    }
  }

  /** The pieces that the next test is about; none: there is nothing to be tested. */
  get untested(): readonly number[] {
    const first: number[] = [];
    for (const piece of this.#untested) {
      if (first.length === piecesATest) break;
      first.push(piece);
    }
    return first;
  }

  /** In which pieces the origin must give a place for a test of these: in some of them several. */
  asksFor(pieces: readonly number[]): readonly number[] {
    const places = Math.max(pieces.length, Math.ceil(placesADoubling * Math.log2(1 + pieces.length / Math.max(1, this.#tested))));
    return Array.from({ length: places }, (_, place) => pieces[place % pieces.length] ?? 0);
  }

  /** A place in this piece, drawn at random. */
  draw(piece: number): Place {
    const bytes = this.#lengthOf(piece);
    const length = Math.min(bytes, limits.transfer.proofBytes);
    return { piece, begin: Math.floor(this.#random() * (bytes - length + 1)), length };
  }

  /** The origin gave all of a verified piece. Returns what is shown from now on that was not. */
  given(piece: number): readonly number[] {
    if (this.#isDisproved || !this.shown.add(piece)) return [];
    this.#untested.delete(piece);
    return [piece];
  }

  /** All or some of a verified piece came otherwise. */
  came(piece: number): void {
    if (!this.#isDisproved && !this.shown.has(piece)) this.#untested.add(piece);
  }

  /** The origin gave every place of a test of these pieces. Returns what is shown from now on that was not. */
  passed(pieces: readonly number[]): readonly number[] {
    const news = pieces.filter((piece) => this.#untested.delete(piece) && this.shown.add(piece));
    this.#tested += news.length;
    return news;
  }

  /** The origin gave other bytes: its word counts for nothing any more. */
  disproved(): void {
    this.#isDisproved = true;
    this.#untested.clear();
    for (let piece = 0; piece < this.shown.length; piece++) this.shown.delete(piece);
  }

  /** It turned out wrong. */
  lost(piece: number): void {
    this.shown.delete(piece);
    this.#untested.delete(piece);
  }
}
