import type { Bytes } from '#shared/units.ts';
import type { Content, Member } from './content.ts';
import type { Fetch } from './fetch.ts';
import type { DownloadNumber, FileNumber, PeerNumber, PriorityRank } from './events.ts';
import type { PeerState } from './peer-state.ts';

export interface Download {
  readonly number: DownloadNumber;
  priority: PriorityRank;
  readonly files: Set<FileState>;
  /** Files with pieces that nobody fetches yet, in the order they were opened. */
  readonly wanting: Set<FileState>;
  /** Reserved for pieces on their way or being written: what a crash could make us fetch again. */
  inFlightBytes: Bytes;
}

/** Whether a peer has something that the download misses and nobody fetches. */
export function isUsefulTo(download: Download, peer: PeerNumber): boolean {
  for (const file of download.wanting) if ((file.content.members.get(peer)?.useful ?? 0) > 0) return true;
  return false;
}

/** So many pieces are taken at random, so that there is soon something to give that others lack. */
const firstAtRandom = 4;

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
  starved = false;
  /** Somebody watches it while it arrives, or its volume has no holes. */
  readonly #inOrder: boolean;
  /** No wanted piece lies before it. */
  #cursor = 0;

  constructor(number: FileNumber, download: Download, content: Content, about: { bytes: Bytes; pieceBytes: Bytes; inOrder: boolean }) {
    this.number = number;
    this.download = download;
    this.content = content;
    this.bytes = about.bytes;
    this.pieceBytes = about.pieceBytes;
    this.#inOrder = about.inOrder;
    for (let piece = 0; piece < content.pieces; piece++) if (!content.have.has(piece)) content.want(piece);
  }

  bytesOf(piece: number): Bytes {
    return Math.min(this.pieceBytes, this.bytes - piece * this.pieceBytes);
  }

  get isComplete(): boolean {
    return this.content.have.isFull;
  }

  get isWanting(): boolean {
    return this.content.wantedCount > 0;
  }

  /**
   * A wanted piece that the peer has, or null. In file order while nobody else takes part, because disks like it; else the
   * rarest one, chosen at random among equals, so that what only one device has spreads first.
   */
  pick(peer: PeerState, random: () => number): number | null {
    const { content } = this;
    const member = content.members.get(peer.number);
    if (member === undefined || member.useful <= 0) return null;
    if (this.#inOrder || content.members.size === 1) return this.#firstOf(member, peer.avoided(this.number));
    const anyWillDo = content.have.count < Math.min(firstAtRandom, content.pieces / 2);
    return content.rarest(random)[anyWillDo ? 'pickAny' : 'pick'](member.have, peer.avoided(this.number));
  }

  /** The piece has no verified bytes any more. */
  forgetPiece(piece: number): void {
    this.content.lose(piece);
    if (!this.fetches.has(piece)) this.want(piece);
  }

  want(piece: number): void {
    this.content.want(piece);
    this.#cursor = Math.min(this.#cursor, piece);
  }

  #firstOf({ have }: Member, avoided: ReadonlySet<number> | null): number | null {
    const { content } = this;
    while (this.#cursor < content.pieces && !content.isWanted(this.#cursor)) this.#cursor++;
    for (let piece = this.#cursor; piece < content.pieces; piece++) {
      if (content.isWanted(piece) && have?.has(piece) !== false && avoided?.has(piece) !== true) return piece;
    }
    return null;
  }
}
