import type { Bytes } from '#shared/units.ts';
import { Bitfield } from '../bitfield.ts';
import type { Fetch } from './fetch.ts';
import type { DownloadNumber, FileNumber, PeerNumber, PriorityRank } from './events.ts';

export interface Download {
  readonly number: DownloadNumber;
  priority: PriorityRank;
  readonly files: Set<FileState>;
  /** Files with pieces that nobody fetches yet, in the order they were opened. */
  readonly wanting: Set<FileState>;
  /** Reserved for pieces on their way or being written: what a crash could make us fetch again. */
  inFlightBytes: Bytes;
}

/**
 * One file of a download. A piece is in exactly one state: verified (in `verified`), being fetched or verified right now
 * (in `fetches`), or missing (in neither).
 */
export class FileState {
  readonly number: FileNumber;
  readonly download: Download;
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly pieces: number;
  readonly verified: Bitfield;
  readonly fetches = new Map<number, Fetch[]>();
  readonly sources = new Set<PeerNumber>();
  starved = false;
  /** No missing piece lies before it. */
  #cursor = 0;

  constructor(number: FileNumber, download: Download, bytes: Bytes, pieceBytes: Bytes, have: Uint8Array | null) {
    this.number = number;
    this.download = download;
    this.bytes = bytes;
    this.pieceBytes = pieceBytes;
    this.pieces = Math.ceil(bytes / pieceBytes);
    this.verified = new Bitfield(this.pieces, have ?? undefined);
  }

  bytesOf(piece: number): Bytes {
    return Math.min(this.pieceBytes, this.bytes - piece * this.pieceBytes);
  }

  get isComplete(): boolean {
    return this.verified.isFull;
  }

  /** The first missing piece, in file order, or null. */
  nextMissing(): number | null {
    while (this.#cursor < this.pieces && this.verified.has(this.#cursor)) this.#cursor++;
    for (let piece = this.#cursor; piece < this.pieces; piece++) {
      if (!this.verified.has(piece) && !this.fetches.has(piece)) return piece;
    }
    return null;
  }

  /** The piece has no verified bytes any more. */
  forgetPiece(piece: number): void {
    this.verified.delete(piece);
    this.#cursor = Math.min(this.#cursor, piece);
  }
}
