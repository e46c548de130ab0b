import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { PeerEvent, PeerSink } from '../../core/peer/events.ts';
import { PeerMachine } from '../../core/peer/peer-machine.ts';
import { defaultServeSettings } from '../../core/serve/events.ts';
import type { Pieces } from '../../core/swarm/members.ts';
import type { RefusalKind } from '../../core/swarm/events.ts';
import type { Arrivals } from '../../core/swarm/options.ts';
import type { Micros, TimerHandle } from './event-wheel.ts';
import type { LaneNumber } from './lanes.ts';
import { NodeGives, type GivingNode } from './node-gives.ts';
import { content, download, messages, refusals, type Behaviour, type NodeWorld } from './node-world.ts';
import { NodeWrites, type WritingNode } from './node-writes.ts';
import { noParcel, type Parcel } from './parcels.ts';
import { PassedOn } from './passed-on.ts';
import type { RandomStream } from './random-stream.ts';
import { NodeChecker } from './swarm-checker.ts';

/** After a failed write the file is closed and tried again, as the user of the app would. */
const reopenAfter: Micros = 2 * second * 1000;
/** As the app does with an origin that does not answer. */
const askAgainAfter: Micros = 3 * second * 1000;
/**
 * One peer of a simulated swarm: the app's own machine, and what the app's driver does around it, on a simulated network
 * and disk. Keeps the checker's books up to date.
 */
export class SwarmNode implements PeerSink, Arrivals, GivingNode, WritingNode {
  readonly number: number;
  readonly behaviour: Behaviour;
  readonly checker: NodeChecker;
  /** Who says for whom the file is; null: this node itself, or everybody may have it. */
  readonly word: number | null;
  /** Our lane to each peer we are linked with. */
  readonly links = new Map<number, LaneNumber>();
  /** Counts how often the program ended: what the disk says of an earlier one concerns nobody. */
  life = 0;
  /** When each piece was on the disk, where somebody watches. */
  readonly writtenAt: Micros[] = [];
  readonly #world: NodeWorld;
  readonly #random: RandomStream;
  /** Null: all that it has. */
  readonly #passedOn: PassedOn | null;
  #machine: PeerMachine | null = null;
  #wake: TimerHandle | null = null;
  #wakeAt: Micros = Infinity;
  #isOpen = false;
  /** The machine has asked for a block since its step began. */
  #hasAsked = false;
  /** The lane something came over last: as a rule the answer goes there. */
  #lane: LaneNumber = -1;
  readonly #writes: NodeWrites;
  readonly #gives: NodeGives;

  constructor(number: number, behaviour: Behaviour, hasAll: boolean, word: number | null, world: NodeWorld) {
    this.number = number;
    this.behaviour = behaviour;
    this.word = word;
    this.#world = world;
    this.#random = world.simulation.random(`node/${number}`);
    this.checker = new NodeChecker(number, world.file, limits.transfer.receiveBudgetBytes, hasAll);
    this.#writes = new NodeWrites(this, world.disks);
    this.#gives = new NodeGives(this, world, this.#random);
    this.#passedOn = word === null || !world.proven ? null : new PassedOn(world.file, {
      random: world.simulation.random(`proof/${number}`).next,
      isLinked: () => this.links.has(word),
      ask: (question, { piece, length }) => {
        const lane = this.links.get(word);
        if (lane !== undefined) world.network.sendMessage(lane, messages.wanted, question, piece, length);
      },
      askAgainLater: () => { world.simulation.after(askAgainAfter, world.kinds.askAgain, number, this.life); },
      show: (pieces) => { if (pieces.length > 0) this.step({ type: 'pieces-shown', content, pieces }); },
      hide: () => { this.#keep(null); },
    });
  }

  get isPresent(): boolean { return this.#machine !== null; }
  get isComplete(): boolean { return this.checker.written.isFull; }

  /** Starts the program, with what lies on the disk. */
  start(): void {
    this.#machine = new PeerMachine({ limits: limits.transfer, serving: defaultServeSettings, random: this.#random.next, arrivals: this });
    const uploadLimit = this.#world.uploadLimitOf(this.number);
    if (uploadLimit !== null) this.step({ type: 'upload-limit', bytesPerSecond: uploadLimit });
    if (this.isComplete) {
      this.#passedOn?.begin(this.checker.written);
      this.#keep('all');
    } else {
      this.step({ type: 'download-added', download, priority: 1, inOrder: this.#world.isWatching(this.number) });
      this.#open();
    }
  }

  /** The program ends without a word. Its links must be taken down, too. */
  stop(): void {
    this.#machine = null;
    this.life++;
    this.#passedOn?.end();
    this.#writes.forget();
    this.checker.restarted();
    this.links.clear();
    this.#lane = -1;
    if (this.#wake !== null) this.#world.simulation.cancel(this.#wake);
    this.#wake = null;
    this.#wakeAt = Infinity;
  }

  linkUp(peer: number, lane: LaneNumber, roundTrip: Micros): void {
    this.links.set(peer, lane);
    this.#world.links.up(lane);
    this.step({ type: 'peer-up', peer, latencyMs: Math.ceil(roundTrip / 1000), local: this.#world.lan, strikes: this.checker.strikesOf(peer) });
    if (this.#mayHave(peer)) this.step({ type: 'member-found', content, peer });
    if (peer !== this.word) return;
    this.#passedOn?.ask();
    this.#passedOn?.again();
  }

  linkDown(peer: number): void {
    this.#lane = -1;
    if (!this.links.has(peer)) return;
    this.step({ type: 'peer-down', peer });
    this.links.delete(peer);
    if (peer === this.word) this.#passedOn?.unlinked();
  }

  step(event: PeerEvent): void {
    const machine = this.#machine;
    if (machine === null) return;
    const { simulation, kinds } = this.#world;
    // Its clock counts whole milliseconds: numbers that are no fractions lie within the objects they belong to.
    const now = Math.floor(simulation.now / 1000);
    this.#hasAsked = false;
    machine.step(now, event, this);
    // Half of all news are of pieces that are not missed. What leads to no request makes nothing due.
    if (event.type === 'has' && !this.#hasAsked) return;
    const wake = machine.nextWake(now);
    // A moment that is due but not yet served must not come in the same millisecond for ever.
    const at = wake === null ? Infinity : Math.max(now + 1, Math.ceil(wake)) * 1000;
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
    const { network, links, file } = this.#world;
    const { parcels } = network;
    const peer = network.to(lane);
    this.#lane = lane;
    const a = parcels.a(parcel);
    switch (type) {
      case messages.joined: {
        if (!this.#mayHave(peer)) return;
        const pieces = parcels.payload(parcel) ?? 'all';
        for (let piece = 0; piece < file.pieces; piece++) if (pieces === 'all' || hasBit(pieces, piece)) links.claim(lane, piece);
        return this.step({ type: 'joined', content, peer, pieces });
      }
      case messages.has:
        links.claim(lane, a);
        return this.step({ type: 'has', content, peer, piece: a });
      case messages.left:
        links.claimNothing(lane);
        return this.step({ type: 'left', content, peer });
      case messages.choked: return this.step({ type: 'choked', peer, choked: a === 1 });
      case messages.wanted: return this.#gives.wanted(lane, a, parcels.b(parcel), parcels.c(parcel));
      case messages.unwanted: return this.#gives.unwanted(lane, a);
      case messages.refused:
        if (a < 0) return this.#passedOn?.answered(a, null);
        links.requests.take(lane, a);
        return this.step({ type: 'block-refused', request: a, why: refusals[parcels.b(parcel)] ?? 'busy' });
      default: return;
    }
  }

  /** The last byte of a block has left, over our own lane. */
  sent(lane: LaneNumber, want: number, bytes: number): void {
    this.#lane = lane;
    this.#gives.sent(lane, want, bytes);
  }

  /** A block has come from the peer to whom our own lane leads. */
  blockArrived(lane: LaneNumber, request: number, bytes: number, isCorrupt: boolean): void {
    const { requests } = this.#world.links;
    this.#lane = lane;
    if (request < 0) return this.#passedOn?.answered(request, !isCorrupt);
    // The driver throws away what nobody waits for any more; the machine hears of it all the same.
    const asked = requests.take(lane, request);
    if (asked !== noParcel) this.checker.arrived(requests.first(asked), requests.second(asked), bytes, isCorrupt);
    if (this.#random.chance(this.#world.repeats)) {
      const { simulation, network, kinds } = this.#world;
      simulation.after(this.#random.below(second * 1000), kinds.again, this.number, network.parcels.take(0, 0, this.life, request));
    }
    this.step({ type: 'block-arrived', request });
  }

  /** What has come of a block that is on the wire. */
  moved(request: number, peer: number): number {
    const { network } = this.#world;
    const lane = this.links.get(peer);
    if (lane === undefined) return 0;
    const parcel = network.onWire(lane ^ 1);
    return parcel !== noParcel && network.parcels.b(parcel) === request ? network.arrivedOfBlock(lane ^ 1) : 0;
  }

  /** They come at every moment; of a lane that is cut one hears of none. */
  quietMs(): number {
    return 0;
  }

  /** That lies in its buffer from now on. */
  kept(request: number, peer: number): number {
    const { network, links: { requests } } = this.#world;
    const bytes = this.moved(request, peer);
    const lane = this.links.get(peer);
    if (lane === undefined || bytes === 0) return 0;
    const asked = requests.find(lane, request);
    if (asked === noParcel) return 0;
    this.checker.arrived(requests.first(asked), requests.second(asked), bytes, network.parcels.c(network.onWire(lane ^ 1)) === 1);
    return bytes;
  }

  /** The same news once more. */
  arrivedAgain(parcel: Parcel): void {
    const { parcels } = this.#world.network;
    const request = parcels.a(parcel);
    if (parcels.life(parcel) === this.life) this.step({ type: 'block-arrived', request });
    parcels.release(parcel);
  }

  /** The disk has read a block for the peer to whom our own lane leads. */
  blockRead(lane: LaneNumber, want: number, serial: number): void { this.#gives.read(lane, want, serial); }

  /** The disk's word on a piece: `isRight` says whether its bytes were. */
  pieceWritten(failed: boolean, piece: number, fetch: number, isRight: boolean, life: number): void {
    if (life === this.life) this.#writes.ended(failed, piece, fetch, isRight);
  }

  get isOpen(): boolean { return this.#isOpen; }

  isLinked(peer: number): boolean { return this.links.has(peer); }

  mayGive(peer: number, piece: number): boolean {
    return this.checker.written.has(piece) && this.#mayHave(peer) && this.#passedOn?.shows(piece) !== false;
  }

  wrote(piece: number, isGiven: boolean): void {
    if (this.#world.isWatching(this.number)) this.writtenAt[piece] = this.#world.simulation.now;
    this.#passedOn?.came(piece, isGiven);
  }

  close(): void {
    this.#isOpen = false;
    this.step({ type: 'file-closed', file: content });
    if (this.#passedOn !== null) this.step({ type: 'content-dropped', content });
    this.#passedOn?.end();
    this.#reopenLater();
  }

  reopen(life: number): void {
    if (life !== this.life) return;
    // What is still being written belongs to the file as it was.
    if (!this.#writes.areAllEnded) return this.#reopenLater();
    this.#open();
    for (const peer of this.links.keys()) if (this.#mayHave(peer)) this.step({ type: 'member-found', content, peer });
  }

  askAgain(life: number): void {
    if (life === this.life) this.#passedOn?.again();
  }

  /** Every piece is verified: the file gets its name, and is kept. */
  completed(): void {
    if (this.#machine === null) return;
    this.#keep('all');
    this.#isOpen = false;
    this.step({ type: 'file-closed', file: content });
  }

  /** For the checks at the end of a run. */
  end(): void {
    const machine = this.#machine;
    if (machine !== null) this.checker.ended(machine.content(content)?.have, machine.downloading.budgetUsed);
  }

  #keep(have: 'all' | null): void {
    this.step({ type: 'content-kept', content, pieces: this.#world.file.pieces, have, ...(this.#passedOn === null ? {} : { shown: this.#passedOn.shown }) });
  }

  #reopenLater(): void {
    this.#world.simulation.after(reopenAfter, this.#world.kinds.reopen, this.number, this.life);
  }

  #open(): void {
    const { bytes, pieceBytes } = this.#world.file;
    this.#isOpen = true;
    this.step({ type: 'file-opened', download, file: content, bytes, pieceBytes, have: this.checker.written.bytes });
    if (this.#passedOn === null) return;
    this.#passedOn.begin(this.checker.written);
    this.#keep(null);
    this.#passedOn.ask();
  }

  /** Whether this node may let it have the file, by the word that it takes. */
  #mayHave(peer: number): boolean {
    const { isOutside } = this.#world;
    return !isOutside(peer) || isOutside(this.word ?? this.number);
  }

  #laneTo(peer: number): LaneNumber | undefined {
    const lane = this.#lane;
    return lane >= 0 && this.#world.network.to(lane) === peer ? lane : this.links.get(peer);
  }

  #tell(peer: number, type: number, a = 0, b = 0, payload: Uint8Array | null = null): void {
    const lane = this.#laneTo(peer);
    if (lane !== undefined) this.#world.network.sendMessage(lane, type, a, b, 0, 0, payload);
  }

  // What the machine wants done. Methods of the class, not functions of each node: there are thousands of nodes, and every
  // function of their own would be two more places in memory.

  join(peer: number, _content: number, pieces: Pieces): void {
    this.checker.claims(pieces);
    if (this.#world.isOutside(peer)) this.#world.leaks.told(this.number, pieces);
    const payload = pieces === 'all' || this.behaviour === 'lie' ? null : new Uint8Array(pieces);
    this.#tell(peer, messages.joined, 0, 0, payload);
  }

  has(peer: number, _content: number, piece: number): void {
    this.checker.claimsPiece(piece);
    if (this.#world.isOutside(peer)) this.#world.leaks.given(this.number, piece);
    this.#tell(peer, messages.has, piece);
  }

  leave(peer: number): void { this.#tell(peer, messages.left); }

  choke(peer: number, choked: boolean): void { this.#tell(peer, messages.choked, choked ? 1 : 0); }

  request(request: number, peer: number, fetch: number, _file: number, piece: number, begin: number, length: number): void {
    const { links, network } = this.#world;
    const lane = this.#laneTo(peer);
    this.#hasAsked = true;
    this.checker.requested(fetch, peer, piece, begin, length, links.claimed(lane));
    if (lane === undefined) return;
    links.requests.add(lane, request, fetch, begin);
    network.sendMessage(lane, messages.wanted, request, piece, length);
  }

  cancel(request: number, peer: number): void {
    const { links, network } = this.#world;
    const lane = this.#laneTo(peer);
    if (lane === undefined) return;
    links.requests.take(lane, request);
    network.sendMessage(lane, messages.unwanted, request);
  }

  serve(peer: number, want: number): void {
    const lane = this.#laneTo(peer);
    if (lane !== undefined) this.#gives.serve(lane, want);
  }

  refuse(peer: number, want: number, why: RefusalKind): void {
    const lane = this.#laneTo(peer);
    if (lane !== undefined) this.#gives.refuse(lane, want, why);
  }

  fetchStarted(fetch: number, _file: number, piece: number, bytes: number, peer: number): void { this.checker.fetchStarted(fetch, piece, bytes, peer); }

  fetchPaused(fetch: number, bytes: number): void { this.checker.fetchPaused(fetch, bytes); }

  fetchResumed(fetch: number, peer: number): void { this.checker.fetchResumed(fetch, peer); }

  fetchEnded(fetch: number): void { this.checker.fetchEnded(fetch); }

  pieceComplete(fetch: number, _file: number, piece: number, bytes: number): void {
    this.#writes.begin(fetch, piece, bytes);
  }

  fileComplete(): void {
    this.checker.claims('all');
    this.#world.simulation.after(0, this.#world.kinds.complete, this.number);
  }

  peerCorrupt(peer: number, _file: number, _piece: number, strikes: number): void { this.checker.blames(peer, this.#world.isHonest(peer), strikes); }

  fileStarved(): void {
    // A later look at the tracker helps.
  }
}

const hasBit = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
