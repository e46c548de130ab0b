import { assertNever } from '#shared/assert.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { RateGate } from '../rate/rate-gate.ts';
import type { Contents } from './content.ts';
import { Downloads } from './download-state.ts';
import type { SwarmEvent, SwarmSink } from './events.ts';
import type { DownloadNumber, FileNumber, PeerNumber } from './numbers.ts';
import { endgameAfterMs, fetchOf, isOpen, nextRequest, openBytes, type Fetch } from './fetch.ts';
import { Fetches } from './fetches.ts';
import { FileState } from './file-state.ts';
import type { Arrivals, Deliveries, SwarmOptions } from './options.ts';
import { PeerState } from './peer-state.ts';
import { PieceChoice } from './piece-choice.ts';
import { standingOf, type DownloadStanding } from './standing.ts';

/**
 * Decides which piece to fetch from whom. Several downloads, each of many files, share the peers and one budget of
 * buffers; the download with the highest priority picks first, and those of one priority take turns. It sees indices and lengths only: bytes stay with the
 * driver, which verifies and writes each complete piece and tells the outcome. Pure: time comes in as an argument, what
 * is to be done goes out through the sink.
 *
 * Invariants: a piece counts only after `piece-written`; buffers in flight never exceed the budget; every fetch that was
 * started ends exactly once; an answer to an unknown request changes nothing.
 */
export class SwarmMachine {
  readonly #contents: Contents;
  readonly #deliveries: Deliveries;
  readonly #arrivals: Arrivals;
  readonly #downloads: Downloads;
  readonly #files = new Map<FileNumber, FileState>();
  readonly #peers = new Map<PeerNumber, PeerState>();
  readonly #fetches: Fetches;
  readonly #choice: PieceChoice;
  /** What we may ask for. */
  readonly rates = new RateGate();
  /** Nothing is due before; null: to be found out. */
  #wakeAt: Millis | null = null;
  #lookedAt: Millis = 0;

  constructor({ limits: own, contents, random, deliveries, arrivals }: SwarmOptions) {
    this.#downloads = new Downloads(own);
    this.#fetches = new Fetches(this.#downloads, this.#files, arrivals);
    this.#choice = new PieceChoice(this.#downloads, this.#fetches, random);
    this.#deliveries = deliveries;
    this.#arrivals = arrivals;
    this.#contents = contents;
  }

  step(now: Millis, event: SwarmEvent, out: SwarmSink): void {
    // What happens most often only moves moments away or adds new ones, which are noted where they arise.
    if (event.type !== 'block-arrived' && event.type !== 'source-has' && event.type !== 'piece-written' && event.type !== 'choked') this.#wakeAt = null;
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
      case 'halves-outdated': {
        const file = this.#files.get(event.file);
        if (file !== undefined) this.#fetches.dropHalvesOf(file, out);
        return;
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
        const [file, peer] = [this.#files.get(event.file), this.#peers.get(event.peer)];
        if (file === undefined || peer === undefined) return;
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
        for (const fetch of peer.fetches) this.#fetches.giveUp(fetch, out, false);
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
        if (fetch === undefined) return;
        const bytes = openBytes(fetch, event.request);
        if (bytes === 0) return;
        // None of it travels.
        this.rates.pay(fetch.peer.number, -bytes);
        this.#fetches.giveUp(fetch, out, true, event.request);
        if (event.why === 'gone') this.#removeSource(fetch.file, fetch.peer.number, out);
        else if (event.why === 'elsewhere') fetch.peer.avoid(now, fetch.file.number, fetch.piece);
        else if (event.why === 'choked') fetch.peer.isChoking = true;
        else fetch.peer.noteStall(now);
        break;
      }
      case 'block-lost': {
        const fetch = this.#fetches.get(fetchOf(event.request));
        if (fetch === undefined || !isOpen(fetch, event.request)) return;
        this.#fetches.giveUp(fetch, out, true, event.request);
        fetch.peer.noteLost(now);
        break;
      }
      case 'piece-written':
        // As a rule nobody waits for the room that is free now.
        if (!this.#pieceWritten(event.fetch, out) && !this.#choice.lacksRoom) return;
        break;
      case 'piece-corrupt': {
        const fetch = this.#fetches.endVerifying(event.fetch, out);
        if (fetch === undefined) break;
        if (event.several === true) this.#fetches.takeWhole(fetch, out);
        else this.#blame(this.#peers.get(fetch.peer.number) ?? fetch.peer, fetch.file.number, fetch.piece, out);
        this.#noteStarved(fetch.file, out);
        break;
      }
      case 'peer-blamed': {
        const peer = this.#peers.get(event.peer);
        if (peer === undefined) return;
        this.#blame(peer, event.file, event.piece, out);
        break;
      }
      case 'piece-unwritten': {
        const fetch = this.#fetches.endVerifying(event.fetch, out);
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
      if (fetch.verifying || fetch.file.isWanting || fetch.file.content.members.size < 2) continue;
      // Fetches are kept in the order they started: the others come later.
      const oldAt = fetch.startedAt + endgameAfterMs;
      if (oldAt > this.#lookedAt) return Math.min(wake, oldAt);
      wake = Math.min(wake, this.#lookedAt + endgameAfterMs);
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

  /** How things stand for a download; null when it is not here. */
  standing(now: Millis, number: DownloadNumber): DownloadStanding | null {
    const download = this.#downloads.get(number);
    return download === undefined ? null : standingOf(now, download, { downloads: this.#downloads.line, peers: this.#peers, fetches: this.#fetches.values(), room: this.#downloads.room, arrivals: this.#arrivals });
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
    const { bytes, pieceBytes, have, priority = 1, isGrowing = false, isContinuable = true } = event;
    const content = this.#contents.open(event.file, Math.ceil(bytes / pieceBytes), have);
    const file = new FileState(event.file, download, content, { bytes, pieceBytes, priority, isGrowing, isContinuable });
    this.#files.set(event.file, file);
    download.files.add(file);
    if (file.isComplete) out.fileComplete(file.number);
    else download.note(file);
  }

  #closeFile(file: FileState, out: SwarmSink): void {
    this.#files.delete(file.number);
    for (const fetches of [...file.fetches.values()]) for (const fetch of [...fetches]) this.#fetches.giveUp(fetch, out, true);
    this.#fetches.dropHalvesOf(file, out);
    file.download.files.delete(file);
    file.download.remove(file);
    for (let piece = 0; file.isWanting && piece < file.content.pieces; piece++) file.content.unwant(piece);
    if (!file.content.isKept) this.#contents.delete(file.number);
  }

  #noteSource(file: FileState, peer: PeerNumber): void {
    if (file.starved && file.content.useful(peer) > 0) file.starved = false;
  }

  /** It sent a wrong piece; when that was one too many, nothing more is taken from it. */
  #blame(peer: PeerState, file: FileNumber, piece: number, out: SwarmSink): void {
    peer.strikes++;
    out.peerCorrupt(peer.number, file, piece, peer.strikes);
    this.#fetches.dropHalvesFrom(peer, out);
    if (!peer.isBanned) return;
    for (const fetch of peer.fetches) this.#fetches.giveUp(fetch, out, true);
    this.#forgetMember(peer.number, out);
  }

  /** It is away, or banned: nothing of it counts any more. */
  #forgetMember(peer: PeerNumber, out: SwarmSink): void {
    for (const content of this.#contents.values()) content.removeMember(peer);
    for (const download of this.#downloads.line) for (const file of [...download.wanting]) this.#noteStarved(file, out);
  }

  #removeSource(file: FileState, number: PeerNumber, out: SwarmSink): void {
    file.content.removeMember(number);
    for (const fetches of [...file.fetches.values()]) {
      for (const fetch of [...fetches]) if (fetch.peer.number === number && !fetch.verifying) this.#fetches.giveUp(fetch, out, true);
    }
    this.#noteStarved(file, out);
  }

  #blockArrived(now: Millis, { request, wireBytes }: Extract<SwarmEvent, { type: 'block-arrived' }>, out: SwarmSink): void {
    const fetch = this.#fetches.get(fetchOf(request));
    if (fetch === undefined) return;
    const bytes = this.#fetches.settle(request, fetch);
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

  /** Returns whether others were asked for the piece, who have time for another one now. */
  #pieceWritten(number: number, out: SwarmSink): boolean {
    const fetch = this.#fetches.endVerifying(number, out, 'written');
    if (fetch === undefined) return false;
    const { file, piece } = fetch;
    const rivals = file.fetches.get(piece) ?? [];
    for (const rival of [...rivals]) this.#fetches.giveUp(rival, out, true);
    this.#fetches.dropHalf(file, piece, out);
    file.wholeOnly.delete(piece);
    file.download.note(file);
    if (file.isComplete) out.fileComplete(file.number);
    else if (file.isWanting && file.fetches.size === 0) this.#noteStarved(file, out);
    return rivals.length > 0;
  }

  #timePasses(now: Millis, out: SwarmSink): void {
    this.#lookedAt = now;
    this.rates.forgetWaiting();
    for (const peer of this.#peers.values()) {
      if (peer.isQuiet) continue;
      peer.timePasses(now);
      if (peer.inFlightRequests === 0 || !peer.hasStalled(now, this.#arrivals)) continue;
      for (const fetch of peer.fetches) this.#fetches.giveUp(fetch, out, true);
      peer.noteStall(now, !this.#downloads.hasAnotherFor(peer, this.#peers));
    }
  }

  #noteStarved(file: FileState, out: SwarmSink): void {
    if (file.starved || file.isComplete || file.fetches.size > 0) return;
    for (const peer of file.content.members.keys()) if (file.content.useful(peer) > 0) return;
    file.starved = true;
    out.fileStarved(file.number);
  }

  /** Gives every peer with room one block after the other, in turn, until nobody can take more. */
  #pump(now: Millis, out: SwarmSink): void {
    this.#choice.lacksRoom = false;
    for (let progress = true; progress;) {
      progress = false;
      for (const peer of this.#peers.values()) {
        if (!peer.mayAsk()) continue;
        if (!this.rates.isOpen(now)) return;
        if (this.rates.admits(now, peer.number) && this.#askOne(now, peer, out)) progress = true;
      }
    }
  }

  #pumpOne(now: Millis, peer: PeerState, out: SwarmSink): void {
    while (peer.mayAsk() && this.rates.isOpen(now) && this.rates.admits(now, peer.number) && this.#askOne(now, peer, out));
  }

  #askOne(now: Millis, peer: PeerState, out: SwarmSink): boolean {
    const fetch = peer.asking ?? this.#begin(now, peer, out);
    if (fetch === null) return false;
    const begin = fetch.requestedTo;
    const length = Math.min(peer.blockBytes(now), this.rates.maxBlock(peer.number), fetch.bytes - begin, limits.link.bulkPayloadBytes);
    const request = nextRequest(fetch);
    if (peer.inFlightRequests === 0) {
      peer.noteAsked(now);
      this.#wakeBy(peer.stallsAt);
    }
    fetch.requestedTo += length;
    if (fetch.requestedTo >= fetch.bytes) peer.asking = null;
    fetch.open.push(request, begin, length);
    peer.inFlightBytes += length;
    peer.inFlightRequests++;
    this.rates.pay(peer.number, length);
    out.request(request, peer.number, fetch.number, fetch.file.number, fetch.piece, begin, length);
    return true;
  }

  #begin(now: Millis, peer: PeerState, out: SwarmSink): Fetch | null {
    const fetch = this.#choice.begin(now, peer, out);
    // The last pieces of its file are on their way: from now on it matters how long they take.
    if (fetch?.file.isWanting === false) this.#wakeAt = null;
    return fetch;
  }
}
