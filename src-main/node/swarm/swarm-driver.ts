import type { DeviceId } from '#shared/ids.ts';
import type { Direction } from '#shared/model/limit.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { PeerEvent, PeerSink } from '../../core/peer/events.ts';
import { PeerMachine } from '../../core/peer/peer-machine.ts';
import type { Binding, Line } from '../../core/rate/rate-gate.ts';
import type { WantNumber } from '../../core/serve/events.ts';
import type { ServedStanding } from '../../core/serve/serve-machine.ts';
import type { PriorityRank } from '../../core/swarm/events.ts';
import type { DownloadNumber, FileNumber } from '../../core/swarm/numbers.ts';
import type { DownloadStanding, SourceStanding } from '../../core/swarm/standing.ts';
import type { Link } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';
import { ArrivingPieces } from './arriving-pieces.ts';
import { AskedBlocks } from './asked-blocks.ts';
import type { Conduct } from './conduct.ts';
import { FetchedFile } from './fetched-file.ts';
import { lineTo } from './line-to.ts';
import { LinkedPeers } from './linked-peers.ts';
import { SwarmContents } from './swarm-contents.ts';
import type { BlockSender, FileListener, SwarmDriverOptions } from './swarm-ports.ts';

const isShared = (of: 'all' | Line | DeviceId): of is 'all' | Line => of === 'all' || of === 'near' || of === 'far';

/**
 * Runs the peer machine on real links, buffers, disks and time. One per node; all its calls are synchronous, so the
 * machine sees events in one order.
 */
export class SwarmDriver {
  readonly contents: SwarmContents;
  readonly #machine: PeerMachine;
  readonly #arriving: ArrivingPieces;
  readonly #now: () => Millis;
  readonly #files = new Map<FileNumber, FetchedFile>();
  readonly #peers = new LinkedPeers();
  readonly #asked: AskedBlocks;
  readonly #conduct: Conduct;
  readonly #outgoing: Outgoing;
  #sender: BlockSender | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Millis = Infinity;
  #closed = false;

  constructor({ now, conduct, outgoing, serving, nextNumber, takesCompressed, ...limits }: SwarmDriverOptions) {
    const step = (event: PeerEvent): void => { this.#step(event); };
    this.#now = now;
    this.#conduct = conduct;
    this.#outgoing = outgoing;
    this.#arriving = new ArrivingPieces(limits.receiveBudgetBytes, conduct, {
      step,
      idOf: (peer) => this.#peers.idOf(peer),
      numberOf: (id) => this.#peers.numberOf(id),
      listenerOf: (file) => this.#files.get(file)?.listener,
      isReadSoon: (file) => this.#machine.downloading.file(file)?.isReadSoon ?? false,
    });
    this.#asked = new AskedBlocks({ peers: this.#peers, files: this.#files, arriving: this.#arriving, takesCompressed, limitOf: (id) => this.limitOf('down', id), step });
    this.#machine = new PeerMachine({ limits, serving, random: Math.random, arrivals: this.#asked });
    this.contents = new SwarmContents({
      peers: this.#peers, files: this.#files, nextNumber, step,
      piecesFor: (link, key) => this.#sender?.piecesFor(link, key) ?? null,
      hasMembers: (content) => (this.#machine.content(content)?.members.size ?? 0) > 0,
    });
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
    this.#asked.cancelOf(number);
    this.contents.dropUnused();
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
    this.#files.set(file, new FetchedFile(root, listener));
    if (root !== null && bytes > pieceBytes) this.contents.begin(file, root);
    this.#step({ type: 'file-opened', download, file, bytes, pieceBytes, have, priority, isGrowing, isContinuable });
  }

  closeFile(file: FileNumber): void {
    this.#step({ type: 'file-closed', file });
    this.#files.delete(file);
    this.contents.dropUnused();
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
    this.#step({ type: 'wanted', peer: peer.number, want, content: this.contents.numberOf(key) ?? null, piece, bytes });
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

  #noteKey(file: FileNumber, id: DeviceId, key: Uint8Array): number | null {
    const peer = this.#peers.numberOf(id);
    const fetched = this.#files.get(file);
    if (peer === undefined || fetched === undefined) return null;
    if (fetched.noteKey(peer, key)) this.#step({ type: 'halves-outdated', file });
    return peer;
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
    const root = this.contents.rootOf(content);
    if (link !== undefined && root !== undefined) tell(link, root);
  }

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
    request: (request, peer, fetch, file, piece, begin, length) => { this.#asked.ask(fetch, { request, file, peer, piece, begin, length }); },
    cancel: (request) => { this.#asked.cancel(request); },
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
