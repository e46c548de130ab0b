import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import { Bitfield } from '../../core/bitfield.ts';
import type { PeerEvent, PeerSink } from '../../core/peer/events.ts';
import { PeerMachine } from '../../core/peer/peer-machine.ts';
import { defaultServeSettings } from '../../core/serve/events.ts';
import type { RefusalKind } from '../../core/swarm/events.ts';
import type { Disks } from './disk.ts';
import type { Micros, TimerHandle } from './event-wheel.ts';
import type { LaneNumber } from './lanes.ts';
import type { Network } from './network.ts';
import { noRow, NumberRows } from './number-rows.ts';
import type { Parcel } from './parcels.ts';
import type { RandomStream } from './random-stream.ts';
import type { EventKind, Simulation } from './simulation.ts';
import { NodeChecker, type CheckedFile } from './swarm-checker.ts';

/** How a node treats others. Only its words and bytes differ: inside each there is the same machine. */
export type Behaviour = 'honest' | 'corrupt' | 'stall' | 'lie';

/** Messages between nodes; their parcels carry the numbers in this order. */
export const messages = { joined: 0, has: 1, left: 2, choked: 3, wanted: 4, unwanted: 5, refused: 6 } as const;
const refusals: readonly RefusalKind[] = ['gone', 'busy', 'choked', 'elsewhere'];

/** The one content of a simulated swarm, by the number every node gives it. */
const content = 1;
const download = 1;
/** Part of its blocks that a corrupting peer damages. */
const corruptBlocks = 0.4;
/** After a failed write the file is closed and tried again, as the user of the app would. */
const reopenAfter: Micros = 2 * second * 1000;

export interface NodeWorld {
  readonly simulation: Simulation;
  readonly network: Network;
  readonly disks: Disks;
  readonly file: CheckedFile;
  readonly lan: boolean;
  /** Chance that an arrival is told twice. */
  readonly repeats: number;
  readonly kinds: { readonly wake: EventKind; readonly reopen: EventKind; readonly complete: EventKind; readonly again: EventKind };
  /** By the lane from the link's owner to the peer. */
  readonly links: (Link | undefined)[];
  isHonest(node: number): boolean;
}

export interface Link {
  readonly peer: number;
  readonly lane: LaneNumber;
  /** Tells this link from an earlier one with the same peer. */
  readonly serial: number;
  /** What the peer said it has. */
  claimed: Bitfield;
  /** Blocks we wait for: request, fetch. */
  readonly requests: NumberRows;
  /** Blocks the peer waits for: want, piece, bytes, 1 when the machine has said to serve it. */
  readonly wants: NumberRows;
  /** The piece the disk is reading for the peer: its blocks go out one after the other. */
  readPiece: number;
}

// Columns of `wants`.
const [wantedPiece, wantedBytes, isServed] = [1, 2, 3];

/**
 * One peer of a simulated swarm: the app's own machine, and what the app's driver does around it, on a simulated network
 * and disk. Keeps the checker's books up to date.
 */
export class SwarmNode {
  readonly number: number;
  readonly behaviour: Behaviour;
  readonly checker: NodeChecker;
  readonly links = new Map<number, Link>();
  /** Counts how often the program ended: what the disk says of an earlier one concerns nobody. */
  life = 0;
  readonly #world: NodeWorld;
  readonly #random: RandomStream;
  readonly #sink: PeerSink;
  #machine: PeerMachine | null = null;
  #wake: TimerHandle | null = null;
  #wakeAt: Micros = Infinity;
  #serial = 0;
  /** The link that was looked for last. */
  #link: Link | null = null;
  #isOpen = false;
  /** Fetches whose pieces are with the disk. */
  readonly #writing = new Set<number>();

  constructor(number: number, behaviour: Behaviour, hasAll: boolean, world: NodeWorld) {
    this.number = number;
    this.behaviour = behaviour;
    this.#world = world;
    this.#random = world.simulation.random(`node/${number}`);
    this.checker = new NodeChecker(number, world.file, limits.transfer.receiveBudgetBytes, hasAll);
    this.#sink = this.#makeSink();
  }

  get isPresent(): boolean { return this.#machine !== null; }
  get isComplete(): boolean { return this.checker.written.isFull; }

  /** Starts the program, with what lies on the disk. */
  start(): void {
    this.#machine = new PeerMachine({ limits: limits.transfer, serving: defaultServeSettings, random: this.#random.next });
    if (this.isComplete) this.#keep();
    else {
      this.step({ type: 'download-added', download, priority: 1 });
      this.#open();
    }
  }

  /** The program ends without a word. Its links must be taken down, too. */
  stop(): void {
    this.#machine = null;
    this.life++;
    this.#writing.clear();
    this.checker.restarted();
    for (const { lane } of this.links.values()) this.#world.links[lane] = undefined;
    this.links.clear();
    this.#link = null;
    if (this.#wake !== null) this.#world.simulation.cancel(this.#wake);
    this.#wake = null;
    this.#wakeAt = Infinity;
  }

  linkUp(peer: number, lane: LaneNumber, roundTrip: Micros): void {
    const link = { peer, lane, serial: ++this.#serial, claimed: new Bitfield(this.#world.file.pieces), requests: new NumberRows(2), wants: new NumberRows(4), readPiece: -1 };
    this.links.set(peer, link);
    this.#world.links[lane] = link;
    this.step({ type: 'peer-up', peer, latencyMs: roundTrip / 1000, local: this.#world.lan, strikes: this.checker.strikesOf(peer) });
    this.step({ type: 'member-found', content, peer });
  }

  linkDown(peer: number): void {
    const link = this.links.get(peer);
    if (link === undefined) return;
    this.links.delete(peer);
    this.#world.links[link.lane] = undefined;
    this.#link = null;
    this.step({ type: 'peer-down', peer });
  }

  step(event: PeerEvent): void {
    const machine = this.#machine;
    if (machine === null) return;
    const { simulation, kinds } = this.#world;
    machine.step(simulation.now / 1000, event, this.#sink);
    const wake = machine.nextWake(simulation.now / 1000);
    // A moment that is due but not yet served must not come in the same instant for ever.
    const at = wake === null ? Infinity : Math.max(simulation.now + 1, Math.ceil(wake * 1000));
    if (at === this.#wakeAt) return;
    if (this.#wake !== null) simulation.cancel(this.#wake);
    this.#wakeAt = at;
    this.#wake = at === Infinity ? null : simulation.at(at, kinds.wake, this.number);
  }

  woken(): void {
    this.#wake = null;
    this.#wakeAt = Infinity;
    this.step({ type: 'tick' });
  }

  /** A message of the peer to whom our own lane leads. */
  hear(lane: LaneNumber, type: number, parcel: Parcel): void {
    const link = this.#linkOn(lane);
    if (link === undefined) return;
    const { peer } = link;
    const { parcels } = this.#world.network;
    const a = parcels.a(parcel);
    switch (type) {
      case messages.joined: {
        const pieces = parcels.payload(parcel) ?? 'all';
        for (let piece = 0; piece < this.#world.file.pieces; piece++) if (pieces === 'all' || hasBit(pieces, piece)) link.claimed.add(piece);
        return this.step({ type: 'joined', content, peer, pieces });
      }
      case messages.has:
        link.claimed.add(a);
        return this.step({ type: 'has', content, peer, piece: a });
      case messages.left:
        link.claimed = new Bitfield(this.#world.file.pieces);
        return this.step({ type: 'left', content, peer });
      case messages.choked: return this.step({ type: 'choked', peer, choked: a === 1 });
      case messages.wanted: return this.#wanted(link, a, parcels.b(parcel), parcels.c(parcel));
      case messages.unwanted: return this.#unwanted(link, a);
      case messages.refused:
        take(link.requests, a);
        return this.step({ type: 'block-refused', request: a, why: refusals[parcels.b(parcel)] ?? 'busy' });
      default: return;
    }
  }

  /** The last byte of a block has left, over our own lane. */
  sent(lane: LaneNumber, want: number, bytes: number): void {
    const link = this.#linkOn(lane);
    if (link !== undefined && take(link.wants, want)) this.step({ type: 'served', peer: link.peer, want, bytes });
  }

  /** A block has come from the peer to whom our own lane leads. */
  blockArrived(lane: LaneNumber, request: number, bytes: number, isCorrupt: boolean): void {
    const requests = this.#linkOn(lane)?.requests;
    const row = requests?.find(request) ?? noRow;
    // The driver throws away what nobody waits for any more; the machine hears of it all the same.
    if (requests !== undefined && row !== noRow) {
      this.checker.arrived(requests.cell(row, 1), bytes, isCorrupt);
      requests.remove(row);
    }
    if (this.#random.chance(this.#world.repeats)) {
      const { simulation, network, kinds } = this.#world;
      simulation.after(this.#random.below(second * 1000), kinds.again, this.number, network.parcels.take(0, 0, this.life, request));
    }
    this.step({ type: 'block-arrived', request });
  }

  /** The same news once more. */
  arrivedAgain(parcel: Parcel): void {
    const { parcels } = this.#world.network;
    const request = parcels.a(parcel);
    if (parcels.life(parcel) === this.life) this.step({ type: 'block-arrived', request });
    parcels.release(parcel);
  }

  /** The disk has read a block for somebody. */
  blockRead(peer: number, want: number, serial: number): void {
    const link = this.#linkTo(peer);
    if (link === undefined || link.serial !== serial || this.behaviour === 'stall') return;
    const row = link.wants.find(want);
    if (row === noRow) return;
    const isCorrupt = this.behaviour === 'corrupt' && this.#random.chance(corruptBlocks);
    this.#world.network.sendBlock(link.lane, 0, link.wants.cell(row, wantedBytes), want, isCorrupt ? 1 : 0);
  }

  /** The disk's word on a piece: `isRight` says whether its bytes were. */
  pieceWritten(failed: boolean, piece: number, fetch: number, isRight: boolean, life: number): void {
    if (life !== this.life) return;
    const isFirst = this.#writing.delete(fetch);
    if (failed) {
      this.step({ type: 'piece-unwritten', file: content, piece, fetch });
      if (!this.#isOpen) return;
      this.#isOpen = false;
      this.step({ type: 'file-closed', file: content });
      this.#world.simulation.after(reopenAfter, this.#world.kinds.reopen, this.number, this.life);
    } else if (isRight) {
      this.checker.written.add(piece);
      this.step({ type: 'piece-written', file: content, piece, fetch });
    } else if (isFirst && this.#isOpen && !this.checker.written.has(piece)) {
      this.checker.mustBlame(fetch, () => { this.step({ type: 'piece-corrupt', file: content, piece, fetch }); });
    } else this.step({ type: 'piece-corrupt', file: content, piece, fetch });
  }

  reopen(life: number): void {
    if (life !== this.life) return;
    // What is still being written belongs to the file as it was.
    if (this.#writing.size > 0) {
      this.#world.simulation.after(reopenAfter, this.#world.kinds.reopen, this.number, life);
      return;
    }
    this.#open();
    for (const peer of this.links.keys()) this.step({ type: 'member-found', content, peer });
  }

  /** Every piece is verified: the file gets its name, and is kept. */
  completed(): void {
    if (this.#machine === null) return;
    this.#keep();
    this.#isOpen = false;
    this.step({ type: 'file-closed', file: content });
  }

  /** For the checks at the end of a run. */
  end(): void {
    const machine = this.#machine;
    if (machine !== null) this.checker.ended(machine.content(content)?.have, machine.downloading.budgetUsed);
  }

  #keep(): void {
    this.step({ type: 'content-kept', content, pieces: this.#world.file.pieces, have: 'all' });
  }

  #open(): void {
    const { bytes, pieceBytes } = this.#world.file;
    this.#isOpen = true;
    this.step({ type: 'file-opened', download, file: content, bytes, pieceBytes, have: this.checker.written.bytes });
  }

  #wanted(link: Link, want: number, piece: number, bytes: number): void {
    const { peer, lane, wants } = link;
    if (!this.checker.written.has(piece)) {
      if (this.behaviour === 'lie') this.#world.network.sendBlock(lane, 0, bytes, want, 1);
      else this.#tell(peer, messages.refused, want, refusals.indexOf('gone'));
      return;
    }
    const row = wants.add(want);
    wants.set(row, wantedPiece, piece);
    wants.set(row, wantedBytes, bytes);
    this.step({ type: 'wanted', peer, want, content, piece, bytes });
  }

  #unwanted({ peer, lane, wants }: Link, want: number): void {
    this.step({ type: 'unwanted', peer, want });
    const row = wants.find(want);
    if (row !== noRow && wants.cell(row, isServed) === 0) wants.remove(row);
    if (this.#world.network.cancelBlock(lane, want)) this.sent(lane, want, 0);
  }

  #linkOn(lane: LaneNumber): Link | undefined {
    const link = this.#world.links[lane];
    if (link !== undefined) this.#link = link;
    return link;
  }

  #linkTo(peer: number): Link | undefined {
    if (this.#link?.peer === peer) return this.#link;
    const link = this.links.get(peer);
    if (link !== undefined) this.#link = link;
    return link;
  }

  #tell(peer: number, type: number, a = 0, b = 0, c = 0, payload: Uint8Array | null = null): void {
    const link = this.#linkTo(peer);
    if (link !== undefined) this.#world.network.sendMessage(link.lane, type, a, b, c, 0, payload);
  }

  #makeSink(): PeerSink {
    const { checker } = this;
    const { simulation, network, disks, kinds, isHonest, file } = this.#world;
    return {
      join: (peer, _content, pieces) => {
        checker.claims(pieces);
        const payload = pieces === 'all' || this.behaviour === 'lie' ? null : new Uint8Array(pieces);
        this.#tell(peer, messages.joined, 0, 0, 0, payload);
      },
      has: (peer, _content, piece) => {
        checker.claimsPiece(piece);
        this.#tell(peer, messages.has, piece);
      },
      leave: (peer) => { this.#tell(peer, messages.left); },
      choke: (peer, choked) => { this.#tell(peer, messages.choked, choked ? 1 : 0); },
      request: (request, peer, fetch, _file, piece, begin, length) => {
        const link = this.#linkTo(peer);
        checker.requested(fetch, peer, piece, begin, length, link?.claimed ?? new Bitfield(file.pieces));
        if (link === undefined) return;
        link.requests.set(link.requests.add(request), 1, fetch);
        network.sendMessage(link.lane, messages.wanted, request, piece, length);
      },
      cancel: (request, peer) => {
        const requests = this.#linkTo(peer)?.requests;
        if (requests !== undefined) take(requests, request);
        this.#tell(peer, messages.unwanted, request);
      },
      serve: (peer, want) => {
        const link = this.#linkTo(peer);
        const row = link?.wants.find(want) ?? noRow;
        if (link === undefined || row === noRow) return;
        const piece = link.wants.cell(row, wantedPiece);
        link.wants.set(row, isServed, 1);
        checker.claimsPiece(piece);
        const isNext = link.readPiece === piece;
        link.readPiece = piece;
        if (disks.read(this.number, link.wants.cell(row, wantedBytes), isNext, peer, want, link.serial, 0)) this.blockRead(peer, want, link.serial);
      },
      refuse: (peer, want, why) => {
        const wants = this.#linkTo(peer)?.wants;
        if (wants !== undefined) take(wants, want);
        this.#tell(peer, messages.refused, want, refusals.indexOf(why));
      },
      fetchStarted: (fetch, _file, piece, bytes, peer) => { checker.fetchStarted(fetch, piece, bytes, peer); },
      fetchEnded: (fetch) => { checker.fetchEnded(fetch); },
      pieceComplete: (fetch, _file, piece, bytes) => {
        this.#writing.add(fetch);
        disks.write(this.number, bytes, piece, fetch, checker.pieceComplete(fetch, piece) ? 1 : 0, this.life);
      },
      fileComplete: () => {
        checker.claims('all');
        simulation.after(0, kinds.complete, this.number);
      },
      peerCorrupt: (peer, _file, _piece, strikes) => { checker.blames(peer, isHonest(peer), strikes); },
      fileStarved: () => undefined,
    };
  }
}

const hasBit = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;

/** Removes the row of a key; returns whether there was one. */
function take(rows: NumberRows, key: number): boolean {
  const row = rows.find(key);
  if (row === noRow) return false;
  rows.remove(row);
  return true;
}
