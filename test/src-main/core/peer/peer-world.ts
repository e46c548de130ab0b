import { PeerMachine } from '#main/core/peer/peer-machine.ts';
import type { PeerEvent, PeerSink } from '#main/core/peer/events.ts';
import { defaultServeSettings, type ServeSettings } from '#main/core/serve/events.ts';
import { limits } from '#shared/limits.ts';
import { seeded } from '../swarm/world.ts';

export interface NodeOptions {
  /** Upload capacity of the line, bytes/ms. */
  readonly up: number;
  readonly local?: boolean;
  readonly serving?: Partial<ServeSettings>;
  /** Chance that what it sends of a piece is wrong. */
  readonly corrupt?: number;
  /** Chance that it never answers a request. */
  readonly silent?: number;
  /** Chance that the connection ends instead, as after an answer of the wrong length; there is another one at once. */
  readonly loses?: number;
  /** Says that it has all pieces, and refuses those that it lacks. */
  readonly lies?: boolean;
}

interface Node {
  readonly machine: PeerMachine;
  readonly options: NodeOptions;
  readonly sink: PeerSink;
  /** Blocks waiting for the line, in order. */
  lineFreeAt: number;
  sentBytes: number;
  readonly wants: Map<string, { request: number; fetch: number; bytes: number; piece: number }>;
  completeAt: number | null;
  /** Requests that are waited for, and their attempts. */
  readonly open: Map<number, number>;
  /** Who gave something of each attempt, and whether wrong bytes are kept of it; the last one gives now. */
  readonly given: Map<number, Given[]>;
  /** Of pieces that came wrong from several: who gave wrong bytes. */
  readonly suspects: Map<number, readonly number[]>;
}

interface Given {
  readonly from: number;
  isWrong: boolean;
}

const file = 1;

/**
 * Several peer machines on one made-up network: each has a line of some rate that sends one block after the other, every
 * message takes `latencyMs`. One content, number 1 everywhere.
 */
export class PeerWorld {
  now = 0;
  readonly nodes: Node[] = [];
  readonly banned: { by: number; peer: number }[] = [];
  readonly #bytes: number;
  readonly #pieceBytes: number;
  readonly #latencyMs: number;
  readonly #random: () => number;
  readonly #queue: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(options: { bytes: number; pieceBytes: number; latencyMs: number; seed: number }) {
    this.#bytes = options.bytes;
    this.#pieceBytes = options.pieceBytes;
    this.#latencyMs = options.latencyMs;
    this.#random = seeded(options.seed);
  }

  get pieces(): number {
    return Math.ceil(this.#bytes / this.#pieceBytes);
  }

  add(options: NodeOptions): number {
    const index = this.nodes.length;
    const machine = new PeerMachine({ limits: limits.transfer, serving: { ...defaultServeSettings, ...options.serving }, random: this.#random, arrivals: { moved: () => 0, quietMs: () => 0, kept: () => 0 } });
    this.nodes.push({ machine, options, sink: this.#sinkOf(index), lineFreeAt: 0, sentBytes: 0, wants: new Map(), completeAt: null, open: new Map(), given: new Map(), suspects: new Map() });
    return index;
  }

  step(index: number, event: PeerEvent): void {
    const node = this.#node(index);
    node.machine.step(this.now, event, node.sink);
  }

  link(a: number, b: number): void {
    const local = this.#node(a).options.local === true && this.#node(b).options.local === true;
    this.step(a, { type: 'peer-up', peer: b, latencyMs: 2 * this.#latencyMs, local });
    this.step(b, { type: 'peer-up', peer: a, latencyMs: 2 * this.#latencyMs, local });
  }

  unlink(a: number, b: number): void {
    this.step(a, { type: 'peer-down', peer: b });
    this.step(b, { type: 'peer-down', peer: a });
  }

  seed(index: number): void {
    this.step(index, { type: 'content-kept', content: file, pieces: this.pieces, have: 'all' });
  }

  /** Begins to download from those it is linked to that may have it. */
  leech(index: number, from: readonly number[]): void {
    this.step(index, { type: 'download-added', download: 1, priority: 1 });
    this.step(index, { type: 'file-opened', download: 1, file, bytes: this.#bytes, pieceBytes: this.#pieceBytes, have: null });
    for (const peer of from) this.step(index, { type: 'member-found', content: file, peer });
  }

  run(untilMs: number): void {
    for (let turns = 0; turns < 3_000_000; turns++) {
      this.#queue.sort((x, y) => x.at - y.at || x.order - y.order);
      const next = this.#queue[0];
      let at = next?.at ?? Infinity;
      let waking: number | null = null;
      this.nodes.forEach(({ machine }, index) => {
        const wake = machine.nextWake(this.now);
        if (wake !== null && wake < at) {
          at = wake;
          waking = index;
        }
      });
      if (at > untilMs) return;
      this.now = Math.max(this.now, at);
      if (waking !== null) {
        this.step(waking, { type: 'tick' });
        continue;
      }
      this.#queue.shift();
      next?.run();
    }
    throw new Error('the swarm does not come to rest');
  }

  #node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  #at(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: this.#order++, run });
  }

  #tell(to: number, event: PeerEvent): void {
    this.#at(this.#latencyMs, () => { this.step(to, event); });
  }

  #arrives(me: number, request: number, isWrong: boolean): void {
    const node = this.#node(me);
    const now = node.given.get(node.open.get(request) ?? 0)?.at(-1);
    if (now !== undefined && isWrong) now.isWrong = true;
    node.open.delete(request);
    this.step(me, { type: 'block-arrived', request });
  }

  #verified(me: number, fetch: number, piece: number, given: readonly Given[]): void {
    const { suspects } = this.#node(me);
    const wrong = [...new Set(given.flatMap(({ from, isWrong }) => (isWrong ? [from] : [])))];
    if (wrong.length === 0) {
      for (const peer of suspects.get(piece) ?? []) this.step(me, { type: 'peer-blamed', peer, file, piece });
      suspects.delete(piece);
      return this.step(me, { type: 'piece-written', file, piece, fetch });
    }
    const several = given.some(({ from }) => from !== given[0]?.from);
    if (several) suspects.set(piece, wrong);
    this.step(me, { type: 'piece-corrupt', file, piece, fetch, several });
  }

  #sinkOf(me: number): PeerSink {
    const copied = (pieces: 'all' | Uint8Array): 'all' | Uint8Array => (pieces === 'all' ? 'all' : new Uint8Array(pieces));
    return {
      join: (peer, content, pieces) => { this.#tell(peer, { type: 'joined', content, peer: me, pieces: this.#node(me).options.lies === true ? 'all' : copied(pieces) }); },
      has: (peer, content, piece) => { this.#tell(peer, { type: 'has', content, peer: me, piece }); },
      leave: (peer, content) => { this.#tell(peer, { type: 'left', content, peer: me }); },
      choke: (peer, choked) => { this.#tell(peer, { type: 'choked', peer: me, choked }); },
      request: (request, peer, fetch, content, piece, _begin, length) => {
        this.#node(me).open.set(request, fetch);
        this.#at(this.#latencyMs, () => {
          this.#node(peer).wants.set(`${me}/${request}`, { request, fetch, bytes: length, piece });
          this.step(peer, { type: 'wanted', peer: me, want: request, content, piece, bytes: length });
        });
      },
      cancel: (request, peer) => {
        this.#node(me).open.delete(request);
        this.#tell(peer, { type: 'unwanted', peer: me, want: request });
      },
      refuse: (peer, want, why) => { this.#tell(peer, { type: 'block-refused', request: want, why }); },
      serve: (peer, want) => {
        const node = this.#node(me);
        const wanted = node.wants.get(`${peer}/${want}`);
        if (wanted === undefined) throw new Error('served what nobody wants');
        const { corrupt = 0, silent = 0, loses = 0, lies = false } = node.options;
        if (node.machine.content(file)?.have.has(wanted.piece) !== true) {
          if (!lies) throw new Error('served an unverified piece');
          this.#at(0, () => { this.step(me, { type: 'served', peer, want, bytes: 0 }); });
          return this.#tell(peer, { type: 'block-refused', request: want, why: 'gone' });
        }
        if (silent > 0 && this.#random() < silent) return this.#at(0, () => { this.step(me, { type: 'served', peer, want, bytes: 0 }); });
        if (loses > 0 && this.#random() < loses) {
          this.#at(0, () => { this.step(me, { type: 'served', peer, want, bytes: 0 }); });
          return this.#tell(peer, { type: 'block-lost', request: wanted.request });
        }
        const isWrong = corrupt > 0 && this.#random() < corrupt;
        node.lineFreeAt = Math.max(node.lineFreeAt, this.now) + wanted.bytes / node.options.up;
        node.sentBytes += wanted.bytes;
        this.#at(node.lineFreeAt - this.now, () => {
          this.step(me, { type: 'served', peer, want, bytes: wanted.bytes });
          this.#at(this.#latencyMs, () => { this.#arrives(peer, wanted.request, isWrong); });
        });
      },
      fetchStarted: (fetch, _file, _piece, _bytes, from) => { this.#node(me).given.set(fetch, [{ from, isWrong: false }]); },
      fetchPaused: () => undefined,
      fetchResumed: (fetch, from) => { this.#node(me).given.get(fetch)?.push({ from, isWrong: false }); },
      fetchEnded: (fetch) => { this.#node(me).given.delete(fetch); },
      pieceComplete: (fetch, _content, piece) => {
        const given = this.#node(me).given.get(fetch) ?? [];
        this.#at(1, () => { this.#verified(me, fetch, piece, given); });
      },
      fileComplete: () => {
        this.#node(me).completeAt = this.now;
        this.step(me, { type: 'content-kept', content: file, pieces: this.pieces, have: 'all' });
        this.#at(0, () => { this.step(me, { type: 'file-closed', file }); });
      },
      peerCorrupt: (peer) => { this.banned.push({ by: me, peer }); },
      fileStarved: () => undefined,
    };
  }
}
