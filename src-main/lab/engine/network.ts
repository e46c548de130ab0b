import { invariant } from '#shared/assert.ts';
import type { Bytes } from '#shared/units.ts';
import type { Micros } from './event-wheel.ts';
import { FairShare, perMicro, type PortNumber } from './fair-share.ts';
import { Lanes, type LaneNumber, type NodeNumber } from './lanes.ts';
import { noParcel, Parcels, type Parcel } from './parcels.ts';
import type { RandomStream } from './random-stream.ts';
import type { EventKind, Simulation } from './simulation.ts';

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
  readonly #lanes = new Lanes(this.parcels);
  /** Came due while the lane was cut. */
  readonly #held = new Map<LaneNumber, Parcel[]>();
  readonly #laneOf = new Map<number, LaneNumber>();
  readonly #arrives: EventKind;
  readonly #finishes: EventKind;
  readonly #settles: EventKind;
  /** Nothing gets lost, so that everything over a lane takes as long and needs nobody to keep it in order. */
  readonly #isSteady: boolean;
  #settling = false;

  constructor(simulation: Simulation, options: NetworkOptions, sink: NetworkSink) {
    this.#simulation = simulation;
    this.#options = options;
    this.#isSteady = options.loss === 0;
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
    for (const lane of [number, number ^ 1]) {
      invariant(!this.#lanes.isUp(lane), 'a link comes up once');
      this.#lanes.up(lane, latency);
    }
    return number;
  }

  /** Everything on its way is lost; nobody is told. */
  disconnect(number: LaneNumber): void {
    for (const lane of [number, number ^ 1]) {
      if (!this.#lanes.isUp(lane)) continue;
      this.#lanes.down(lane);
      for (const parcel of this.#takeHeld(lane)) this.parcels.release(parcel);
      this.#pause(lane);
    }
  }

  /** While a link is cut its bytes stand still; they go on when it is mended. */
  setCut(number: LaneNumber, isCut: boolean): void {
    for (const lane of [number, number ^ 1]) {
      if (!this.#lanes.isUp(lane) || this.#lanes.isCut(lane) === isCut) continue;
      this.#lanes.setCut(lane, isCut);
      if (isCut) {
        this.#pause(lane);
        continue;
      }
      if (this.#lanes.first(lane) !== noParcel) this.#resume(lane);
      for (const parcel of this.#takeHeld(lane)) this.#arrive(parcel);
    }
  }

  isUp(lane: LaneNumber): boolean { return this.#lanes.isUp(lane); }
  from(lane: LaneNumber): NodeNumber { return this.#lanes.from(lane); }
  to(lane: LaneNumber): NodeNumber { return this.#lanes.to(lane); }

  /** What the sender called it. */
  typeOf(parcel: Parcel): number {
    return this.parcels.type(parcel) >> 1;
  }

  /** The lane from one node to another, if they were ever connected. */
  lane(from: NodeNumber, to: NodeNumber): LaneNumber | undefined {
    return this.#laneOf.get(from * 2 ** 24 + to);
  }

  /** Sends a message: `type` and the numbers are the owner's. */
  sendMessage(lane: LaneNumber, type: number, a = 0, b = 0, c = 0, d = 0, payload: Uint8Array | null = null): void {
    const lanes = this.#lanes;
    lanes.check(lane);
    if (!lanes.isUp(lane)) return;
    const parcel = this.parcels.take(type << 1, lane, lanes.life(lane), a, b, c, d);
    if (payload !== null) this.parcels.attach(parcel, payload);
    const due = this.#simulation.now + this.#delay(lane);
    this.#simulation.at(this.#isSteady ? due : lanes.messageDue(lane, due), this.#arrives, parcel);
  }

  /** Queues a block of `bytes` (the first number) behind the lane's others. */
  sendBlock(lane: LaneNumber, type: number, bytes: Bytes, b = 0, c = 0, d = 0): void {
    const lanes = this.#lanes;
    lanes.check(lane);
    if (!lanes.isUp(lane)) return;
    const isFirst = lanes.first(lane) === noParcel;
    lanes.push(lane, this.parcels.take((type << 1) | 1, lane, lanes.life(lane), bytes, b, c, d));
    if (!isFirst) return;
    lanes.begin(lane, bytes);
    if (!lanes.isCut(lane)) this.#resume(lane);
  }

  /** Takes back the block whose second number is `b`, unless it is on the wire already. */
  cancelBlock(lane: LaneNumber, b: number): boolean {
    const parcel = this.#lanes.takeBack(lane, b);
    if (parcel === noParcel) return false;
    this.parcels.release(parcel);
    return true;
  }

  /** The block on the wire; `noParcel` when there is none. */
  onWire(lane: LaneNumber): Parcel {
    return this.#lanes.isUp(lane) ? this.#lanes.first(lane) : noParcel;
  }

  /** How much of the block on the wire has come to the other end. A cut lane does not tell. */
  arrivedOfBlock(lane: LaneNumber): Bytes {
    const lanes = this.#lanes;
    const parcel = this.onWire(lane);
    if (parcel === noParcel || lanes.isCut(lane)) return 0;
    const left = this.parcels.a(parcel) - lanes.remainingAt(lane, this.#simulation.now);
    return Math.max(0, Math.floor(left - lanes.rate(lane) * lanes.latency(lane)));
  }

  #addLink(a: NodeNumber, b: NodeNumber): LaneNumber {
    const number = this.#lanes.add(a, b);
    for (const lane of [number, this.#lanes.add(b, a)]) {
      const [from, to] = [this.#lanes.from(lane), this.#lanes.to(lane)];
      this.#laneOf.set(from * 2 ** 24 + to, lane);
      this.#share.addFlow(this.#node(from).up, this.#node(to).down);
    }
    return number;
  }

  #resume(lane: LaneNumber): void {
    if (this.#share.isOpen(lane)) return;
    this.#lanes.countFrom(lane, this.#simulation.now);
    this.#share.open(lane);
    this.#settleSoon();
  }

  #pause(lane: LaneNumber): void {
    this.#lanes.count(lane, this.#simulation.now);
    this.#lanes.setRate(lane, 0);
    this.#cancelFinish(lane);
    if (!this.#share.isOpen(lane)) return;
    this.#share.close(lane);
    this.#settleSoon();
  }

  /** Several flows that change in one instant are settled together, when everything else of that instant is done. */
  #settleSoon(): void {
    if (this.#settling) return;
    this.#settling = true;
    this.#simulation.after(0, this.#settles);
  }

  readonly #rateChanged = (lane: LaneNumber): void => {
    this.#lanes.count(lane, this.#simulation.now);
    this.#lanes.setRate(lane, this.#share.rate(lane));
    this.#timeFinish(lane);
  };

  #timeFinish(lane: LaneNumber): void {
    this.#cancelFinish(lane);
    // Rounded up: no byte may arrive earlier than the wire allows.
    this.#lanes.setFinish(lane, this.#simulation.after(Math.ceil(this.#lanes.remaining(lane) / this.#lanes.rate(lane)), this.#finishes, lane));
  }

  #cancelFinish(lane: LaneNumber): void {
    const finish = this.#lanes.finish(lane);
    if (finish === null) return;
    this.#simulation.cancel(finish);
    this.#lanes.setFinish(lane, null);
  }

  #finish(lane: LaneNumber): void {
    const lanes = this.#lanes;
    const parcel = lanes.shift(lane);
    lanes.setFinish(lane, null);
    this.#node(lanes.from(lane)).sentBytes += this.parcels.a(parcel);
    const earliest = this.#simulation.now + this.#delay(lane);
    const due = this.#isSteady ? earliest : lanes.blockDue(lane, earliest);
    const life = lanes.life(lane);
    this.#sink.blockSent(lane, parcel);
    this.#simulation.at(due, this.#arrives, parcel);
    // What the sender did about it may have queued the next block, or brought the link down.
    if (lanes.life(lane) !== life) return;
    const next = lanes.first(lane);
    if (next === noParcel) return this.#pause(lane);
    lanes.begin(lane, this.parcels.a(next));
    lanes.countFrom(lane, this.#simulation.now);
    // A rate of 0 is one that is not settled yet.
    if (lanes.rate(lane) > 0) this.#timeFinish(lane);
  }

  #arrive(parcel: Parcel): void {
    const lane = this.parcels.route(parcel);
    const lanes = this.#lanes;
    if (this.parcels.life(parcel) === lanes.life(lane) && lanes.isUp(lane)) {
      if (lanes.isCut(lane)) {
        this.#held.set(lane, [...this.#held.get(lane) ?? [], parcel]);
        return;
      }
      if ((this.parcels.type(parcel) & 1) === 1) {
        this.#node(lanes.to(lane)).receivedBytes += this.parcels.a(parcel);
        this.#sink.blockArrived(lane, parcel);
      } else this.#sink.messageArrived(lane, parcel);
    }
    this.parcels.release(parcel);
  }

  #takeHeld(lane: LaneNumber): Parcel[] {
    const held = this.#held.get(lane) ?? [];
    this.#held.delete(lane);
    return held;
  }

  #delay(lane: LaneNumber): Micros {
    const latency = this.#lanes.latency(lane);
    let delay = latency;
    while (this.#random.chance(this.#options.loss)) delay += this.#options.resendAfter + latency;
    return delay;
  }

  #node(number: NodeNumber): NodePorts {
    const node = this.#nodes[number];
    invariant(node !== undefined, 'the node exists');
    return node;
  }
}
