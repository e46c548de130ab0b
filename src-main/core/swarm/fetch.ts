import { invariant } from '#shared/assert.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { FileState } from './file-state.ts';
import type { RequestNumber } from './numbers.ts';
import type { Arrivals } from './options.ts';
import type { PeerState } from './peer-state.ts';

/**
 * One attempt at one piece. It comes from one peer, so that a bad piece tells who sent it; only when that peer leaves it in
 * the middle does another one go on with it.
 */
export interface Fetch {
  readonly number: number;
  readonly file: FileState;
  readonly piece: number;
  readonly bytes: Bytes;
  /** Who gives it, or gave it last. */
  peer: PeerState;
  /** When that peer began. */
  startedAt: Millis;
  /** Its peer was too slow, or not measured, when it began: it holds its buffer for long. */
  isSlow: boolean;
  /** Everything before it has been requested. */
  requestedTo: Bytes;
  /** How many requests were made. */
  requests: number;
  arrivedBytes: Bytes;
  /** Requests on their way, in the order they were made: the number, the beginning and the bytes of each, side by side. */
  readonly open: number[];
  /** The whole piece is with the disk, to be verified and written. */
  verifying: boolean;
  /** Given up while the disk still holds its buffer: the outcome is ignored, only the buffer is freed. */
  abandoned: boolean;
}

/** No piece has more blocks. */
const mostBlocks = limits.content.maxPieceBytes / limits.content.leafBytes;
/** An attempt that many peers have gone on with may have asked for some more than once. */
const mostRequests = 4 * mostBlocks;
/** Open requests are so many numbers each. */
export const openStride = 3;

/** Numbers the next request of a fetch, so that its number tells the fetch without a table of requests. */
export function nextRequest(fetch: Fetch): RequestNumber {
  invariant(fetch.requests < mostRequests, 'a piece has not so many blocks');
  return fetch.number * mostRequests + fetch.requests++;
}

/** The number of the fetch to which a request belongs. */
export const fetchOf = (request: RequestNumber): number => Math.floor(request / mostRequests);

/** Whether the answer to a request is still waited for. */
export function isOpen({ open }: Fetch, request: RequestNumber): boolean {
  for (let at = 0; at < open.length; at += openStride) if (open[at] === request) return true;
  return false;
}

/** How much a request asked for whose answer is still waited for; 0 when none is. */
export function openBytes({ open }: Fetch, request: RequestNumber): Bytes {
  for (let at = 0; at < open.length; at += openStride) if (open[at] === request) return open[at + 2] ?? 0;
  return 0;
}

/** Takes a request out of the open ones; returns its bytes, 0 when it was not among them. */
export function takeRequest({ open }: Fetch, request: RequestNumber): Bytes {
  let at = 0;
  while (at < open.length && open[at] !== request) at += openStride;
  const bytes = open[at + 2];
  if (bytes === undefined) return 0;
  // In place: it is one of a few, and as a rule the first.
  for (; at + openStride < open.length; at++) open[at] = open[at + openStride] ?? 0;
  open.length -= openStride;
  return bytes;
}

/** How much of a piece has come without a gap, in whole leaves. */
export function arrivedInOrder({ open: [request, begin], peer, requestedTo }: Fetch, arrivals: Arrivals): Bytes {
  const bytes = request === undefined || begin === undefined ? requestedTo : begin + arrivals.kept(request, peer.number);
  return bytes - (bytes % limits.content.leafBytes);
}

/** Whether somebody may go on with what has come. Not with what comes from a peer that has sent wrong bytes: a leaf of it would spoil a whole piece. */
export function mayGoOn({ file, piece, peer, requests }: Fetch): boolean {
  return file.isContinuable && !file.content.have.has(piece) && peer.strikes === 0 && requests <= mostRequests - mostBlocks;
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

/** A last piece that takes this long is also asked of somebody else; whether somebody is faster is looked at again as often. */
export const endgameAfterMs = 2 * second;

/**
 * Every missing piece of a file is on its way: one that takes long elsewhere and that an idle peer should be asked for too
 * (BEP 3's endgame), but only when it would deliver much sooner than all who were asked, so that slow lines do not carry
 * everything twice, and not while the disk has all of it from one of them. `fetches` come in the order they began.
 */
export function endgamePick(now: Millis, peer: PeerState, fetches: Iterable<Fetch>): Fetch | null {
  const isOld = ({ startedAt }: Fetch): boolean => now >= startedAt + endgameAfterMs;
  for (const fetch of fetches) {
    const { file, piece } = fetch;
    if (!isOld(fetch)) return null;
    if (fetch.verifying || file.isWanting || !file.content.memberHas(peer.number, piece)) continue;
    const rivals = file.fetches.get(piece) ?? [];
    if (rivals.every((rival) => !rival.verifying && isOld(rival) && rival.peer !== peer && isMuchFaster(now, peer, rival))) return fetch;
  }
  return null;
}
