import { invariant } from '#shared/assert.ts';
import type { Bytes } from '#shared/units.ts';
import type { Micros, TimerHandle } from './event-wheel.ts';
import { FairShare, perMicro, type PortNumber } from './fair-share.ts';
import { Parcels, type Parcel } from './parcels.ts';
import type { RandomStream } from './random-stream.ts';
import type { EventKind, Simulation } from './simulation.ts';

export type NodeNumber = number;
/** One direction of a link; `lane ^ 1` is the way back. */
export type LaneNumber = number;

export interface NetworkOptions {
  /** Part of the messages and blocks that get lost and are sent again, 0 ≤ loss < 1: loss is delay, as under TCP. */
  readonly loss: number;
  /** How long it takes to notice that something got lost. */
  readonly resendAfter: Micros;
}

/** What comes out of the network. The parcel is valid during the call only. */
export interface NetworkSink {
  messageArrived(lane: LaneNumber, parcel: Parcel): void;
  /** The last byte of a block has left the sender. */
  blockSent(lane: LaneNumber, parcel: Parcel): void;
  blockArrived(lane: LaneNumber, parcel: Parcel): void;
}

class Lane {
  readonly from: NodeNumber;
  readonly to: NodeNumber;
  latency: Micros = 0;
  isUp = false;
  /** Cut by a partition: nothing passes, nobody knows yet. */
  isCut = false;
  /** Counts how often the link went down: what was on its way then never arrives. */
  life = 0;
  messagesUntil: Micros = 0;
  blocksUntil: Micros = 0;
  /** Blocks to send; the first one is on the wire. */
  readonly queue: Parcel[] = [];
  /** Bytes of the first block that have not left yet, as of `countedAt`. */
  remaining = 0;
  countedAt: Micros = 0;
  finish: TimerHandle | null = null;
  /** Came due while the lane was cut. */
  readonly held: Parcel[] = [];

  constructor(from: NodeNumber, to: NodeNumber) {
    this.from = from;
    this.to = to;
  }
}

interface NodePorts {
  readonly up: PortNumber;
  readonly down: PortNumber;
  sentBytes: Bytes;
  receivedBytes: Bytes;
}

/**
 * Links between nodes in a star: each node has a rate up and a rate down, and the flows that compete for them share them
 * max-min fairly, as long-lived TCP connections of equal round trips do roughly. A lane has one flow, on which its blocks
 * follow each other; messages have a connection of their own and do not wait behind blocks, nor take their bandwidth.
 * Blocks of one lane arrive in the order they were sent, and so do messages, but not blocks and messages between them.
 */
export class Network {
  readonly parcels = new Parcels();
  readonly #simulation: Simulation;
  readonly #options: NetworkOptions;
  readonly #sink: NetworkSink;
  readonly #random: RandomStream;
  readonly #share = new FairShare();
  readonly #nodes: NodePorts[] = [];
  /** A lane's flow has the lane's number. */
  readonly #lanes: Lane[] = [];
  readonly #laneOf = new Map<number, LaneNumber>();
  readonly #arrives: EventKind;
  readonly #finishes: EventKind;
  readonly #settles: EventKind;
  #settling = false;

  constructor(simulation: Simulation, options: NetworkOptions, sink: NetworkSink) {
    this.#simulation = simulation;
    this.#options = options;
    this.#sink = sink;
    this.#random = simulation.random('network/loss');
    this.#arrives = simulation.on((parcel) => this.#arrive(parcel));
    this.#finishes = simulation.on((lane) => this.#finish(lane));
    this.#settles = simulation.on(() => {
      this.#settling = false;
      this.#share.settle(this.#rateChanged);
    });
  }

  /** Rates in bytes per second, above 0; Infinity where nothing is narrow. */
  addNode(upBytesPerSecond: number, downBytesPerSecond: number): NodeNumber {
    const up = this.#share.addPort(perMicro(upBytesPerSecond));
    const down = this.#share.addPort(perMicro(downBytesPerSecond));
    return this.#nodes.push({ up, down, sentBytes: 0, receivedBytes: 0 }) - 1;
  }

  /** Bytes of blocks, whole ones. */
  sentBytes(node: NodeNumber): Bytes { return this.#node(node).sentBytes; }
  receivedBytes(node: NodeNumber): Bytes { return this.#node(node).receivedBytes; }

  /** Brings the link between two nodes up and returns the lane from `a` to `b`. `latency` is one way. */
  connect(a: NodeNumber, b: NodeNumber, latency: Micros): LaneNumber {
    const number = this.#laneOf.get(a * 2 ** 24 + b) ?? this.#addLink(a, b);
    for (const each of [number, number ^ 1]) {
      const lane = this.#lane(each);
      invariant(!lane.isUp, 'a link comes up once');
      lane.isUp = true;
      lane.isCut = false;
      lane.latency = latency;
    }
    return number;
  }

  /** Everything on its way is lost; nobody is told. */
  disconnect(number: LaneNumber): void {
    for (const each of [number, number ^ 1]) {
      const lane = this.#lane(each);
      if (!lane.isUp) continue;
      lane.isUp = false;
      lane.life++;
      for (const parcel of lane.queue) this.parcels.release(parcel);
      for (const parcel of lane.held) this.parcels.release(parcel);
      lane.queue.length = 0;
      lane.held.length = 0;
      this.#pause(each, lane);
    }
  }

  /** While a link is cut its bytes stand still; they go on when it is mended. */
  setCut(number: LaneNumber, isCut: boolean): void {
    for (const each of [number, number ^ 1]) {
      const lane = this.#lane(each);
      if (!lane.isUp || lane.isCut === isCut) continue;
      lane.isCut = isCut;
      if (isCut) {
        this.#pause(each, lane);
        continue;
      }
      if (lane.queue.length > 0) this.#resume(each, lane);
      for (const parcel of lane.held.splice(0)) this.#arrive(parcel);
    }
  }

  isUp(number: LaneNumber): boolean { return this.#lane(number).isUp; }
  from(number: LaneNumber): NodeNumber { return this.#lane(number).from; }
  to(number: LaneNumber): NodeNumber { return this.#lane(number).to; }

  /** What the sender called it. */
  typeOf(parcel: Parcel): number {
    return this.parcels.type(parcel) >> 1;
  }

  /** The lane from one node to another, if they were ever connected. */
  lane(from: NodeNumber, to: NodeNumber): LaneNumber | undefined {
    return this.#laneOf.get(from * 2 ** 24 + to);
  }

  /** Sends a message: `type` and the numbers are the owner's. */
  sendMessage(number: LaneNumber, type: number, a = 0, b = 0, c = 0, d = 0, e = 0, payload: Uint8Array | null = null): void {
    const lane = this.#lane(number);
    if (!lane.isUp) return;
    const parcel = this.parcels.take(type << 1, number, lane.life, a, b, c, d, e);
    if (payload !== null) this.parcels.attach(parcel, payload);
    lane.messagesUntil = Math.max(lane.messagesUntil, this.#simulation.now + this.#delay(lane));
    this.#simulation.at(lane.messagesUntil, this.#arrives, parcel);
  }

  /** Queues a block of `bytes` (the first number) behind the lane's others. */
  sendBlock(number: LaneNumber, type: number, bytes: Bytes, b = 0, c = 0, d = 0, e = 0): void {
    const lane = this.#lane(number);
    if (!lane.isUp) return;
    lane.queue.push(this.parcels.take((type << 1) | 1, number, lane.life, bytes, b, c, d, e));
    if (lane.queue.length > 1) return;
    lane.remaining = bytes;
    if (!lane.isCut) this.#resume(number, lane);
  }

  /** Takes back the block whose second number is `b`, unless it is on the wire already. */
  cancelBlock(number: LaneNumber, b: number): boolean {
    const { queue } = this.#lane(number);
    for (let at = 1; at < queue.length; at++) {
      const parcel = queue[at] ?? 0;
      if (this.parcels.b(parcel) !== b) continue;
      queue.splice(at, 1);
      this.parcels.release(parcel);
      return true;
    }
    return false;
  }

  #addLink(a: NodeNumber, b: NodeNumber): LaneNumber {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      this.#laneOf.set(from * 2 ** 24 + to, this.#lanes.push(new Lane(from, to)) - 1);
      this.#share.addFlow(this.#node(from).up, this.#node(to).down);
    }
    return this.#lanes.length - 2;
  }

  #resume(number: LaneNumber, lane: Lane): void {
    if (this.#share.isOpen(number)) return;
    lane.countedAt = this.#simulation.now;
    this.#share.open(number);
    this.#settleSoon();
  }

  #pause(number: LaneNumber, lane: Lane): void {
    this.#count(lane, this.#share.rate(number));
    if (lane.finish !== null) this.#simulation.cancel(lane.finish);
    lane.finish = null;
    if (!this.#share.isOpen(number)) return;
    this.#share.close(number);
    this.#settleSoon();
  }

  /** Several flows that change in one instant are settled together, when everything else of that instant is done. */
  #settleSoon(): void {
    if (this.#settling) return;
    this.#settling = true;
    this.#simulation.after(0, this.#settles);
  }

  readonly #rateChanged = (number: LaneNumber, before: number): void => {
    const lane = this.#lane(number);
    this.#count(lane, before);
    this.#timeFinish(number, lane);
  };

  #count(lane: Lane, rate: number): void {
    const { now } = this.#simulation;
    lane.remaining = Math.max(0, lane.remaining - rate * (now - lane.countedAt));
    lane.countedAt = now;
  }

  #timeFinish(number: LaneNumber, lane: Lane): void {
    if (lane.finish !== null) this.#simulation.cancel(lane.finish);
    // Rounded up: no byte may arrive earlier than the wire allows.
    lane.finish = this.#simulation.after(Math.ceil(lane.remaining / this.#share.rate(number)), this.#finishes, number);
  }

  #finish(number: LaneNumber): void {
    const lane = this.#lane(number);
    const parcel = lane.queue.shift() ?? 0;
    lane.finish = null;
    const bytes = this.parcels.a(parcel);
    this.#node(lane.from).sentBytes += bytes;
    lane.blocksUntil = Math.max(lane.blocksUntil, this.#simulation.now + this.#delay(lane));
    const { life } = lane;
    this.#sink.blockSent(number, parcel);
    this.#simulation.at(lane.blocksUntil, this.#arrives, parcel);
    // What the sender did about it may have queued the next block, or brought the link down.
    if (lane.life !== life) return;
    const next = lane.queue[0];
    if (next === undefined) return this.#pause(number, lane);
    lane.remaining = this.parcels.a(next);
    lane.countedAt = this.#simulation.now;
    if (this.#share.isOpen(number)) this.#timeFinish(number, lane);
  }

  #arrive(parcel: Parcel): void {
    const number = this.parcels.route(parcel);
    const lane = this.#lane(number);
    if (this.parcels.life(parcel) === lane.life && lane.isUp) {
      if (lane.isCut) {
        lane.held.push(parcel);
        return;
      }
      if ((this.parcels.type(parcel) & 1) === 1) {
        this.#node(lane.to).receivedBytes += this.parcels.a(parcel);
        this.#sink.blockArrived(number, parcel);
      } else this.#sink.messageArrived(number, parcel);
    }
    this.parcels.release(parcel);
  }

  #delay(lane: Lane): Micros {
    let delay = lane.latency;
    while (this.#random.chance(this.#options.loss)) delay += this.#options.resendAfter + lane.latency;
    return delay;
  }

  #lane(number: LaneNumber): Lane {
    const lane = this.#lanes[number];
    invariant(lane !== undefined, 'the lane exists');
    return lane;
  }

  #node(number: NodeNumber): NodePorts {
    const node = this.#nodes[number];
    invariant(node !== undefined, 'the node exists');
    return node;
  }
}
