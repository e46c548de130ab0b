import { assertNever } from '#shared/assert.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { RateGate } from '../rate/rate-gate.ts';
import type { Contents } from './content.ts';
import { Downloads, type Download } from './download-state.ts';
import type { DownloadNumber, FileNumber, PeerNumber, RequestNumber, SwarmEvent, SwarmSink } from './events.ts';
import { endgamePick, fetchOf, isMuchFaster, isSlow, nextRequest, takeRequest, type Fetch } from './fetch.ts';
import { FileState } from './file-state.ts';
import type { Deliveries, SwarmOptions } from './options.ts';
import { PeerState } from './peer-state.ts';
import { standingOf, type DownloadStanding } from './standing.ts';

/** A last piece that takes this long is also asked of somebody else; whether somebody is faster is looked at again as often. */
const endgameAfterMs = 2 * second;

/**
 * Decides which piece to fetch from whom. Several downloads, each of many files, share the peers and one budget of
 * buffers; the download with the highest priority picks first. It sees indices and lengths only: bytes stay with the
 * driver, which verifies and writes each complete piece and tells the outcome. Pure: time comes in as an argument, what
 * is to be done goes out through the sink.
 *
 * Invariants: a piece counts only after `piece-written`; buffers in flight never exceed the budget; every fetch that was
 * started ends exactly once; an answer to an unknown request changes nothing.
 */
export class SwarmMachine {
  readonly #contents: Contents;
  readonly #random: () => number;
  readonly #deliveries: Deliveries;
  readonly #downloads: Downloads;
  readonly #files = new Map<FileNumber, FileState>();
  readonly #peers = new Map<PeerNumber, PeerState>();
  readonly #fetches = new Map<number, Fetch>();
  /** What we may ask for. */
  readonly rates = new RateGate();
  /** Nothing is due before; null: to be found out. */
  #wakeAt: Millis | null = null;
  #lookedAt: Millis = 0;
  #nextFetch = 1;

  constructor({ limits: own, contents, random, deliveries }: SwarmOptions) {
    this.#downloads = new Downloads(own);
    this.#deliveries = deliveries;
    this.#contents = contents;
    this.#random = random;
  }

  step(now: Millis, event: SwarmEvent, out: SwarmSink): void {
    // What happens most often only moves moments away or adds new ones, which are noted where they arise.
    if (event.type !== 'block-arrived' && event.type !== 'source-has' && event.type !== 'piece-written') this.#wakeAt = null;
    switch (event.type) {
      case 'download-added': return this.#downloads.add(event.download, event.priority, event.inOrder ?? false);
      case 'download-priority': return this.#downloads.setPriority(event.download, event.priority);
      case 'download-order': return this.#downloads.setInOrder(event.download, event.inOrder);
      case 'download-removed': {
        const download = this.#downloads.get(event.download);
        if (download === undefined) return;
        for (const file of download.files) this.#closeFile(file, out);
        this.#downloads.remove(download);
        break;
      }
      case 'file-opened': return this.#openFile(event, out);
      case 'file-priority': {
        const file = this.#files.get(event.file);
        if (file === undefined) return;
        file.priority = event.priority;
        file.download.remove(file);
        return file.download.note(file);
      }
      case 'file-closed': {
        const file = this.#files.get(event.file);
        if (file !== undefined) this.#closeFile(file, out);
        break;
      }
      case 'pieces-missing': {
        const file = this.#files.get(event.file);
        if (file === undefined) return;
        for (const piece of event.pieces) file.forgetPiece(piece);
        file.download.note(file);
        break;
      }
      case 'source-added': {
        const file = this.#files.get(event.file);
        const peer = this.#peers.get(event.peer);
        if (file === undefined || peer === undefined) return;
        if (peer.isBanned) return this.#noteStarved(file, out);
        file.content.setMember(event.peer, event.pieces);
        this.#noteSource(file, event.peer);
        return this.#pump(now, out);
      }
      case 'source-has': {
        const file = this.#files.get(event.file);
        if (file?.content.noteHas(event.peer, event.piece) !== true) return;
        // Only a piece that we miss, or one that takes long elsewhere, can be asked for.
        if (file.isWanting && !file.content.isWanted(event.piece)) return;
        const peer = this.#peers.get(event.peer);
        if (peer === undefined) return;
        this.#noteSource(file, event.peer);
        return this.#pumpOne(now, peer, out);
      }
      case 'source-removed': {
        const file = this.#files.get(event.file);
        if (file === undefined) return;
        this.#removeSource(file, event.peer, out);
        break;
      }
      case 'peer-up':
        this.#peers.set(event.peer, new PeerState(event));
        this.rates.peerUp(event.peer, event.line ?? null);
        break;
      case 'peer-down': {
        const peer = this.#peers.get(event.peer);
        if (peer === undefined) return;
        for (const fetch of peer.fetches) this.#giveUp(fetch, out, false);
        this.#peers.delete(event.peer);
        this.rates.peerDown(event.peer);
        this.#forgetMember(event.peer, out);
        break;
      }
      case 'peer-forgiven': {
        const peer = this.#peers.get(event.peer);
        if (peer !== undefined) peer.strikes = 0;
        return;
      }
      case 'choked': {
        const peer = this.#peers.get(event.peer);
        if (peer === undefined) return;
        peer.isChoking = event.choked;
        return this.#pumpOne(now, peer, out);
      }
      case 'block-arrived': return this.#blockArrived(now, event, out);
      case 'block-refused': {
        const fetch = this.#fetches.get(fetchOf(event.request));
        if (fetch === undefined || this.#settleRequest(event.request, fetch) === 0) return;
        this.#giveUp(fetch, out, true);
        if (event.why === 'gone') this.#removeSource(fetch.file, fetch.peer.number, out);
        else if (event.why === 'elsewhere') fetch.peer.avoid(now, fetch.file.number, fetch.piece);
        else if (event.why === 'choked') fetch.peer.isChoking = true;
        else fetch.peer.noteStall(now);
        break;
      }
      case 'block-lost': {
        const fetch = this.#fetches.get(fetchOf(event.request));
        if (fetch?.open.includes(event.request) !== true) return;
        this.#giveUp(fetch, out, true);
        fetch.peer.noteLost(now);
        break;
      }
      case 'piece-written': this.#pieceWritten(event.fetch, out); break;
      case 'piece-corrupt': {
        const fetch = this.#endVerifying(event.fetch, out);
        if (fetch === undefined) break;
        fetch.peer.strikes++;
        out.peerCorrupt(fetch.peer.number, fetch.file.number, fetch.piece, fetch.peer.strikes);
        if (!fetch.peer.isBanned) {
          this.#noteStarved(fetch.file, out);
          break;
        }
        for (const other of fetch.peer.fetches) this.#giveUp(other, out, true);
        this.#forgetMember(fetch.peer.number, out);
        break;
      }
      case 'piece-unwritten': {
        const fetch = this.#endVerifying(event.fetch, out);
        if (fetch !== undefined) this.#noteStarved(fetch.file, out);
        break;
      }
      case 'rate-limit': this.rates.set(now, event.scope ?? 'all', event.bytesPerSecond); break;
      case 'tick': this.#timePasses(now, out); break;
      default: assertNever(event);
    }
    this.#pump(now, out);
  }

  /** When to step with a `tick` if nothing else happens, or a little earlier; null: not at all. */
  nextWake(now: Millis): Millis | null {
    this.#wakeAt ??= this.#findWake();
    const wake = Math.min(this.#wakeAt, this.rates.nextWake(now) ?? Infinity);
    return wake === Infinity ? null : wake;
  }

  #findWake(): Millis {
    let wake = Infinity;
    const waiting = this.#downloads.line.some(({ wanting }) => wanting.length > 0);
    for (const peer of this.#peers.values()) {
      if (peer.isQuiet) continue;
      if (peer.inFlightRequests > 0) wake = Math.min(wake, peer.stallsAt);
      if (waiting && peer.isResting) wake = Math.min(wake, peer.restUntil);
      if (waiting && peer.isAvoiding) wake = Math.min(wake, peer.avoidUntil);
    }
    // Without a second peer nobody else can be asked, and there may be hundreds of small files on their way.
    if (this.#peers.size < 2) return wake;
    for (const fetch of this.#fetches.values()) {
      if (fetch.verifying || fetch.file.content.members.size < 2) continue;
      // Fetches are kept in the order they started: the others come later.
      if (!fetch.isOld) return Math.min(wake, fetch.startedAt + endgameAfterMs);
      if (!fetch.file.isWanting) wake = Math.min(wake, this.#lookedAt + endgameAfterMs);
    }
    return wake;
  }

  #wakeBy(at: Millis): void {
    if (this.#wakeAt !== null && at < this.#wakeAt) this.#wakeAt = at;
  }

  /** Bytes reserved for pieces in flight now. */
  get budgetUsed(): Bytes {
    return this.#downloads.room.used;
  }

  /** Delivery rate of a peer, bytes/s. */
  peerRate(now: Millis, number: PeerNumber): number {
    return this.#peers.get(number)?.delivered.rate(now) ?? 0;
  }

  /** How things stand for a download; null when it is not here. */
  standing(now: Millis, number: DownloadNumber): DownloadStanding | null {
    const download = this.#downloads.get(number);
    return download === undefined ? null : standingOf(now, download, { downloads: this.#downloads.line, peers: this.#peers, fetches: this.#fetches.values(), room: this.#downloads.room });
  }

  isOpen(file: FileNumber): boolean {
    return this.#files.has(file);
  }

  /** Whether we would take something from a peer now. */
  wantsFrom(number: PeerNumber): boolean {
    return (this.#peers.get(number)?.inFlightRequests ?? 0) > 0 || this.#downloads.line.some((download) => download.isServedBy(number));
  }

  /** A file that is being downloaded. */
  file(number: FileNumber): Pick<FileState, 'arriving' | 'isReadSoon'> | undefined {
    return this.#files.get(number);
  }

  #openFile(event: Extract<SwarmEvent, { type: 'file-opened' }>, out: SwarmSink): void {
    const download = this.#downloads.get(event.download);
    if (download === undefined) return;
    const { bytes, pieceBytes, have, priority = 1, isGrowing = false } = event;
    const content = this.#contents.open(event.file, Math.ceil(bytes / pieceBytes), have);
    const file = new FileState(event.file, download, content, { bytes, pieceBytes, priority, isGrowing });
    this.#files.set(event.file, file);
    download.files.add(file);
    if (file.isComplete) out.fileComplete(file.number);
    else download.note(file);
  }

  #closeFile(file: FileState, out: SwarmSink): void {
    for (const fetches of [...file.fetches.values()]) for (const fetch of [...fetches]) this.#giveUp(fetch, out, true);
    this.#files.delete(file.number);
    file.download.files.delete(file);
    file.download.remove(file);
    for (let piece = 0; file.isWanting && piece < file.content.pieces; piece++) file.content.unwant(piece);
    if (!file.content.isKept) this.#contents.delete(file.number);
  }

  #noteSource(file: FileState, peer: PeerNumber): void {
    if (file.starved && (file.content.members.get(peer)?.useful ?? 0) > 0) file.starved = false;
  }

  /** It is away, or banned: nothing of it counts any more. */
  #forgetMember(peer: PeerNumber, out: SwarmSink): void {
    for (const content of this.#contents.values()) content.removeMember(peer);
    for (const download of this.#downloads.line) for (const file of [...download.wanting]) this.#noteStarved(file, out);
  }

  #removeSource(file: FileState, number: PeerNumber, out: SwarmSink): void {
    file.content.removeMember(number);
    for (const fetches of [...file.fetches.values()]) {
      for (const fetch of [...fetches]) if (fetch.peer.number === number && !fetch.verifying) this.#giveUp(fetch, out, true);
    }
    this.#noteStarved(file, out);
  }

  #blockArrived(now: Millis, { request, wireBytes }: Extract<SwarmEvent, { type: 'block-arrived' }>, out: SwarmSink): void {
    const fetch = this.#fetches.get(fetchOf(request));
    if (fetch === undefined) return;
    const bytes = this.#settleRequest(request, fetch);
    if (bytes === 0) return;
    // The limit is one of the line: what did not have to travel is given back.
    if (wireBytes !== undefined) this.rates.pay(fetch.peer.number, wireBytes - bytes);
    fetch.arrivedBytes += bytes;
    fetch.peer.noteDelivery(now, bytes, request);
    this.#wakeBy(fetch.peer.stallsAt);
    this.#deliveries.received(now, fetch.peer.number, bytes);
    if (fetch.arrivedBytes >= fetch.bytes) {
      fetch.verifying = true;
      fetch.peer.removeFetch(fetch);
      out.pieceComplete(fetch.number, fetch.file.number, fetch.piece, fetch.bytes, fetch.peer.number);
    }
    // Only this peer's window has more room now.
    this.#pumpOne(now, fetch.peer, out);
  }

  #pieceWritten(number: number, out: SwarmSink): void {
    const fetch = this.#endVerifying(number, out);
    if (fetch === undefined) return;
    const { file, piece } = fetch;
    file.content.gain(piece);
    for (const rival of [...(file.fetches.get(piece) ?? [])]) this.#giveUp(rival, out, true);
    file.download.note(file);
    if (file.isComplete) out.fileComplete(file.number);
    else if (file.isWanting && file.fetches.size === 0) this.#noteStarved(file, out);
  }

  /** The disk gave its word on a fetch: its buffer is free. Undefined when the fetch had been given up meanwhile. */
  #endVerifying(number: number, out: SwarmSink): Fetch | undefined {
    const fetch = this.#fetches.get(number);
    if (fetch === undefined || !fetch.verifying) return undefined;
    this.#endFetch(fetch, out);
    return fetch.abandoned ? undefined : fetch;
  }

  /** Returns its bytes; 0 when nobody waits for it any more. */
  #settleRequest(request: RequestNumber, fetch: Fetch): Bytes {
    const bytes = takeRequest(fetch, request);
    if (bytes === 0) return 0;
    fetch.peer.inFlightBytes -= bytes;
    fetch.peer.inFlightRequests--;
    return bytes;
  }

  /** Ends an attempt early; its piece is missing again. `cancel`: the peer is still there to be told. */
  #giveUp(fetch: Fetch, out: SwarmSink, cancel: boolean): void {
    for (let request = fetch.open[0]; request !== undefined; request = fetch.open[0]) {
      this.#settleRequest(request, fetch);
      if (cancel) out.cancel(request, fetch.peer.number);
    }
    if (!fetch.verifying) return this.#endFetch(fetch, out);
    if (fetch.abandoned) return;
    fetch.abandoned = true;
    this.#detach(fetch);
  }

  #endFetch(fetch: Fetch, out: SwarmSink): void {
    if (!fetch.abandoned) this.#detach(fetch);
    this.#fetches.delete(fetch.number);
    this.#downloads.ended(fetch);
    out.fetchEnded(fetch.number);
  }

  #detach(fetch: Fetch): void {
    fetch.peer.removeFetch(fetch);
    if (fetch.peer.asking === fetch) fetch.peer.asking = null;
    const { file, piece } = fetch;
    const left = (file.fetches.get(piece) ?? []).filter((other) => other !== fetch);
    if (left.length > 0) {
      file.fetches.set(piece, left);
      return;
    }
    file.fetches.delete(piece);
    if (file.content.have.has(piece) || !this.#files.has(file.number)) return;
    file.want(piece);
    file.download.note(file);
  }

  #timePasses(now: Millis, out: SwarmSink): void {
    this.#lookedAt = now;
    this.rates.forgetWaiting();
    for (const peer of this.#peers.values()) {
      if (peer.isQuiet) continue;
      peer.timePasses(now);
      if (peer.inFlightRequests === 0 || now < peer.stallsAt) continue;
      peer.noteStall(now);
      for (const fetch of peer.fetches) this.#giveUp(fetch, out, true);
    }
    for (const fetch of this.#fetches.values()) {
      if (now < fetch.startedAt + endgameAfterMs) break;
      fetch.isOld = true;
    }
  }

  #noteStarved(file: FileState, out: SwarmSink): void {
    if (file.starved || file.isComplete || file.fetches.size > 0) return;
    for (const member of file.content.members.values()) if (member.useful > 0) return;
    file.starved = true;
    out.fileStarved(file.number);
  }

  /** Gives every peer with room one block after the other, in turn, until nobody can take more. */
  #pump(now: Millis, out: SwarmSink): void {
    for (let progress = true; progress;) {
      progress = false;
      for (const peer of this.#peers.values()) {
        if (!this.rates.isOpen(now)) return;
        if (peer.mayAsk() && this.rates.admits(now, peer.number) && this.#askOne(now, peer, out)) progress = true;
      }
    }
  }

  #pumpOne(now: Millis, peer: PeerState, out: SwarmSink): void {
    while (this.rates.isOpen(now) && peer.mayAsk() && this.rates.admits(now, peer.number) && this.#askOne(now, peer, out));
  }

  #askOne(now: Millis, peer: PeerState, out: SwarmSink): boolean {
    const fetch = peer.asking ?? this.#startFetch(now, peer, out);
    if (fetch === null) return false;
    const begin = fetch.requestedTo;
    const length = Math.min(peer.blockBytes(now), this.rates.maxBlock(peer.number), fetch.bytes - begin, limits.link.bulkPayloadBytes);
    const request = nextRequest(fetch);
    if (peer.inFlightRequests === 0) {
      peer.activeAt = now;
      this.#wakeBy(peer.stallsAt);
    }
    fetch.requestedTo += length;
    if (fetch.requestedTo >= fetch.bytes) peer.asking = null;
    fetch.open.push(request, length);
    peer.inFlightBytes += length;
    peer.inFlightRequests++;
    this.rates.pay(peer.number, length);
    out.request(request, peer.number, fetch.number, fetch.file.number, fetch.piece, begin, length);
    return true;
  }

  #startFetch(now: Millis, peer: PeerState, out: SwarmSink): Fetch | null {
    if (peer.isChoking) return null;
    for (const download of this.#downloads.line) {
      for (const file of download.wanting) {
        const piece = file.pick(peer, this.#random);
        if (piece === null) continue;
        return this.#hasRoom(now, download, file.bytesOf(piece), peer, out) ? this.#newFetch(now, file, piece, peer, out) : null;
      }
    }
    return this.#endgameFetch(now, peer, out);
  }

  #endgameFetch(now: Millis, peer: PeerState, out: SwarmSink): Fetch | null {
    const late = endgamePick(now, peer, this.#fetches.values());
    if (late === null || !this.#hasRoom(now, late.file.download, late.bytes, peer, out)) return null;
    return this.#newFetch(now, late.file, late.piece, peer, out);
  }

  /** A fast peer that finds no room takes it from slow ones that hold more than half. */
  #hasRoom(now: Millis, download: Download, bytes: Bytes, peer: PeerState, out: SwarmSink): boolean {
    const slow = isSlow(now, peer, bytes);
    if (this.#downloads.fits(now, download, bytes, slow)) return true;
    if (slow || !this.#downloads.contest(now, download)) return false;
    for (const fetch of [...this.#fetches.values()].toReversed()) {
      if (!this.#downloads.areHeldBySlow(fetch.file.download)) continue;
      if (fetch.isSlow && !fetch.verifying && isMuchFaster(now, peer, fetch)) this.#giveUp(fetch, out, true);
    }
    return this.#downloads.fits(now, download, bytes, slow);
  }

  #newFetch(now: Millis, file: FileState, piece: number, peer: PeerState, out: SwarmSink): Fetch {
    const bytes = file.bytesOf(piece);
    const fetch: Fetch = {
      number: this.#nextFetch++, file, piece, bytes, peer, startedAt: now, isSlow: isSlow(now, peer, bytes),
      requestedTo: 0, requests: 0, arrivedBytes: 0, open: [], verifying: false, abandoned: false, isOld: false,
    };
    this.#wakeBy(now + endgameAfterMs);
    this.#downloads.begun(fetch);
    this.#fetches.set(fetch.number, fetch);
    file.fetches.set(piece, [...(file.fetches.get(piece) ?? []), fetch]);
    peer.addFetch(fetch);
    peer.asking = fetch;
    file.content.unwant(piece);
    file.download.note(file);
    out.fetchStarted(fetch.number, file.number, piece, bytes, peer.number);
    return fetch;
  }
}
