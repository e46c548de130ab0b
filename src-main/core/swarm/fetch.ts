import type { Bytes, Millis } from '#shared/units.ts';
import type { FileState } from './file-state.ts';
import type { PeerState } from './peer-state.ts';
import type { RequestNumber } from './events.ts';

/** One attempt at one piece from one peer. A piece comes whole from one peer, so that a bad one tells who sent it. */
export interface Fetch {
  readonly number: number;
  readonly file: FileState;
  readonly piece: number;
  readonly bytes: Bytes;
  readonly peer: PeerState;
  readonly startedAt: Millis;
  /** Everything before it has been requested. */
  requestedTo: Bytes;
  arrivedBytes: Bytes;
  readonly open: Map<RequestNumber, Bytes>;
  /** The whole piece is with the disk, to be verified and written. */
  verifying: boolean;
  /** Given up while the disk still holds its buffer: the outcome is ignored, only the buffer is freed. */
  abandoned: boolean;
  /** It takes long: perhaps somebody else delivers it sooner. */
  isOld: boolean;
}

/** Whether a peer would send a whole piece in less than half the time its present source needs for the rest of it. */
export function isMuchFaster(now: Millis, peer: PeerState, fetch: Fetch): boolean {
  const theirs = fetch.peer.delivered.rate(now) / Math.max(1, fetch.peer.fetches.size);
  const ours = peer.delivered.rate(now);
  // Nobody knows yet how fast it is: it is idle, and the other one has had its time.
  if (ours === 0) return true;
  return 2 * fetch.bytes * theirs < (fetch.bytes - fetch.arrivedBytes) * ours;
}
