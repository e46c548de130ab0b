import { Bitfield } from '../../core/bitfield.ts';
import { Disks } from './disk.ts';
import type { Micros } from './event-wheel.ts';
import type { LaneNumber } from './lanes.ts';
import { Links } from './links.ts';
import { Network } from './network.ts';
import type { Behaviour, NodeWorld } from './node-world.ts';
import type { RandomStream } from './random-stream.ts';
import { Simulation, type EventKind } from './simulation.ts';
import { LabOutOfTime, LeakChecker, type CheckedFile } from './swarm-checker.ts';
import { SwarmNode } from './swarm-node.ts';
import type { SwarmOptions } from './swarm-options.ts';

const micros = (ms: number): Micros => Math.round(ms * 1000);
/** Pairs are never nearer than this, however small the latency. */
const leastLatency: Micros = 10;
/** A cut that lasts longer than this is noticed: the link goes down. The app's links give up after 45 s of silence. */
const cutNoticedAfter: Micros = micros(45_000);
const lookForPeersEvery: Micros = micros(30_000);

export interface PeerRecord {
  readonly arrivedAt: Micros;
  doneAt: Micros | null;
  /** When it went for good, or null. */
  leftAt: Micros | null;
}

/**
 * A simulated swarm around one file: origins that have it, peers that come, fetch, fail, leave and return, and a tracker
 * that introduces them. Chance has a stream for each purpose. `run` goes until every honest peer that is there has the
 * file; what must not happen throws `LabViolation`.
 */
export class SwarmWorld {
  readonly options: SwarmOptions;
  readonly simulation: Simulation;
  readonly network: Network;
  readonly nodes: SwarmNode[] = [];
  /** By node; origins arrive at 0 and are done. */
  readonly records: PeerRecord[] = [];
  readonly #disks: Disks;
  readonly #chance: { readonly tracker: RandomStream; readonly churn: RandomStream; readonly partition: RandomStream };
  readonly #kinds: Record<'arrive' | 'leave' | 'linkUp' | 'look' | 'cut' | 'mend' | 'cutNoticed', EventKind>;
  readonly #present: number[] = [];
  readonly #watching: ReadonlySet<number>;
  /** They have links to origins only. */
  readonly #apart: ReadonlySet<number>;
  /** Pieces each node had when it last looked for peers. */
  readonly #countAtLook: number[] = [];
  /** Side of the cut each node is on, while there is one. */
  #sides: boolean[] | null = null;
  #cuts = 0;
  /** Honest peers that have not got everything. */
  #unfinished = 0;

  constructor(options: SwarmOptions) {
    this.options = options;
    const simulation = this.simulation = new Simulation(options.seed);
    this.#chance = { tracker: simulation.random('tracker'), churn: simulation.random('churn'), partition: simulation.random('partition') };
    this.network = new Network(simulation, { loss: options.loss, resendAfter: micros(200) }, {
      messageArrived: (lane, parcel) => { this.#node(this.network.to(lane)).hear(lane ^ 1, this.network.typeOf(parcel), parcel); },
      blockSent: (lane, parcel) => { this.#node(this.network.from(lane)).sent(lane, this.network.parcels.b(parcel), this.network.parcels.a(parcel)); },
      blockArrived: (lane, parcel) => {
        const { parcels } = this.network;
        this.#node(this.network.to(lane)).blockArrived(lane ^ 1, parcels.b(parcel), parcels.a(parcel), parcels.c(parcel) === 1);
      },
    });
    const jitter = options.shuffle > 0 ? micros(50) : 0;
    this.#disks = new Disks(simulation, { bytesPerSecond: options.diskBytesPerSecond, latency: micros(1), jitter, repeats: options.shuffle, fails: options.diskFails }, {
      written: (node, failed, piece, fetch, isRight, life) => { this.#node(node).pieceWritten(failed, piece, fetch, isRight === 1, life); },
      read: (node, lane, want, serial) => { this.#node(node).blockRead(lane, want, serial); },
    });
    const nodeKinds: Omit<NodeWorld['kinds'], 'askAgain'> = {
      wake: simulation.on((node) => { this.#node(node).woken(); }),
      reopen: simulation.on((node, life) => { this.#node(node).reopen(life); }),
      complete: simulation.on((node) => { this.#completed(node); }),
      again: simulation.on((node, parcel) => { this.#node(node).arrivedAgain(parcel); }),
    };
    this.#kinds = {
      arrive: simulation.on((node) => { this.#arrive(node); }),
      leave: simulation.on((node, life) => { this.#goAway(node, life); }),
      linkUp: simulation.on((a, b) => { this.#linkUp(a, b); }),
      look: simulation.on((node) => { this.#look(node); }),
      cut: simulation.on(() => { this.#cut(); }),
      mend: simulation.on(() => { this.#mend(); }),
      cutNoticed: simulation.on((lane, cut) => { this.#cutNoticed(lane, cut); }),
    };
    [this.#watching, this.#apart] = [this.#some(options.watch), this.#some(options.apart)];
    const file = checkedFile(options);
    const theirs = new Bitfield(file.pieces);
    this.#populate({
      simulation, network: this.network, disks: this.#disks, links: new Links(file.pieces), file, lan: options.lan, proven: options.proven, repeats: options.shuffle,
      kinds: { ...nodeKinds, askAgain: simulation.on((node, life) => { this.#node(node).askAgain(life); }) },
      leaks: new LeakChecker(theirs), isOutside: (node) => this.nodes[node]?.behaviour === 'launder',
      isWatching: (node) => this.isWatching(node),
      uploadLimitOf: (node) => (this.isOrigin(node) && options.originLimit > 0 ? options.originLimit : null),
      isHonest: (node) => this.nodes[node]?.behaviour === 'honest',
    });
  }

  /**
   * Goes on for at most so many events; returns whether the run has ended: every honest peer has everything. Throws
   * `LabOutOfTime` when that takes longer than it may.
   */
  advance(events: number): boolean {
    const until = this.simulation.events + events;
    this.simulation.run(micros(this.options.limitMs), () => this.#unfinished === 0 || this.simulation.events >= until);
    if (this.#unfinished > 0) {
      if (this.simulation.events >= until) return false;
      throw new LabOutOfTime(this.#unfinished, this.options.limitMs / 1000);
    }
    for (const node of this.nodes) node.end();
    return true;
  }

  /** Honest peers that have not got everything yet. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Its user watches the file while it arrives. */
  isWatching(number: number): boolean {
    return this.#watching.has(number);
  }

  isOrigin(number: number): boolean {
    return number < this.options.origins;
  }

  upOf(number: number): number {
    const { originUp, originLimit, peerUp } = this.options;
    if (!this.isOrigin(number)) return peerUp;
    return originLimit > 0 ? Math.min(originUp, originLimit) : originUp;
  }

  #populate(world: NodeWorld): void {
    const { origins, peers, originUp, peerUp, peerDown, partitions, arriveWithinMs, arrivalsPerSecond } = this.options;
    const arrivals = this.simulation.random('arrivals');
    const behaviours = this.#behaviours();
    const words = this.#words(behaviours);
    let arriveAt: Micros = 0;
    for (let number = 0; number < origins + peers; number++) {
      const isOrigin = this.isOrigin(number);
      this.network.addNode(isOrigin ? originUp : peerUp, isOrigin ? Infinity : peerDown);
      this.nodes.push(new SwarmNode(number, isOrigin ? 'honest' : behaviours[number - origins] ?? 'honest', isOrigin, words[number - origins] ?? null, world));
      if (isOrigin) arriveAt = 0;
      else if (arrivalsPerSecond > 0) arriveAt += micros(arrivals.exponential(1000 / arrivalsPerSecond));
      else arriveAt = micros(arrivals.between(0, arriveWithinMs));
      this.records.push({ arrivedAt: arriveAt, doneAt: isOrigin ? 0 : null, leftAt: null });
      if (this.nodes[number]?.behaviour === 'honest' && !isOrigin) this.#unfinished++;
      this.simulation.at(arriveAt, this.#kinds.arrive, number);
    }
    this.#leak(world.leaks.theirs);
    // While they arrive and fetch: twice the time the fastest possible distribution takes.
    const busy = micros(arriveWithinMs + (2000 * this.options.bytes) / Math.min(originUp, peerUp));
    for (let cut = 0; cut < partitions; cut++) this.simulation.at(this.#chance.partition.below(busy), this.#kinds.cut);
  }

  /** A part of the peers, by chance: a larger part has those of a smaller one. */
  #some(part: number): ReadonlySet<number> {
    const { origins, peers } = this.options;
    const numbers = Array.from({ length: peers }, (_, at) => origins + at);
    this.simulation.random('some').shuffle(numbers);
    return new Set(numbers.slice(0, Math.round(peers * part)));
  }

  #behaviours(): Behaviour[] {
    const { peers, corrupt, stall, lie, launder } = this.options;
    const behaviours: Behaviour[] = [];
    for (const [behaviour, part] of [['corrupt', corrupt], ['stall', stall], ['lie', lie], ['launder', launder]] as const) {
      for (let count = Math.round(peers * part); count > 0 && behaviours.length < peers; count--) behaviours.push(behaviour);
    }
    while (behaviours.length < peers) behaviours.push('honest');
    this.simulation.random('behaviours').shuffle(behaviours);
    return behaviours;
  }

  /** Whose word each peer takes on for whom the file is: an origin's, or that of somebody who lists it as well. */
  #words(behaviours: readonly Behaviour[]): (number | null)[] {
    const { origins, proven } = this.options;
    const launderers = behaviours.flatMap((behaviour, at) => (behaviour === 'launder' ? [origins + at] : []));
    const random = this.simulation.random('words');
    return behaviours.map((behaviour) => {
      if (behaviour === 'launder' || !(proven || launderers.length > 0)) return null;
      return random.chance(launderers.length > 0 ? 0.5 : 0) ? launderers[random.below(launderers.length)] ?? null : random.below(origins);
    });
  }

  /** What launderers have of the file from elsewhere. */
  #leak(theirs: Bitfield): void {
    const random = this.simulation.random('known');
    for (const { behaviour, checker: { written } } of this.nodes) {
      if (behaviour !== 'launder') continue;
      for (let piece = 0; piece < written.length; piece++) if (random.chance(this.options.known) && written.add(piece)) theirs.add(piece);
    }
  }

  #arrive(number: number): void {
    const node = this.#node(number);
    if (node.isPresent) return;
    node.start();
    this.#present.push(number);
    // The last piece was written while the file was closed, and the program ended before it was open again. Launderers may begin with everything, and stay.
    if (node.isComplete && node.behaviour === 'honest') this.#done(number);
    this.#look(number);
    const { churnPerHour } = this.options;
    if (churnPerHour > 0 && !this.isOrigin(number)) this.simulation.after(micros(this.#chance.churn.exponential(3_600_000 / churnPerHour)), this.#kinds.leave, number, node.life);
  }

  /** Asks the tracker for peers, as long as it has too few. */
  #look(number: number): void {
    const node = this.#node(number);
    if (!node.isPresent) return;
    // Whoever got nothing since it last looked needs somebody else: those it knows may all be stuck, or lie.
    const isStuck = !node.isComplete && node.checker.written.count === this.#countAtLook[number];
    this.#countAtLook[number] = node.checker.written.count;
    const within = this.#apart.has(number) ? this.#present.filter((other) => this.isOrigin(other)) : this.#present;
    const wanted = Math.min(Math.max(this.options.neighbours, isStuck ? node.links.size + 1 : 0), this.#present.length - 1);
    // Links come up later: dialling somebody twice, or more than are needed, does no harm.
    for (let dials = wanted - node.links.size; dials > 0; dials--) {
      const other = within[this.#chance.tracker.below(within.length)] ?? number;
      if (other !== number) this.#dial(number, other);
    }
    if (this.options.proven && node.word !== null && !node.links.has(node.word)) this.#dial(number, node.word);
    this.simulation.after(lookForPeersEvery, this.#kinds.look, number);
  }

  #dial(a: number, b: number): void {
    if (!this.#mayMeet(a, b)) return;
    // Three ways: connect, hello, hello.
    this.simulation.after(3 * this.#latency(a, b), this.#kinds.linkUp, a, b);
  }

  #mayMeet(a: number, b: number): boolean {
    return (!this.#apart.has(a) || this.isOrigin(b)) && (!this.#apart.has(b) || this.isOrigin(a));
  }

  #linkUp(a: number, b: number): void {
    const [nodeA, nodeB] = [this.#node(a), this.#node(b)];
    if (!nodeA.isPresent || !nodeB.isPresent || nodeA.links.has(b) || this.#isSevered(a, b)) return;
    const latency = this.#latency(a, b);
    const lane = this.network.connect(a, b, latency);
    nodeA.linkUp(b, lane, 2 * latency);
    nodeB.linkUp(a, lane ^ 1, 2 * latency);
  }

  #linkDown(lane: LaneNumber): void {
    if (!this.network.isUp(lane)) return;
    const [a, b] = [this.network.from(lane), this.network.to(lane)];
    // First, so that they see how much of the last block has come.
    this.#node(a).linkDown(b);
    this.#node(b).linkDown(a);
    this.network.disconnect(lane);
  }

  #completed(number: number): void {
    const node = this.#node(number);
    if (!node.isPresent || !node.isComplete) return;
    node.completed();
    this.#done(number);
  }

  #done(number: number): void {
    const record = this.records[number];
    if (record?.doneAt !== null) return;
    record.doneAt = this.simulation.now;
    if (this.#node(number).behaviour === 'honest') this.#unfinished--;
    if (!this.options.leaveWhenDone) return;
    record.leftAt = this.simulation.now;
    this.#remove(number);
  }

  /** Churn: away without a word, and back after a while with what lies on its disk. */
  #goAway(number: number, life: number): void {
    const node = this.#node(number);
    if (!node.isPresent || node.life !== life) return;
    this.#remove(number);
    this.simulation.after(micros(this.#chance.churn.exponential(this.options.awayMs)), this.#kinds.arrive, number);
  }

  #remove(number: number): void {
    const node = this.#node(number);
    const lanes = [...node.links.values()];
    node.stop();
    this.#present.splice(this.#present.indexOf(number), 1);
    for (const lane of lanes) this.#linkDown(lane);
  }

  #cut(): void {
    if (this.#sides !== null) return;
    this.#sides = this.nodes.map(() => this.#chance.partition.chance(0.5));
    this.#cuts++;
    for (const lane of this.#severedLanes()) {
      this.network.setCut(lane, true);
      this.simulation.after(cutNoticedAfter, this.#kinds.cutNoticed, lane, this.#cuts);
    }
    this.simulation.after(micros(this.options.partitionMs), this.#kinds.mend);
  }

  #cutNoticed(lane: LaneNumber, cut: number): void {
    if (this.#sides !== null && this.#cuts === cut) this.#linkDown(lane);
  }

  #mend(): void {
    const lanes = this.#severedLanes();
    this.#sides = null;
    for (const lane of lanes) this.network.setCut(lane, false);
  }

  #severedLanes(): LaneNumber[] {
    return this.nodes.flatMap((node) => [...node.links].flatMap(([peer, lane]) => (peer > node.number && this.#isSevered(node.number, peer) ? [lane] : [])));
  }

  #isSevered(a: number, b: number): boolean {
    return this.#sides !== null && this.#sides[a] !== this.#sides[b];
  }

  /** The same for a pair whenever it is asked for, and for both ways. */
  #latency(a: number, b: number): Micros {
    const pair = Math.imul(Math.min(a, b) + 1, 0x9e3779b1) ^ Math.imul(Math.max(a, b) + 1, 0x85ebca6b) ^ this.options.seed;
    const mixed = Math.imul(pair ^ (pair >>> 15), 0x2c1b3c6d);
    const part = ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
    return Math.max(leastLatency, micros(this.options.latencyMs * (0.5 + part)));
  }

  #node(number: number): SwarmNode {
    const node = this.nodes[number];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }
}

const checkedFile = ({ bytes, pieceBytes }: SwarmOptions): CheckedFile => ({ bytes, pieceBytes, pieces: Math.ceil(bytes / pieceBytes) });
