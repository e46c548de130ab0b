import { Contents } from '#main/core/swarm/content.ts';
import type { SwarmLimits } from '#main/core/swarm/options.ts';
import { SwarmMachine } from '#main/core/swarm/swarm-machine.ts';
import { limits as defaults } from '#shared/limits.ts';
import { KiB, MiB } from '#shared/units.ts';
import type { SwarmEvent, SwarmSink } from '#main/core/swarm/events.ts';

export interface PeerBehaviour {
  readonly bytesPerMs: number;
  readonly latencyMs: number;
  /** Chance in 0…1, by kind of fault, for each block or piece. */
  readonly corrupt?: number;
  readonly silent?: number;
  readonly refuse?: number;
  /** What of a block travels: less than 1 when it comes compressed. */
  readonly wireShare?: number;
}

/** Bytes of a piece in its buffer. */
interface Part {
  readonly begin: number;
  readonly end: number;
  readonly peer: number;
  readonly isWrong: boolean;
}

interface Buffer {
  readonly bytes: number;
  peer: number;
  parts: readonly Part[];
}

/** A block on its way: its bytes come evenly. */
interface Underway extends Part {
  readonly fetch: number;
  readonly beginsAt: number;
  readonly arrivesAt: number;
}

interface Peer extends PeerBehaviour {
  busyUntil: number;
  /** From then on it sends nothing, also of what it has begun. */
  stoppedAt: number;
}

/**
 * A swarm machine in a world of virtual time: peers with a rate, a latency and faults, and a disk that needs a while. It
 * keeps its own books of buffers, so that it can tell when the machine breaks its promises.
 */
export class SwarmWorld {
  readonly machine: SwarmMachine;
  now = 0;
  readonly complete = new Set<number>();
  /** When the last file was complete. */
  completeAt = 0;
  readonly starved: number[] = [];
  readonly requests: { request: number; peer: number; file: number; piece: number; begin: number; length: number; at: number }[] = [];
  readonly strikes = new Map<number, number>();
  readonly written = new Map<string, number>();
  maxBuffered = 0;
  /** The disk takes pieces and gives no answer. */
  isDiskStuck = false;
  /** How long the disk takes for a piece. */
  diskMs = 1;
  readonly #random: () => number;
  readonly #peers = new Map<number, Peer>();
  readonly #buffers = new Map<number, Buffer>();
  readonly #underway = new Map<number, Underway>();
  /** What came wrong from several, by piece. */
  readonly #suspects = new Map<string, readonly Part[]>();
  readonly #cancelled = new Set<number>();
  readonly #queue: { at: number; order: number; event: () => SwarmEvent | null }[] = [];
  #order = 0;

  constructor(random: () => number, limits?: SwarmLimits) {
    this.#random = random;
    this.machine = new SwarmMachine({ limits: limits ?? defaults.transfer, contents: new Contents(), random, deliveries: { received: () => undefined }, arrivals: { moved: (request) => this.#movedOf(request), quietMs: (request) => this.#quietOf(request), kept: (request) => this.#keptOf(request) } });
  }

  addPeer(number: number, behaviour: PeerBehaviour): void {
    this.#peers.set(number, { ...behaviour, busyUntil: 0, stoppedAt: Infinity });
    this.step({ type: 'peer-up', peer: number, latencyMs: behaviour.latencyMs });
  }

  /** From now on it behaves differently. */
  setBehaviour(number: number, behaviour: Partial<PeerBehaviour>): void {
    Object.assign(this.#peers.get(number) ?? {}, behaviour);
  }

  /** It falls silent, in the middle of a block. */
  stopPeer(number: number): void {
    const peer = this.#peers.get(number);
    if (peer !== undefined) peer.stoppedAt = this.now;
  }

  dropPeer(number: number): void {
    this.#peers.delete(number);
    this.step({ type: 'peer-down', peer: number });
  }

  step(event: SwarmEvent): void {
    this.machine.step(this.now, event, this.#sink);
  }

  /** Runs until nothing is left to happen or `untilMs` has come. */
  run(untilMs?: number): void {
    for (let steps = 0; ; steps++) {
      if (steps > 100_000) throw new Error('the machine does not come to rest');
      this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#queue[0];
      const wake = this.machine.nextWake(this.now);
      const at = Math.min(next?.at ?? Infinity, wake ?? Infinity);
      if (at > (untilMs ?? 3_600_000)) {
        this.now = Math.max(this.now, untilMs ?? 0);
        return;
      }
      if (next !== undefined && next.at <= at) {
        this.#queue.shift();
        this.now = Math.max(this.now, next.at);
        const event = next.event();
        if (event !== null) this.step(event);
      } else {
        this.now = Math.max(this.now, at);
        this.step({ type: 'tick' });
      }
    }
  }

  get buffered(): number {
    let bytes = 0;
    for (const buffer of this.#buffers.values()) bytes += buffer.bytes;
    return bytes;
  }

  /** What has come by now of a block that is on its way. */
  #movedOf(request: number): number {
    const block = this.#underway.get(request);
    if (block === undefined) return 0;
    const now = Math.min(this.now, this.#peers.get(block.peer)?.stoppedAt ?? Infinity);
    const share = (now - block.beginsAt) / (block.arrivesAt - block.beginsAt);
    return Math.floor((block.end - block.begin) * Math.min(0.999, Math.max(0, share)));
  }

  #quietOf(request: number): number {
    const stoppedAt = this.#peers.get(this.#underway.get(request)?.peer ?? -1)?.stoppedAt ?? Infinity;
    return Math.max(0, this.now - stoppedAt);
  }

  /** From now on that part of the block lies in its buffer. */
  #keptOf(request: number): number {
    const block = this.#underway.get(request);
    const bytes = this.#movedOf(request);
    if (block !== undefined && bytes > 0) this.#fill(block.fetch, { ...block, end: block.begin + bytes });
    return bytes;
  }

  #fill(fetch: number, part: Part): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer !== undefined) buffer.parts = [...buffer.parts, part];
  }

  /** The first bytes of a buffer, which must all be there. */
  #firstOf(fetch: number, bytes: number): readonly Part[] {
    const parts = (this.#buffers.get(fetch)?.parts ?? []).filter(({ begin }) => begin < bytes).toSorted((a, b) => a.begin - b.begin);
    let to = 0;
    for (const { begin, end } of parts) if (begin <= to) to = Math.max(to, end);
    if (to < bytes) throw new Error(`${bytes} bytes are taken to be there, and ${to} are`);
    return parts.map((part) => ({ ...part, end: Math.min(part.end, bytes) }));
  }

  #at(delayMs: number, event: () => SwarmEvent | null): void {
    this.#queue.push({ at: this.now + delayMs, order: this.#order++, event });
  }

  #chance(probability: number | undefined): boolean {
    return probability !== undefined && this.#random() < probability;
  }

  readonly #sink: SwarmSink = {
    fetchStarted: (fetch, _file, _piece, bytes, peer) => {
      if (this.#buffers.has(fetch)) throw new Error('a fetch started twice');
      this.#buffers.set(fetch, { bytes, peer, parts: [] });
      this.maxBuffered = Math.max(this.maxBuffered, this.buffered);
    },
    fetchEnded: (fetch) => {
      if (!this.#buffers.delete(fetch)) throw new Error('a fetch ended twice');
    },
    fetchPaused: (fetch, bytes) => {
      const buffer = this.#buffers.get(fetch);
      if (buffer === undefined || bytes % (16 * KiB) !== 0 || bytes <= 0 || bytes >= buffer.bytes) throw new Error(`kept ${bytes} bytes`);
      buffer.parts = this.#firstOf(fetch, bytes);
    },
    fetchResumed: (fetch, peer) => {
      const buffer = this.#buffers.get(fetch);
      if (buffer === undefined) throw new Error('a fetch goes on that was not there');
      buffer.peer = peer;
    },
    request: (request, number, fetch, file, piece, begin, length) => {
      if (!Number.isInteger(begin) || !Number.isInteger(length) || length <= 0) throw new Error(`asked for ${length} bytes at ${begin}`);
      this.requests.push({ request, peer: number, file, piece, begin, length, at: this.now });
      const peer = this.#peers.get(number);
      if (peer === undefined) throw new Error('asked a peer that is down');
      if (this.#buffers.get(fetch)?.peer !== number) throw new Error('asked somebody else than the one whose fetch it is');
      if (this.#chance(peer.silent)) return;
      const refuse = this.#chance(peer.refuse);
      const corrupt = this.#chance(peer.corrupt);
      const sentFrom = Math.max(peer.busyUntil, this.now);
      peer.busyUntil = sentFrom + length / peer.bytesPerMs;
      const block = { begin, end: begin + length, peer: number, isWrong: corrupt, fetch, beginsAt: sentFrom + peer.latencyMs, arrivesAt: peer.busyUntil + peer.latencyMs };
      if (!refuse) this.#underway.set(request, block);
      this.#at(peer.busyUntil - this.now + peer.latencyMs, () => {
        if (this.now >= peer.stoppedAt) return null;
        this.#underway.delete(request);
        if (this.#cancelled.has(request) || this.#peers.get(number) !== peer) return null;
        if (refuse) return { type: 'block-refused', request, why: 'busy' };
        this.#fill(fetch, block);
        return { type: 'block-arrived', request, ...(peer.wireShare === undefined ? {} : { wireBytes: peer.wireShare * length }) };
      });
    },
    cancel: (request) => {
      this.#cancelled.add(request);
      this.#underway.delete(request);
    },
    pieceComplete: (fetch, file, piece) => {
      if (this.isDiskStuck) return;
      const key = `${file}/${piece}`;
      const parts = this.#firstOf(fetch, this.#buffers.get(fetch)?.bytes ?? 0);
      const several = new Set(parts.map(({ peer }) => peer)).size > 1;
      this.#at(this.diskMs, () => {
        if (parts.some(({ isWrong }) => isWrong)) {
          if (several) this.#suspects.set(key, parts);
          return { type: 'piece-corrupt', file, piece, fetch, several };
        }
        this.written.set(key, (this.written.get(key) ?? 0) + 1);
        const wrong = new Set((this.#suspects.get(key) ?? []).flatMap(({ isWrong, peer }) => (isWrong ? [peer] : [])));
        for (const peer of wrong) this.#at(0, () => ({ type: 'peer-blamed', peer, file, piece }));
        this.#suspects.delete(key);
        return { type: 'piece-written', file, piece, fetch };
      });
    },
    fileComplete: (file) => {
      if (this.complete.has(file)) throw new Error('a file completed twice');
      this.complete.add(file);
      this.completeAt = this.now;
    },
    peerCorrupt: (peer, _file, _piece, strikes) => { this.strikes.set(peer, strikes); },
    fileStarved: (file) => { this.starved.push(file); },
  };
}

/** Small seeded generator (mulberry32): enough to choose faults. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const lan = { bytesPerMs: 100 * KiB, latencyMs: 1 };

/** One download with files of so many 1 MiB pieces, all of them at all peers. */
export function fetchingWorld(files: number[], peers: Record<number, Parameters<SwarmWorld['addPeer']>[1]>, seed = 1): SwarmWorld {
  const made = new SwarmWorld(seeded(seed));
  for (const [number, behaviour] of Object.entries(peers)) made.addPeer(Number(number), behaviour);
  made.step({ type: 'download-added', download: 1, priority: 1 });
  files.forEach((pieces, index) => {
    made.step({ type: 'file-opened', download: 1, file: index + 1, bytes: pieces * MiB - 5, pieceBytes: MiB, have: null });
    for (const peer of Object.keys(peers)) made.step({ type: 'source-added', file: index + 1, peer: Number(peer), pieces: 'all' });
  });
  return made;
}
