import { invariant } from '#shared/assert.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { FileState } from './file-state.ts';
import type { RequestNumber } from './events.ts';
import type { PeerState } from './peer-state.ts';

/** One attempt at one piece from one peer. A piece comes whole from one peer, so that a bad one tells who sent it. */
export interface Fetch {
  readonly number: number;
  readonly file: FileState;
  readonly piece: number;
  readonly bytes: Bytes;
  readonly peer: PeerState;
  readonly startedAt: Millis;
  /** Its peer was too slow, or not measured, when it began: it holds its buffer for long. */
  readonly isSlow: boolean;
  /** Everything before it has been requested. */
  requestedTo: Bytes;
  /** How many requests were made. */
  requests: number;
  arrivedBytes: Bytes;
  /** Requests on their way, in the order they were made: the number and the bytes of each, side by side. */
  readonly open: number[];
  /** The whole piece is with the disk, to be verified and written. */
  verifying: boolean;
  /** Given up while the disk still holds its buffer: the outcome is ignored, only the buffer is freed. */
  abandoned: boolean;
  /** It takes long: perhaps somebody else delivers it sooner. */
  isOld: boolean;
}

/** No piece has more blocks. */
const mostRequests = 4096;

/** Numbers the next request of a fetch, so that its number tells the fetch without a table of requests. */
export function nextRequest(fetch: Fetch): RequestNumber {
  invariant(fetch.requests < mostRequests, 'a piece has not so many blocks');
  return fetch.number * mostRequests + fetch.requests++;
}

/** The number of the fetch to which a request belongs. */
export const fetchOf = (request: RequestNumber): number => Math.floor(request / mostRequests);

/** Takes a request out of the open ones; returns its bytes, 0 when it was not among them. */
export function takeRequest({ open }: Fetch, request: RequestNumber): Bytes {
  let at = 0;
  while (at < open.length && open[at] !== request) at += 2;
  const bytes = open[at + 1];
  if (bytes === undefined) return 0;
  // In place: it is one of a few, and as a rule the first.
  for (; at + 2 < open.length; at++) open[at] = open[at + 2] ?? 0;
  open.length -= 2;
  return bytes;
}

/** Whoever delivers a piece in this time is fast. */
const fastMs = 2 * second;

export function isSlow(now: Millis, peer: PeerState, bytes: Bytes): boolean {
  return (peer.expectedRate(now) * fastMs) / 1000 < bytes;
}

/** Whether a peer would send a whole piece in less than half the time its present source needs for the rest of it. */
export function isMuchFaster(now: Millis, peer: PeerState, fetch: Fetch): boolean {
  const theirs = fetch.peer.expectedRate(now) / Math.max(1, fetch.peer.fetches.length);
  const ours = peer.expectedRate(now);
  // Nobody knows yet how fast it is: it is idle, and the other one has had its time.
  if (ours === 0) return true;
  return 2 * fetch.bytes * theirs < (fetch.bytes - fetch.arrivedBytes) * ours;
}

/**
 * Every missing piece of a file is on its way: one that takes long elsewhere and that an idle peer should be asked for too
 * (BEP 3's endgame), but only when it would deliver much sooner than all who were asked, so that slow lines do not carry
 * everything twice. `fetches` come in the order they began.
 */
export function endgamePick(now: Millis, peer: PeerState, fetches: Iterable<Fetch>): Fetch | null {
  for (const fetch of fetches) {
    const { file, piece } = fetch;
    if (!fetch.isOld) return null;
    if (fetch.verifying || file.isWanting || !file.content.memberHas(peer.number, piece)) continue;
    const rivals = file.fetches.get(piece) ?? [];
    if (rivals.every((rival) => rival.isOld && rival.peer !== peer && isMuchFaster(now, peer, rival))) return fetch;
  }
  return null;
}
