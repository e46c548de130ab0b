import type { Millis } from '#shared/units.ts';
import type { Binding } from '../rate/rate-gate.ts';
import { ServeMachine } from '../serve/serve-machine.ts';
import type { ServeSettings } from '../serve/events.ts';
import { Contents, type Content } from '../swarm/content.ts';
import type { SwarmEvent } from '../swarm/events.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import type { Arrivals } from '../swarm/options.ts';
import { SwarmMachine } from '../swarm/swarm-machine.ts';
import type { ContentNumber, PeerEvent, PeerLimits, PeerSink } from './events.ts';

export interface PeerOptions {
  readonly limits: PeerLimits;
  readonly serving: ServeSettings;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly arrivals: Arrivals;
}

/**
 * One peer: what it downloads (`SwarmMachine`), what it gives (`ServeMachine`), and what it tells others about the pieces
 * it has. The app drives it with real links and disks, the lab with simulated ones. Pure: time and randomness come in, what
 * is to be done goes out through the sink.
 *
 * A swarm is the set of peers that told each other of one content with `join`; each tells the others of every piece it
 * verified, and may show, with `has`. Contents of one piece have no swarm: whoever has them has all.
 */
export class PeerMachine {
  readonly #contents = new Contents();
  readonly #swarm: SwarmMachine;
  readonly #serve: ServeMachine;
  readonly #peers = new Set<PeerNumber>();
  /** Whom we told that we take part. */
  readonly #told = new Map<ContentNumber, Set<PeerNumber>>();

  constructor({ limits, serving, random, arrivals }: PeerOptions) {
    this.#serve = new ServeMachine({ settings: serving, random, contents: this.#contents, wantsFrom: (peer) => this.#swarm.wantsFrom(peer) });
    this.#swarm = new SwarmMachine({ limits, random, contents: this.#contents, deliveries: this.#serve, arrivals });
  }

  step(now: Millis, event: PeerEvent, out: PeerSink): void {
    switch (event.type) {
      case 'peer-up':
        this.#peers.add(event.peer);
        this.#swarm.step(now, event, out);
        return this.#serve.step(now, { type: 'peer-up', peer: event.peer, local: event.local, line: event.line ?? null }, out);
      case 'peer-down':
        this.#peers.delete(event.peer);
        for (const told of this.#told.values()) told.delete(event.peer);
        this.#swarm.step(now, event, out);
        return this.#serve.step(now, event, out);
      case 'content-kept': {
        const content = this.#contents.open(event.content, event.pieces, event.have);
        content.isKept = true;
        if (event.shown !== undefined) content.guard(event.shown);
        return;
      }
      case 'pieces-shown': {
        const content = this.#contents.get(event.content);
        for (const piece of event.pieces) if (content?.allow(piece) === true) this.#announce(now, event.content, piece, out);
        return;
      }
      case 'content-dropped': return this.#drop(event.content, out);
      case 'member-found': return this.#tell(event.peer, event.content, out);
      case 'joined': return this.#joined(now, event, out);
      case 'has': return this.#has(now, event, out);
      case 'left': return this.#left(now, event, out);
      case 'choked': return this.#swarm.step(now, event, out);
      case 'tick':
        this.#swarm.step(now, event, out);
        return this.#serve.step(now, event, out);
      case 'source-added':
        this.#swarm.step(now, event, out);
        return this.#tell(event.peer, event.file, out);
      case 'file-closed': return this.#fileClosed(now, event, out);
      case 'piece-written':
        this.#swarm.step(now, event, out);
        return this.#announce(now, event.file, event.piece, out);
      case 'download-removed':
        this.#swarm.step(now, event, out);
        for (const number of [...this.#told.keys()]) if (this.#contents.get(number) === undefined) this.#leave(number, out);
        return;
      case 'peer-forgiven': return this.#forgiven(now, event, out);
      case 'wanted': case 'unwanted': case 'served': case 'upload-limit':
        return this.#serve.step(now, event, out);
      default:
        return this.#swarm.step(now, event, out);
    }
  }

  /** When to step with a `tick` if nothing else happens; null: not at all. */
  nextWake(now: Millis): Millis | null {
    const swarm = this.#swarm.nextWake(now);
    const serve = this.#serve.nextWake(now);
    return swarm === null || serve === null ? swarm ?? serve : Math.min(swarm, serve);
  }

  get downloading(): Pick<SwarmMachine, 'budgetUsed' | 'file' | 'standing'> {
    return this.#swarm;
  }
  get serving(): Pick<ServeMachine, 'sentRate' | 'isChoked' | 'standing'> {
    return this.#serve;
  }
  /** The limit that held back what this peer gives us, or gets, in the last moments. */
  limitOn(now: Millis, direction: 'down' | 'up', peer: PeerNumber): Binding | null {
    return (direction === 'down' ? this.#swarm : this.#serve).rates.bindingOf(now, peer);
  }
  /** The strictest limit on what this peer gives us, or gets, bytes/s; Infinity without one. */
  limitOf(direction: 'down' | 'up', peer: PeerNumber): number {
    return (direction === 'down' ? this.#swarm : this.#serve).rates.limitOf(peer);
  }
  content(number: ContentNumber): Pick<Content, 'pieces' | 'have' | 'members' | 'availability'> | undefined {
    return this.#contents.get(number);
  }

  #tell(peer: PeerNumber, number: ContentNumber, out: PeerSink): void {
    const content = this.#contents.get(number);
    if (content === undefined || content.pieces < 2 || !this.#peers.has(peer)) return;
    const told = this.#told.get(number) ?? new Set<PeerNumber>();
    if (told.has(peer)) return;
    this.#told.set(number, told.add(peer));
    out.join(peer, number, content.shown.isFull ? 'all' : content.shown.bytes);
  }

  #joined(now: Millis, { content: number, peer, pieces }: Extract<PeerEvent, { type: 'joined' }>, out: PeerSink): void {
    const content = this.#contents.get(number);
    if (content === undefined || !this.#peers.has(peer)) return;
    const wasMember = content.members.has(peer);
    // What a file lacks decides what its members are good for, so the machine that downloads it takes the news first.
    this.#swarm.step(now, { type: 'source-added', file: number, peer, pieces }, out);
    if (!this.#swarm.isOpen(number)) content.setMember(peer, pieces);
    // It joined anew: what we told it before may have come while it took no part. Whoever is banned is no member, and gets no word.
    if (!wasMember && content.members.has(peer)) this.#told.get(number)?.delete(peer);
    this.#tell(peer, number, out);
    this.#serve.step(now, { type: 'news' }, out);
  }

  #has(now: Millis, { content: number, peer, piece }: Extract<PeerEvent, { type: 'has' }>, out: PeerSink): void {
    const content = this.#contents.get(number);
    // Half of all news are of pieces that nobody can be asked for, and end here.
    if (content?.noteHas(peer, piece) === true && content.isSought(piece)) this.#swarm.step(now, { type: 'source-has', file: number, peer }, out);
  }

  #left(now: Millis, { content: number, peer }: Extract<PeerEvent, { type: 'left' }>, out: PeerSink): void {
    this.#told.get(number)?.delete(peer);
    if (this.#swarm.isOpen(number)) this.#swarm.step(now, { type: 'source-removed', file: number, peer }, out);
    else this.#contents.get(number)?.removeMember(peer);
  }

  /**
   * What it told us while it was banned was thrown away. Whoever leaves and joins again is told anew; a swarm that we
   * download from is joined again by whoever looks what the peer has now (`member-found`, `source-added`).
   */
  #forgiven(now: Millis, event: Extract<SwarmEvent, { type: 'peer-forgiven' }>, out: PeerSink): void {
    this.#swarm.step(now, event, out);
    for (const [number, told] of this.#told) {
      if (!told.delete(event.peer)) continue;
      out.leave(event.peer, number);
      if (!this.#swarm.isOpen(number)) this.#tell(event.peer, number, out);
    }
  }

  /** A piece of ours that is shown is news for every member. */
  #announce(now: Millis, number: ContentNumber, piece: number, out: PeerSink): void {
    const told = this.#told.get(number);
    if (told === undefined || told.size === 0 || this.#contents.get(number)?.shown.has(piece) !== true) return;
    for (const peer of told) out.has(peer, number, piece);
    this.#serve.step(now, { type: 'news' }, out);
  }

  #fileClosed(now: Millis, event: Extract<SwarmEvent, { type: 'file-closed' }>, out: PeerSink): void {
    this.#swarm.step(now, event, out);
    if (this.#contents.get(event.file) === undefined) this.#leave(event.file, out);
  }

  #drop(number: ContentNumber, out: PeerSink): void {
    const content = this.#contents.get(number);
    if (content === undefined) return;
    content.isKept = false;
    if (this.#swarm.isOpen(number)) return;
    this.#contents.delete(number);
    this.#leave(number, out);
  }

  #leave(number: ContentNumber, out: PeerSink): void {
    for (const peer of this.#told.get(number) ?? []) out.leave(peer, number);
    this.#told.delete(number);
  }
}
