import type { Bytes } from '#shared/units.ts';
import type { Content } from './content.ts';
import type { Download } from './download-state.ts';
import type { PriorityRank } from './events.ts';
import type { FileNumber } from './numbers.ts';
import type { Fetch } from './fetch.ts';
import type { Row } from './members.ts';
import type { PeerState } from './peer-state.ts';
import { firstInOrder, pickAhead } from './watched-order.ts';

/** So many pieces are taken at random, so that there is soon something to give that others lack. */
const firstAtRandom = 4;
/** Of a file that is watched, this part at either end comes first: what a player needs to begin lies there. */
const edgeShare = 0.01;

/**
 * One file of a download. A piece is in exactly one state: verified (in the content's `have`), being fetched or verified
 * right now (in `fetches`), or wanted.
 */
export class FileState {
  readonly number: FileNumber;
  readonly download: Download;
  readonly content: Content;
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly fetches = new Map<number, Fetch[]>();
  /** Attempts at pieces that were left in the middle, with what had come. */
  readonly halves = new Map<number, Fetch>();
  /** Pieces that were wrong when they came from several: one peer must give all of them. */
  readonly wholeOnly = new Set<number>();
  /** Within its download. */
  priority: PriorityRank;
  starved = false;
  readonly isGrowing: boolean;
  readonly isContinuable: boolean;
  /** Among the download's `wanting`; kept by it. */
  isInLine = false;
  /** No wanted piece lies before it. */
  #cursor = 0;

  constructor(number: FileNumber, download: Download, content: Content, about: { bytes: Bytes; pieceBytes: Bytes; priority: PriorityRank; isGrowing: boolean; isContinuable: boolean }) {
    this.number = number;
    this.download = download;
    this.content = content;
    this.bytes = about.bytes;
    this.pieceBytes = about.pieceBytes;
    this.priority = about.priority;
    this.isGrowing = about.isGrowing;
    this.isContinuable = about.isContinuable;
    for (let piece = 0; piece < content.pieces; piece++) if (!content.have.has(piece)) content.want(piece);
  }

  bytesOf(piece: number): Bytes {
    return Math.min(this.pieceBytes, this.bytes - piece * this.pieceBytes);
  }

  get isComplete(): boolean {
    return this.content.have.isFull;
  }

  /** Pieces that are on their way now. */
  get arriving(): Iterable<number> {
    return this.fetches.keys();
  }

  /** Its pieces are likely to be read as soon as they are here: by others who lack them, or by a user who looks at what has come. */
  get isReadSoon(): boolean {
    return this.download.inOrder || this.content.hasFollowers;
  }

  get isWanting(): boolean {
    return this.content.wantedCount > 0;
  }

  /** Whether a file of one piece can be asked of the peer now. */
  canGive(peer: PeerState): boolean {
    return this.content.pieces === 1 && this.content.useful(peer.number) > 0 && peer.avoided(this.number) === null;
  }

  /**
   * A wanted piece that the peer has, or null. What was begun comes first: it holds a buffer, or evidence. For somebody who watches: from the beginning to the end, but for
   * small detours where others fetch it, too (`pickAhead`). In file order while nobody else takes part, because disks like it, and where the volume has no holes; else the rarest one, chosen
   * at random among equals, so that what only one device has spreads first.
   */
  pick(peer: PeerState, random: () => number): number | null {
    const { content } = this;
    if (content.useful(peer.number) <= 0) return null;
    const member = content.members.row(peer.number);
    const avoided = peer.avoided(this.number);
    if (this.halves.size > 0 || this.wholeOnly.size > 0) {
      const begun = this.#begun(member, avoided);
      if (begun !== null) return begun;
    }
    if (this.isGrowing) return this.#firstOf(member, avoided);
    if (this.download.inOrder) return this.#edgeOf(member, avoided) ?? this.#watchedOf(member, avoided, random) ?? this.#firstOf(member, avoided);
    if (content.members.size === 1) return this.#firstOf(member, avoided);
    const anyWillDo = content.have.count < Math.min(firstAtRandom, content.pieces / 2);
    return content.rarest(random)[anyWillDo ? 'pickAny' : 'pick'](content.members, member, avoided);
  }

  /** The piece has no verified bytes any more. */
  forgetPiece(piece: number): void {
    this.content.lose(piece);
    if (!this.fetches.has(piece)) this.want(piece);
  }

  /** What a peer can go on with; of a piece that was wrong when it came from several, only with what came from itself. */
  halfFor(piece: number, peer: PeerState): Fetch | undefined {
    const half = this.halves.get(piece);
    return this.wholeOnly.has(piece) && half?.peer.number !== peer.number ? undefined : half;
  }

  want(piece: number): void {
    this.content.want(piece);
    this.#cursor = Math.min(this.#cursor, piece);
  }

  #begun(member: Row, avoided: ReadonlySet<number> | null): number | null {
    for (const pieces of [this.wholeOnly, this.halves.keys()]) {
      for (const piece of pieces) if (this.#isFor(member, piece, avoided)) return piece;
    }
    return null;
  }

  /** The first wanted piece at the beginning, then at the end. */
  #edgeOf(member: Row, avoided: ReadonlySet<number> | null): number | null {
    const { pieces } = this.content;
    const edge = Math.ceil(pieces * edgeShare);
    return this.#firstWithin(0, edge, member, avoided) ?? this.#firstWithin(pieces - edge, pieces, member, avoided);
  }

  /** Near the first wanted piece, where others fetch it, too; null: the first one will do. */
  #watchedOf(member: Row, avoided: ReadonlySet<number> | null, random: () => number): number | null {
    const { content } = this;
    if (!content.hasFollowers) return null;
    const from = this.#firstWanted();
    return this.#firstWithin(from, Math.min(firstInOrder, content.pieces), member, avoided)
      ?? pickAhead(content, from, (piece) => this.#isFor(member, piece, avoided), random);
  }

  #firstOf(member: Row, avoided: ReadonlySet<number> | null): number | null {
    return this.#firstWithin(this.#firstWanted(), this.content.pieces, member, avoided);
  }

  #firstWanted(): number {
    const { content } = this;
    while (this.#cursor < content.pieces && !content.isWanted(this.#cursor)) this.#cursor++;
    return this.#cursor;
  }

  #firstWithin(from: number, to: number, member: Row, avoided: ReadonlySet<number> | null): number | null {
    for (let piece = from; piece < to; piece++) if (this.#isFor(member, piece, avoided)) return piece;
    return null;
  }

  #isFor(member: Row, piece: number, avoided: ReadonlySet<number> | null): boolean {
    return this.content.isWanted(piece) && this.content.members.hasPiece(member, piece) && avoided?.has(piece) !== true;
  }
}
