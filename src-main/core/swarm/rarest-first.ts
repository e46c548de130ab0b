import { all, type Members, type Row } from './members.ts';

/** Knows which pieces a member has. */
type Holders = Pick<Members, 'hasPiece'>;

/** Pieces that at least so many members have are all as common. */
const mostCounted = 31;
/** After the buckets of what is wanted lies what is not. */
const notWanted = mostCounted + 1;

/**
 * The pieces of a file ordered by how many members have them, so that the rarest one that a peer can give is found without
 * looking at all of them. One array holds the buckets side by side, each in random order (libtorrent's `piece_picker` does
 * the same): a piece whose count changes trades places with the end of its bucket, and then with a random one of the next.
 * Eight bytes a piece; nothing is allocated later.
 */
export class RarestFirst {
  readonly #order: Uint32Array;
  /** Where a piece lies in `#order`. */
  readonly #place: Uint32Array;
  /** Where each bucket begins. */
  readonly #starts = new Uint32Array(notWanted + 1);
  readonly #random: () => number;

  /** Nothing is wanted at first. `random`: evenly distributed in [0, 1). */
  constructor(pieces: number, random: () => number) {
    this.#order = Uint32Array.from({ length: pieces }, (_, piece) => piece);
    this.#place = new Uint32Array(this.#order);
    this.#random = random;
  }

  want(piece: number, count: number): void {
    this.#move(piece, notWanted, bucketOf(count));
  }

  unwant(piece: number, count: number): void {
    this.#move(piece, bucketOf(count), notWanted);
  }

  /** A piece that is wanted has become rarer or more common. */
  recount(piece: number, before: number, after: number): void {
    this.#move(piece, bucketOf(before), bucketOf(after));
  }

  /**
   * The rarest of the pieces that a member has (of one with a row they are in the counts) and that is not avoided, chosen at
   * random among equals; null when there is none.
   */
  pick(members: Holders, member: Row, avoided: ReadonlySet<number> | null): number | null {
    // What nobody counted has is nothing that a counted member could give.
    return this.#search(member === all ? 0 : this.#starts[1] ?? 0, this.#starts[notWanted] ?? 0, members, member, avoided);
  }

  /** Any piece of those, however common. */
  pickAny(members: Holders, member: Row, avoided: ReadonlySet<number> | null): number | null {
    const end = this.#starts[notWanted] ?? 0;
    const from = Math.floor(this.#random() * end);
    return this.#search(from, end, members, member, avoided) ?? this.#search(0, from, members, member, avoided);
  }

  #search(from: number, to: number, members: Holders, member: Row, avoided: ReadonlySet<number> | null): number | null {
    for (let at = from; at < to; at++) {
      const piece = this.#order[at] ?? 0;
      if (members.hasPiece(member, piece) && avoided?.has(piece) !== true) return piece;
    }
    return null;
  }

  #move(piece: number, from: number, to: number): void {
    const starts = this.#starts;
    if (from === to) return;
    for (let bucket = from; bucket < to; bucket++) this.#swap(piece, starts[bucket + 1] = (starts[bucket + 1] ?? 0) - 1);
    for (let bucket = from; bucket > to; bucket--) {
      const first = starts[bucket] ?? 0;
      this.#swap(piece, first);
      starts[bucket] = first + 1;
    }
    if (to === notWanted) return;
    const start = starts[to] ?? 0;
    this.#swap(piece, start + Math.floor(this.#random() * ((starts[to + 1] ?? 0) - start)));
  }

  /** The piece goes to a place, what lay there to where the piece was. */
  #swap(piece: number, to: number): void {
    const from = this.#place[piece] ?? 0;
    const other = this.#order[to] ?? 0;
    this.#order[from] = other;
    this.#place[other] = from;
    this.#order[to] = piece;
    this.#place[piece] = to;
  }
}

const bucketOf = (count: number): number => Math.min(count, mostCounted);
