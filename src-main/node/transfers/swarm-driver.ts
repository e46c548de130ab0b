import { toHex, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Direction } from '#shared/model/limit.ts';
import { encodePace, plainOnly } from '#shared/protocol/pace.ts';
import type { WirePieces } from '#shared/protocol/swarm-frames.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { PeerEvent, PeerSink } from '../../core/peer/events.ts';
import { PeerMachine } from '../../core/peer/peer-machine.ts';
import type { Binding, Line } from '../../core/rate/rate-gate.ts';
import type { WantNumber } from '../../core/serve/events.ts';
import type { ServedStanding } from '../../core/serve/serve-machine.ts';
import type { DownloadNumber, FileNumber, PriorityRank } from '../../core/swarm/events.ts';
import type { Arrivals } from '../../core/swarm/options.ts';
import type { DownloadStanding, SourceStanding } from '../../core/swarm/standing.ts';
import type { Link } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';
import { ArrivingPieces } from './arriving-pieces.ts';
import { AskedBlock, type BlockAnswers } from './asked-block.ts';
import type { Conduct } from './conduct.ts';
import { ContentNumbers } from './content-numbers.ts';
import { lineTo } from './line-to.ts';
import { LinkedPeers, type LinkedPeer } from './linked-peers.ts';
import type { BlockSender, FileListener, SwarmDriverOptions } from './swarm-ports.ts';

interface OpenFile {
  readonly listener: FileListener;
  /** The key by which each source knows the file: its root, or a provisional one. */
  readonly keys: Map<number, Uint8Array>;
  /** Null while it is not known: then the keys tell versions of the file from each other. */
  readonly root: Uint8Array | null;
  /** The key that came last. */
  key: Uint8Array | null;
}

const isShared = (of: 'all' | Line | DeviceId): of is 'all' | Line => of === 'all' || of === 'near' || of === 'far';

/** From this rate on a transfer gets bulk connections of its own: control messages then never wait behind blocks. */
const bulkLanes = 1;

/**
 * Runs the peer machine on real links, buffers, disks and time. One per node; all its calls are synchronous, so the
 * machine sees events in one order.
 */
export class SwarmDriver {
  readonly #machine: PeerMachine;
  readonly #arriving: ArrivingPieces;
  readonly #now: () => Millis;
  readonly #nextNumber: () => number;
  readonly #files = new Map<FileNumber, OpenFile>();
  readonly #peers = new LinkedPeers();
  readonly #contents = new ContentNumbers();
  readonly #asked = new Map<number, AskedBlock>();
  readonly #conduct: Conduct;
  readonly #outgoing: Outgoing;
  readonly #takesCompressed: () => boolean;
  #sender: BlockSender | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Millis = Infinity;
  #closed = false;

  constructor(options: SwarmDriverOptions) {
    this.#machine = new PeerMachine({ limits: options, serving: options.serving, random: Math.random, arrivals: this.#arrivals });
    this.#arriving = new ArrivingPieces(options.receiveBudgetBytes, options.conduct, {
      step: (event) => { this.#step(event); },
      idOf: (peer) => this.#peers.idOf(peer),
      numberOf: (id) => this.#peers.numberOf(id),
      listenerOf: (file) => this.#files.get(file)?.listener,
      isReadSoon: (file) => this.#machine.downloading.file(file)?.isReadSoon ?? false,
    });
    this.#conduct = options.conduct;
    this.#outgoing = options.outgoing;
    this.#takesCompressed = options.takesCompressed;
    this.#now = options.now;
    this.#nextNumber = options.nextNumber;
  }

  /** Must be called before the first link is up. */
  serveWith(sender: BlockSender): void {
    this.#sender = sender;
  }

  linkUp(link: Link): void {
    const { id } = link.remote;
    this.linkDown(id);
    const { number } = this.#peers.add(link);
    this.#step({ type: 'peer-up', peer: number, latencyMs: link.latencyMs ?? 1, line: lineTo(link.path), local: link.path === 'loopback' || link.path === 'lan', strikes: this.#conduct.strikes(id) });
  }

  linkDown(id: DeviceId): void {
    const number = this.#peers.remove(id);
    if (number === undefined) return;
    for (const file of this.#files.values()) file.keys.delete(number);
    this.#step({ type: 'peer-down', peer: number });
    for (const [request, block] of this.#asked) {
      if (block.peer !== number) continue;
      block.cancel();
      this.#asked.delete(request);
    }
    this.#dropUnused();
  }

  isBanned(id: DeviceId): boolean {
    return this.#conduct.isBanned(id);
  }

  /** It has been forgiven and may be asked again. Its link, if there is one: downloads have to look what it has. */
  forgiven(id: DeviceId): Link | null {
    const peer = this.#peers.get(this.#peers.numberOf(id) ?? 0);
    if (peer === undefined) return null;
    this.#step({ type: 'peer-forgiven', peer: peer.number });
    return peer.link;
  }

  addDownload(download: DownloadNumber, priority: PriorityRank, inOrder: boolean): void {
    this.#step({ type: 'download-added', download, priority, inOrder });
  }

  setPriority(download: DownloadNumber, priority: PriorityRank): void {
    this.#step({ type: 'download-priority', download, priority });
  }

  setInOrder(download: DownloadNumber, inOrder: boolean): void {
    this.#step({ type: 'download-order', download, inOrder });
  }

  setFilePriority(file: FileNumber, priority: PriorityRank): void {
    this.#step({ type: 'file-priority', file, priority });
  }

  removeDownload(download: DownloadNumber): void {
    this.#step({ type: 'download-removed', download });
  }

  /** `root`: null while it is not known; then the file has no swarm. `isContinuable`: another source may go on with half a piece. */
  openFile(download: DownloadNumber, file: FileNumber, about: { bytes: Bytes; pieceBytes: Bytes; have: Uint8Array | null; root: Uint8Array | null; priority: PriorityRank; isGrowing: boolean; isContinuable: boolean }, listener: FileListener): void {
    const { root, bytes, pieceBytes, have, priority, isGrowing, isContinuable } = about;
    this.#files.set(file, { listener, keys: new Map(), root, key: null });
    if (root !== null && bytes > pieceBytes) this.#beginSwarm(file, root);
    this.#step({ type: 'file-opened', download, file, bytes, pieceBytes, have, priority, isGrowing, isContinuable });
  }

  /** What is verified and shown of it may be served, also after it is complete, until `unshare`. Said again, only these pieces are shown. */
  share(file: FileNumber, pieces: number, shown: Uint8Array): void {
    if (this.#contents.has(file)) this.#step({ type: 'content-kept', content: file, pieces, have: null, shown });
  }

  /** More pieces of it may be served. */
  show(file: FileNumber, pieces: readonly number[]): void {
    if (pieces.length > 0) this.#step({ type: 'pieces-shown', content: file, pieces });
  }

  unshare(file: FileNumber): void {
    if (this.#contents.has(file)) this.#step({ type: 'content-dropped', content: file });
  }

  closeFile(file: FileNumber): void {
    this.#step({ type: 'file-closed', file });
    this.#files.delete(file);
    this.#dropUnused();
  }

  piecesMissing(file: FileNumber, pieces: readonly number[]): void {
    this.#step({ type: 'pieces-missing', file, pieces });
  }

  /** A device that has all of the file. */
  addSource(file: FileNumber, id: DeviceId, key: Uint8Array): void {
    const peer = this.#noteKey(file, id, key);
    if (peer !== null) this.#step({ type: 'source-added', file, peer, pieces: 'all' });
  }

  /** A device that fetches it too: it says what it has when it hears that we take part. */
  addMember(file: FileNumber, id: DeviceId, key: Uint8Array): void {
    const peer = this.#noteKey(file, id, key);
    if (peer !== null) this.#step({ type: 'member-found', content: file, peer });
  }

  /** Bytes/s for everybody together, for those behind a line, or for one device until its link is down; null for no limit. */
  setLimit(direction: Direction, bytesPerSecond: number | null, of: 'all' | Line | DeviceId = 'all'): void {
    const scope = isShared(of) ? of : this.#peers.numberOf(of);
    if (scope !== undefined) this.#step({ type: direction === 'down' ? 'rate-limit' : 'upload-limit', bytesPerSecond, scope });
  }

  /** The limit of ours that held back what comes from a device, or goes to it, in the last moments. */
  limitOn(direction: Direction, id: DeviceId): Binding | null {
    return this.#machine.limitOn(this.#now(), direction, this.#peers.numberOf(id) ?? 0);
  }

  /** The strictest limit of ours on what comes from a device, or goes to it, bytes/s; Infinity without one. */
  limitOf(direction: Direction, id: DeviceId): number {
    return this.#machine.limitOf(direction, this.#peers.numberOf(id) ?? 0);
  }

  /** A block that a device asked for; the sender hears `serve` or `refuse`. False when that link is not the device's any more. */
  wanted(link: Link, want: WantNumber, key: string, piece: number, bytes: Bytes): boolean {
    const peer = this.#peers.over(link);
    if (peer === undefined) return false;
    this.#step({ type: 'wanted', peer: peer.number, want, content: this.#contents.numberOf(key) ?? null, piece, bytes });
    return true;
  }

  unwanted(link: Link, want: WantNumber): void {
    const peer = this.#peers.over(link);
    if (peer !== undefined) this.#step({ type: 'unwanted', peer: peer.number, want });
  }

  /** A block has gone out in so many bytes, or could not (0). */
  served(link: Link, want: WantNumber, bytes: Bytes): void {
    const peer = this.#peers.over(link);
    if (peer !== undefined) this.#step({ type: 'served', peer: peer.number, want, bytes });
  }

  /** A device takes part in a swarm. What it may not have, or what is not here, is passed over in silence. */
  async joined(link: Link, key: Uint8Array, pieces: WirePieces): Promise<void> {
    const peer = this.#peers.over(link);
    if (peer === undefined) return;
    const root = toHex(key);
    const later: number[] = [];
    peer.joining.set(root, later);
    try {
      const content = this.#invited(peer, root) ?? (await this.#admit(peer, key, root));
      if (content === null || this.#peers.get(peer.number) !== peer) return;
      this.#files.get(content)?.keys.set(peer.number, key);
      this.#step({ type: 'joined', content, peer: peer.number, pieces });
      for (const piece of later) this.#step({ type: 'has', content, peer: peer.number, piece });
    } finally {
      if (peer.joining.get(root) === later) peer.joining.delete(root);
    }
  }

  has(link: Link, key: Uint8Array, piece: number): void {
    const peer = this.#peers.over(link);
    if (peer === undefined) return;
    const root = toHex(key);
    const later = peer.joining.get(root);
    if (later !== undefined) {
      if (later.length < limits.content.piecesAimedAt) later.push(piece);
      return;
    }
    const content = this.#contents.numberOf(root);
    if (content !== undefined) this.#step({ type: 'has', content, peer: peer.number, piece });
  }

  left(link: Link, key: Uint8Array): void {
    const peer = this.#peers.over(link);
    const root = toHex(key);
    const content = this.#contents.numberOf(root);
    if (peer === undefined || content === undefined) return;
    peer.admitted.delete(root);
    this.#step({ type: 'left', content, peer: peer.number });
    this.#dropUnused();
  }

  choked(link: Link, choked: boolean): void {
    const peer = this.#peers.over(link);
    if (peer !== undefined) this.#step({ type: 'choked', peer: peer.number, choked });
  }

  /** Pieces of a file that are on their way now. */
  arriving(file: FileNumber): Iterable<number> {
    return this.#machine.downloading.file(file)?.arriving ?? [];
  }

  /** How things stand for a download, with the devices' ids; null when it is not fetched now. */
  standing(download: DownloadNumber): Omit<DownloadStanding, 'sources'> & { readonly sources: readonly (SourceStanding & { readonly id: DeviceId })[] } | null {
    const standing = this.#machine.downloading.standing(this.#now(), download);
    if (standing === null) return null;
    const sources = standing.sources.flatMap((source) => {
      const id = this.#peers.idOf(source.peer);
      return id === undefined ? [] : [{ ...source, id }];
    });
    return { ...standing, sources };
  }

  /** How things stand for a device that takes from here; null when it is not linked. */
  servedStanding(id: DeviceId): (ServedStanding & { readonly peer: number }) | null {
    const peer = this.#peers.numberOf(id);
    const standing = peer === undefined ? null : this.#machine.serving.standing(peer);
    return peer === undefined || standing === null ? null : { ...standing, peer };
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** We asked it to take part, so what it says is welcome. */
  #invited(peer: LinkedPeer, root: string): number | null {
    const content = this.#contents.numberOf(root);
    return content !== undefined && this.#files.get(content)?.keys.has(peer.number) === true ? content : null;
  }

  /** Looks whether the device may have this content from here, and gives the content a number. */
  async #admit(peer: LinkedPeer, key: Uint8Array, root: string): Promise<number | null> {
    if (peer.admitted.size + peer.joining.size > limits.transfer.swarmsPerPeer) return null;
    const pieces = (await this.#sender?.piecesFor(peer.link, root)) ?? null;
    if (pieces === null || pieces.count < 2) return null;
    peer.admitted.set(root, true);
    const known = this.#contents.numberOf(root);
    if (known !== undefined) return known;
    const number = this.#nextNumber();
    this.#contents.add(number, key);
    this.#step({ type: 'content-kept', content: number, pieces: pieces.count, have: pieces.here });
    return number;
  }

  /** One swarm a content: another download of it has it already, or what was only served before makes way. */
  #beginSwarm(file: FileNumber, root: Uint8Array): void {
    const before = this.#contents.numberOf(toHex(root));
    if (before !== undefined) {
      if (this.#files.has(before)) return;
      this.#step({ type: 'content-dropped', content: before });
      this.#contents.remove(before);
    }
    this.#contents.add(file, root);
  }

  /** Contents that nobody fetches and nobody is interested in. */
  #dropUnused(): void {
    for (const number of this.#contents.numbers) {
      if (this.#files.has(number)) continue;
      const content = this.#machine.content(number);
      if (content !== undefined && content.members.size > 0) continue;
      this.#step({ type: 'content-dropped', content: number });
      this.#contents.remove(number);
    }
  }

  #noteKey(file: FileNumber, id: DeviceId, key: Uint8Array): number | null {
    const peer = this.#peers.numberOf(id);
    const open = this.#files.get(file);
    if (peer === undefined || open === undefined) return null;
    open.keys.set(peer, key);
    if (open.root === null && open.key !== null && Buffer.compare(open.key, key) !== 0) this.#step({ type: 'halves-outdated', file });
    open.key = key;
    return peer;
  }

  /** How slowly bytes come from there, for whatever reason; with that the other end decides whether to compress. */
  #paceOf(link: Link): number {
    if (!link.knowsCompression || !this.#takesCompressed()) return plainOnly;
    const slowest = Math.min(this.limitOf('down', link.remote.id), link.arrivalRate ?? Infinity);
    return encodePace(slowest === Infinity ? null : slowest);
  }

  #step(event: PeerEvent): void {
    if (this.#closed) return;
    const now = this.#now();
    this.#machine.step(now, event, this.#sink);
    this.#arm(now);
  }

  #arm(now: Millis): void {
    const at = this.#machine.nextWake(now) ?? Infinity;
    // A timer that fires early only finds nothing to do; moving it at every step would cost more.
    if (this.#timer !== null && this.#timerAt <= at) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = at;
    if (at === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#step({ type: 'tick' });
    }, Math.max(0, Math.ceil(at - now)));
  }

  #onSwarm(peer: number, content: number, tell: (link: Link, root: Uint8Array) => void): void {
    const link = this.#peers.get(peer)?.link;
    const root = this.#contents.rootOf(content);
    if (link !== undefined && root !== undefined) tell(link, root);
  }

  readonly #arrivals: Arrivals = {
    moved: (request) => this.#asked.get(request)?.progress.moved ?? 0,
    quietMs: (request) => this.#asked.get(request)?.progress.quietMs ?? 0,
    kept: (request) => this.#asked.get(request)?.progress.kept ?? 0,
  };

  readonly #answers: BlockAnswers = {
    arrived: ({ request, file, buffer: { length } }, wireBytes) => {
      this.#asked.delete(request);
      if (wireBytes < length) this.#files.get(file)?.listener.saved(length - wireBytes);
      this.#step({ type: 'block-arrived', request, wireBytes });
    },
    rejected: ({ request, file, peer }, reason) => {
      this.#asked.delete(request);
      const gone = reason === 'gone' || reason === 'changed' || reason === 'error';
      const open = this.#files.get(file);
      const from = this.#peers.idOf(peer);
      if (gone) open?.keys.delete(peer);
      this.#step({ type: 'block-refused', request, why: gone ? 'gone' : reason });
      if (gone && from !== undefined) open?.listener.sourceLost(from, reason);
    },
    lost: ({ request }) => {
      // With the whole link down the peer is gone when this comes; else only one of its connections has ended.
      queueMicrotask(() => {
        this.#step({ type: 'block-lost', request });
        this.#asked.delete(request);
      });
    },
  };

  readonly #sink: PeerSink = {
    join: (peer, content, pieces) => { this.#onSwarm(peer, content, (link, root) => { this.#outgoing.join(link, root, pieces); }); },
    has: (peer, content, piece) => { this.#onSwarm(peer, content, (link, root) => { link.has(root, piece); }); },
    leave: (peer, content) => { this.#onSwarm(peer, content, (link, root) => { link.leave(root); }); },
    choke: (peer, choked) => { this.#peers.get(peer)?.link.choke(choked); },
    serve: (_peer, want) => { this.#sender?.serve(want); },
    refuse: (_peer, want, why) => { this.#sender?.refuse(want, why); },
    fetchStarted: (fetch, _file, _piece, bytes, peer) => { this.#arriving.started(fetch, bytes, peer); },
    fetchPaused: (fetch, bytes) => { this.#arriving.paused(fetch, bytes); },
    fetchResumed: (fetch, peer) => { this.#arriving.resumed(fetch, peer); },
    request: (request, number, fetch, file, piece, begin, length) => {
      const peer = this.#peers.get(number);
      const attempt = this.#arriving.get(fetch);
      const key = this.#files.get(file)?.keys.get(number);
      if (peer === undefined || attempt === undefined || key === undefined) {
        queueMicrotask(() => { this.#step({ type: 'block-refused', request, why: 'gone' }); });
        return;
      }
      peer.link.wantLanes(bulkLanes);
      const block = new AskedBlock(this.#answers, peer.link, attempt, { request, file, peer: number, begin, length });
      this.#asked.set(request, block);
      block.linkRequest = peer.link.requestBlock({ key, piece, begin, length, pace: this.#paceOf(peer.link) }, block);
    },
    cancel: (request) => {
      this.#asked.get(request)?.cancel();
      this.#asked.delete(request);
    },
    pieceComplete: (fetch, file, piece, bytes, peer) => { this.#arriving.complete(fetch, file, piece, bytes, peer); },
    fetchEnded: (fetch) => { this.#arriving.ended(fetch); },
    fileComplete: (file) => { this.#files.get(file)?.listener.complete(); },
    peerCorrupt: (number, file, piece) => {
      const id = this.#peers.idOf(number);
      if (id !== undefined) this.#arriving.noteWrong(id, file, piece);
    },
    fileStarved: (file) => { this.#files.get(file)?.listener.starved(); },
  };
}
