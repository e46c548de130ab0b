import { limits } from '#shared/limits.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { Download, Downloads } from './download-state.ts';
import type { SwarmSink } from './events.ts';
import { isSlow, type Fetch } from './fetch.ts';
import type { FileState } from './file-state.ts';
import type { PeerState } from './peer-state.ts';

/**
 * Every attempt at a piece, and the buffers they take up: those that are going on, in the order they began, and those that
 * were left in the middle, which keep what has come until somebody goes on with it or their room is needed.
 */
export class Fetches {
  readonly #downloads: Downloads;
  readonly #going = new Map<number, Fetch>();
  /** Left longest ago first. */
  readonly #halves = new Set<Fetch>();
  #halfBytes: Bytes = 0;
  #next = 1;

  constructor(downloads: Downloads) {
    this.#downloads = downloads;
  }

  /** One that is going on. */
  get(number: number): Fetch | undefined {
    return this.#going.get(number);
  }

  /** Those that are going on. */
  values(): IterableIterator<Fetch> {
    return this.#going.values();
  }

  /** A peer begins a piece, or goes on with what was kept of it. There must be room, but for half pieces. */
  begin(now: Millis, file: FileState, piece: number, peer: PeerState, out: SwarmSink): Fetch {
    const bytes = file.bytesOf(piece);
    const half = file.halfFor(piece, peer);
    if (half !== undefined) this.#removeHalf(half);
    this.#makeRoom(file.download, bytes, out);
    const fetch: Fetch = half ?? {
      number: this.#next++, file, piece, bytes, peer, startedAt: now, isSlow: false,
      requestedTo: 0, requests: 0, arrivedBytes: 0, open: [], verifying: false, abandoned: false,
    };
    fetch.peer = peer;
    fetch.startedAt = now;
    fetch.isSlow = isSlow(now, peer, bytes);
    this.#downloads.begun(fetch);
    this.#going.set(fetch.number, fetch);
    file.fetches.set(piece, [...(file.fetches.get(piece) ?? []), fetch]);
    peer.addFetch(fetch);
    if (half === undefined) out.fetchStarted(fetch.number, file.number, piece, bytes, peer.number);
    else out.fetchResumed(fetch.number, peer.number);
    return fetch;
  }

  /** Its peer has no part in it any more. Returns whether nobody is at the piece now. */
  detach(fetch: Fetch): boolean {
    const { file, piece, peer } = fetch;
    peer.removeFetch(fetch);
    if (peer.asking === fetch) peer.asking = null;
    const left = (file.fetches.get(piece) ?? []).filter((other) => other !== fetch);
    if (left.length === 0) return file.fetches.delete(piece);
    file.fetches.set(piece, left);
    return false;
  }

  end(fetch: Fetch, out: SwarmSink): void {
    this.#going.delete(fetch.number);
    this.#downloads.ended(fetch);
    out.fetchEnded(fetch.number);
  }

  /** Nobody goes on with it for now: the first `bytes` are kept, unless another attempt has more of the piece. */
  leave(fetch: Fetch, bytes: Bytes, out: SwarmSink): void {
    const other = fetch.file.halves.get(fetch.piece);
    if (other !== undefined && other.arrivedBytes >= bytes) return this.end(fetch, out);
    if (other !== undefined) this.#drop(other, out);
    this.#going.delete(fetch.number);
    fetch.requestedTo = bytes;
    fetch.arrivedBytes = bytes;
    this.#downloads.setAside(fetch);
    this.#halves.add(fetch);
    this.#halfBytes += fetch.bytes;
    fetch.file.halves.set(fetch.piece, fetch);
    out.fetchPaused(fetch.number, bytes);
    for (const oldest of this.#halves) {
      if (this.#halves.size <= limits.transfer.halfPieces && this.#halfBytes <= limits.transfer.halfPieceBytes) return;
      this.#drop(oldest, out);
    }
  }

  /** A piece was wrong that several peers had given parts of: one must give all of it, so that it tells who sent it. */
  takeWhole({ file, piece }: Fetch, out: SwarmSink): void {
    this.dropHalf(file, piece, out);
    file.wholeOnly.add(piece);
  }

  /** What was kept of a piece is worth nothing any more. */
  dropHalf(file: FileState, piece: number, out: SwarmSink): void {
    const half = file.halves.get(piece);
    if (half !== undefined) this.#drop(half, out);
  }

  dropHalvesOf(file: FileState, out: SwarmSink): void {
    for (const half of [...file.halves.values()]) this.#drop(half, out);
  }

  dropHalvesFrom(peer: PeerState, out: SwarmSink): void {
    for (const half of [...this.#halves]) if (half.peer.number === peer.number) this.#drop(half, out);
  }

  /** Half pieces make way for so many bytes of a download, the oldest first. */
  #makeRoom(download: Download, bytes: Bytes, out: SwarmSink): void {
    for (const half of this.#halves) {
      const isAllFull = this.#downloads.room.isCrowded(bytes);
      if (!isAllFull && !download.room.isCrowded(bytes)) return;
      if (isAllFull || half.file.download === download) this.#drop(half, out);
    }
  }

  #drop(half: Fetch, out: SwarmSink): void {
    this.#removeHalf(half);
    out.fetchEnded(half.number);
  }

  #removeHalf(half: Fetch): void {
    this.#downloads.freeAside(half);
    this.#halves.delete(half);
    this.#halfBytes -= half.bytes;
    half.file.halves.delete(half.piece);
  }
}
