import { limits } from '#shared/limits.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { Download, Downloads } from './download-state.ts';
import type { SwarmSink } from './events.ts';
import type { FileNumber, RequestNumber } from './numbers.ts';
import { arrivedInOrder, isSlow, mayGoOn, takeRequest, type Fetch } from './fetch.ts';
import type { FileState } from './file-state.ts';
import type { Arrivals } from './options.ts';
import type { PeerState } from './peer-state.ts';

/**
 * Every attempt at a piece, and the buffers they take up: those that are going on, in the order they began, and those that
 * were left in the middle, which keep what has come until somebody goes on with it or their room is needed.
 */
export class Fetches {
  readonly #downloads: Downloads;
  /** Those that are open: of others nothing is wanted, and nothing kept. */
  readonly #files: ReadonlyMap<FileNumber, FileState>;
  readonly #arrivals: Arrivals;
  readonly #going = new Map<number, Fetch>();
  /** Left longest ago first. */
  readonly #halves = new Set<Fetch>();
  #halfBytes: Bytes = 0;
  #next = 1;

  constructor(downloads: Downloads, files: ReadonlyMap<FileNumber, FileState>, arrivals: Arrivals) {
    this.#downloads = downloads;
    this.#files = files;
    this.#arrivals = arrivals;
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

  /** A request is not waited for any more. Returns its bytes; 0 when nobody waited for it. */
  settle(request: RequestNumber, fetch: Fetch): Bytes {
    const bytes = takeRequest(fetch, request);
    if (bytes === 0) return 0;
    fetch.peer.inFlightBytes -= bytes;
    fetch.peer.inFlightRequests--;
    return bytes;
  }

  /** The disk gave its word on a fetch: its buffer is free. Undefined when the fetch had been given up meanwhile. */
  endVerifying(number: number, out: SwarmSink, outcome: 'written' | 'missing' = 'missing'): Fetch | undefined {
    const fetch = this.#going.get(number);
    if (fetch === undefined || !fetch.verifying) return undefined;
    if (!fetch.abandoned) {
      if (outcome === 'written') fetch.file.content.gain(fetch.piece);
      this.#detach(fetch);
    }
    this.#end(fetch, out);
    return fetch.abandoned ? undefined : fetch;
  }

  /** Takes an attempt from its peer; its piece is missing again, but for what has come. `cancel`: the peer is still there to be told, but of `ended`. */
  giveUp(fetch: Fetch, out: SwarmSink, cancel: boolean, ended?: RequestNumber): void {
    const arrived = this.#isOpen(fetch.file) && mayGoOn(fetch) ? arrivedInOrder(fetch, this.#arrivals) : 0;
    for (let request = fetch.open[0]; request !== undefined; request = fetch.open[0]) {
      this.settle(request, fetch);
      if (cancel && request !== ended) out.cancel(request, fetch.peer.number);
    }
    if (fetch.abandoned) return;
    this.#detach(fetch);
    if (fetch.verifying) fetch.abandoned = true;
    else if (arrived > 0) this.#leave(fetch, arrived, out);
    else this.#end(fetch, out);
  }

  /** Its peer has no part in it any more: when nobody else is at the piece either, it is wanted again. */
  #detach(fetch: Fetch): void {
    const { file, piece, peer } = fetch;
    peer.removeFetch(fetch);
    if (peer.asking === fetch) peer.asking = null;
    const left = (file.fetches.get(piece) ?? []).filter((other) => other !== fetch);
    if (left.length > 0) return void file.fetches.set(piece, left);
    if (!file.fetches.delete(piece) || file.content.have.has(piece) || !this.#isOpen(file)) return;
    file.want(piece);
    file.download.note(file);
  }

  #isOpen({ number }: FileState): boolean {
    return this.#files.has(number);
  }

  #end(fetch: Fetch, out: SwarmSink): void {
    this.#going.delete(fetch.number);
    this.#downloads.ended(fetch);
    out.fetchEnded(fetch.number);
  }

  /** Nobody goes on with it for now: the first `bytes` are kept, unless another attempt has more of the piece. */
  #leave(fetch: Fetch, bytes: Bytes, out: SwarmSink): void {
    const other = fetch.file.halves.get(fetch.piece);
    if (other !== undefined && other.arrivedBytes >= bytes) return this.#end(fetch, out);
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
