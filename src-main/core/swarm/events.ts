import type { Bytes, Millis } from '#shared/units.ts';
import type { Line, RateScope } from '../rate/rate-gate.ts';
import type { Pieces } from './members.ts';
import type { DownloadNumber, FileNumber, PeerNumber, RequestNumber } from './numbers.ts';

/** Higher fetches first. */
export type PriorityRank = 0 | 1 | 2;

/**
 * `gone`: it is no source for this file any more. `busy`: it cannot now. `choked`: it lets us begin no piece. `elsewhere`:
 * others have or get this piece, while there are pieces that nobody else has.
 */
export type RefusalKind = 'gone' | 'busy' | 'choked' | 'elsewhere';

/** What happens to the swarm machine. Times are not in events: `step` gets `now`. */
export type SwarmEvent =
  | { readonly type: 'download-added'; readonly download: DownloadNumber; readonly priority: PriorityRank; readonly inOrder?: boolean }
  | { readonly type: 'download-priority'; readonly download: DownloadNumber; readonly priority: PriorityRank }
  /** From now on in order, or as it spreads best; what has been asked for comes all the same. */
  | { readonly type: 'download-order'; readonly download: DownloadNumber; readonly inOrder: boolean }
  /** Requests in flight are cancelled, its files are forgotten. */
  | { readonly type: 'download-removed'; readonly download: DownloadNumber }
  /** A file is open on disk; `have` holds the pieces that are verified there already. */
  | {
      readonly type: 'file-opened';
      readonly download: DownloadNumber;
      readonly file: FileNumber;
      readonly bytes: Bytes;
      readonly pieceBytes: Bytes;
      readonly have: Uint8Array | null;
      /** Within its download; 1 when left out. */
      readonly priority?: PriorityRank;
      /** Its pieces go from the beginning to the end, because its volume fills what lies before a far one with zeros. */
      readonly isGrowing?: boolean;
      /** A piece may be put together from what several sources gave of it; true when left out. */
      readonly isContinuable?: boolean;
    }
  | { readonly type: 'file-priority'; readonly file: FileNumber; readonly priority: PriorityRank }
  | { readonly type: 'file-closed'; readonly file: FileNumber }
  /** Pieces that counted as verified turned out wrong (a provisional file met its root). */
  | { readonly type: 'pieces-missing'; readonly file: FileNumber; readonly pieces: readonly number[] }
  /** What came of pieces in part belongs to another version of the file. */
  | { readonly type: 'halves-outdated'; readonly file: FileNumber }
  /** The peer has these pieces of the file; replaces what was known. */
  | { readonly type: 'source-added'; readonly file: FileNumber; readonly peer: PeerNumber; readonly pieces: Pieces }
  /** Its content has heard that the peer has one more piece of those that we miss, or that are on their way. */
  | { readonly type: 'source-has'; readonly file: FileNumber; readonly peer: PeerNumber }
  | { readonly type: 'source-removed'; readonly file: FileNumber; readonly peer: PeerNumber }
  /** A link is up. `local`: on this machine or network. `strikes`: bad pieces it sent before. */
  | { readonly type: 'peer-up'; readonly peer: PeerNumber; readonly latencyMs: Millis; readonly local?: boolean; readonly line?: Line | null; readonly strikes?: number }
  | { readonly type: 'peer-down'; readonly peer: PeerNumber }
  /** What it did wrong is forgotten. */
  | { readonly type: 'peer-forgiven'; readonly peer: PeerNumber }
  /** All bytes of a block are in its piece's buffer. `wireBytes`: what travelled, when that was less. */
  | { readonly type: 'block-arrived'; readonly request: RequestNumber; readonly wireBytes?: Bytes }
  /** The peer will not or cannot give it. */
  | { readonly type: 'block-refused'; readonly request: RequestNumber; readonly why: RefusalKind }
  /** The connection it was asked on has ended; others to the peer are still there. */
  | { readonly type: 'block-lost'; readonly request: RequestNumber }
  /** The peer lets us begin no new piece, or does again; what has begun goes on. */
  | { readonly type: 'choked'; readonly peer: PeerNumber; readonly choked: boolean }
  /** A whole piece was hashed: right and on disk, or wrong. */
  | { readonly type: 'piece-written'; readonly file: FileNumber; readonly piece: number; readonly fetch: number }
  /** `several`: more than one device sent parts of it, so that nobody can be blamed yet. */
  | { readonly type: 'piece-corrupt'; readonly file: FileNumber; readonly piece: number; readonly fetch: number; readonly several?: boolean }
  /** Once a piece was right it turned out who had sent a wrong part of it before. */
  | { readonly type: 'peer-blamed'; readonly peer: PeerNumber; readonly file: FileNumber; readonly piece: number }
  /** The disk refused; the driver closes the file afterwards. */
  | { readonly type: 'piece-unwritten'; readonly file: FileNumber; readonly piece: number; readonly fetch: number }
  /** Bytes/s for all downloads together, those over one line, or those from one peer (until it is down); null for no limit. */
  | { readonly type: 'rate-limit'; readonly bytesPerSecond: number | null; readonly scope?: RateScope }
  | { readonly type: 'tick' };

/**
 * What the machine wants done. Methods instead of objects: the hot path allocates nothing. A `fetch` is one attempt at
 * one piece, from one peer after the other; it owns one buffer from `fetchStarted` to `fetchEnded`.
 */
export interface SwarmSink {
  /** Reserve a buffer of `bytes` for this attempt. */
  fetchStarted(fetch: number, file: FileNumber, piece: number, bytes: Bytes, peer: PeerNumber): void;
  /** Its peer gives nothing more. The first `bytes` in its buffer, whole leaves, wait for somebody to go on. */
  fetchPaused(fetch: number, bytes: Bytes): void;
  /** From now on this peer gives the rest. */
  fetchResumed(fetch: number, peer: PeerNumber): void;
  request(request: RequestNumber, peer: PeerNumber, fetch: number, file: FileNumber, piece: number, begin: Bytes, length: Bytes): void;
  cancel(request: RequestNumber, peer: PeerNumber): void;
  /** The buffer holds the whole piece: verify and write it, then answer with a `piece-…` event. */
  pieceComplete(fetch: number, file: FileNumber, piece: number, bytes: Bytes, peer: PeerNumber): void;
  /** The buffer is free again. */
  fetchEnded(fetch: number): void;
  /** Every piece of the file is verified. */
  fileComplete(file: FileNumber): void;
  /** A peer sent bytes that do not hash to what they must; after `strikes` it gets no more requests. */
  peerCorrupt(peer: PeerNumber, file: FileNumber, piece: number, strikes: number): void;
  /** Pieces are missing and no peer that is up has them; told once each time it becomes true. */
  fileStarved(file: FileNumber): void;
}
