import type { ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { DownloadNumber, FileNumber, PriorityRank, SwarmEvent, SwarmSink } from '../../core/swarm/events.ts';
import { Contents } from '../../core/swarm/content.ts';
import { SwarmMachine } from '../../core/swarm/swarm-machine.ts';
import type { Link } from '../ports/links.ts';
import type { WriteOutcome } from '../ports/receiver.ts';
import { BufferPool, type PooledBuffer } from './buffer-pool.ts';

/** What the swarm tells of one open file. */
export interface FileListener {
  /** Verifies and stores one piece; the buffer may be reused when the answer comes. */
  write(piece: number, data: Uint8Array, pieceHash: Uint8Array | null): Promise<WriteOutcome>;
  pieceWritten(piece: number, bytes: Bytes, from: DeviceId): void;
  complete(): void;
  /** Nobody who is up has the missing pieces. */
  starved(): void;
  /** A peer does not give it any more. */
  sourceLost(from: DeviceId, reason: RejectReason): void;
  /** A piece arrived damaged. */
  corrupt(piece: number, from: DeviceId, strikes: number): void;
  diskFailed(error: ErrorInfo): void;
}

interface OpenFile {
  readonly listener: FileListener;
  /** The key by which each source knows the file: its root, or a provisional one. */
  readonly keys: Map<number, Uint8Array>;
}

interface Attempt {
  readonly buffer: PooledBuffer;
  readonly peer: number;
  pieceHash: Uint8Array | null;
}

interface Peer {
  readonly number: number;
  readonly link: Link;
}

/** From this rate on a transfer gets bulk connections of its own: control messages then never wait behind blocks. */
const bulkLanes = 1;

/**
 * Runs the swarm machine on real links, buffers, disks and time. One per node; all its calls are synchronous, so the
 * machine sees events in one order.
 */
export class SwarmDriver {
  readonly #machine: SwarmMachine;
  readonly #pool: BufferPool;
  readonly #now: () => Millis;
  readonly #files = new Map<FileNumber, OpenFile>();
  readonly #peers = new Map<number, Peer>();
  readonly #peerNumbers = new Map<DeviceId, number>();
  readonly #attempts = new Map<number, Attempt>();
  /** Swarm request → the link's own number for it. */
  readonly #linkRequests = new Map<number, number>();
  #nextPeer = 1;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Millis = Infinity;
  #closed = false;

  constructor(options: { receiveBudgetBytes: Bytes; requestWindowBytes: Bytes; now: () => Millis }) {
    this.#machine = new SwarmMachine({ limits: options, contents: new Contents(), random: Math.random, delivered: () => undefined });
    this.#pool = new BufferPool(options.receiveBudgetBytes);
    this.#now = options.now;
  }

  linkUp(link: Link): void {
    this.linkDown(link.remote.id);
    const number = this.#nextPeer++;
    this.#peers.set(number, { number, link });
    this.#peerNumbers.set(link.remote.id, number);
    this.#step({ type: 'peer-up', peer: number, latencyMs: link.latencyMs ?? 1 });
  }

  linkDown(id: DeviceId): void {
    const number = this.#peerNumbers.get(id);
    if (number === undefined) return;
    this.#peers.delete(number);
    this.#peerNumbers.delete(id);
    for (const file of this.#files.values()) file.keys.delete(number);
    this.#step({ type: 'peer-down', peer: number });
  }

  addDownload(download: DownloadNumber, priority: PriorityRank): void {
    this.#step({ type: 'download-added', download, priority });
  }

  setPriority(download: DownloadNumber, priority: PriorityRank): void {
    this.#step({ type: 'download-priority', download, priority });
  }

  removeDownload(download: DownloadNumber): void {
    this.#step({ type: 'download-removed', download });
  }

  openFile(download: DownloadNumber, file: FileNumber, about: { bytes: Bytes; pieceBytes: Bytes; have: Uint8Array | null }, listener: FileListener): void {
    this.#files.set(file, { listener, keys: new Map() });
    this.#step({ type: 'file-opened', download, file, ...about });
  }

  closeFile(file: FileNumber): void {
    this.#step({ type: 'file-closed', file });
    this.#files.delete(file);
  }

  piecesMissing(file: FileNumber, pieces: readonly number[]): void {
    this.#step({ type: 'pieces-missing', file, pieces });
  }

  addSource(file: FileNumber, id: DeviceId, key: Uint8Array): void {
    const peer = this.#peerNumbers.get(id);
    const open = this.#files.get(file);
    if (peer === undefined || open === undefined) return;
    open.keys.set(peer, key);
    this.#step({ type: 'source-added', file, peer, pieces: 'all' });
  }

  setRateLimit(bytesPerSecond: number | null): void {
    this.#step({ type: 'rate-limit', bytesPerSecond });
  }

  /** Pieces of a file that are on their way now. */
  arriving(file: FileNumber): IterableIterator<number> {
    return this.#machine.arriving(file);
  }

  /** Bytes/s a device delivers to all downloads together. */
  rateOf(id: DeviceId): number {
    const number = this.#peerNumbers.get(id);
    return number === undefined ? 0 : this.#machine.peerRate(this.#now(), number);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #step(event: SwarmEvent): void {
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

  readonly #sink: SwarmSink = {
    fetchStarted: (fetch, _file, _piece, bytes, peer) => {
      this.#attempts.set(fetch, { buffer: this.#pool.take(bytes), peer, pieceHash: null });
    },
    request: (request, number, fetch, file, piece, begin, length) => {
      const peer = this.#peers.get(number);
      const attempt = this.#attempts.get(fetch);
      const key = this.#files.get(file)?.keys.get(number);
      if (peer === undefined || attempt === undefined || key === undefined) {
        queueMicrotask(() => { this.#step({ type: 'block-refused', request, why: 'gone' }); });
        return;
      }
      peer.link.wantLanes(bulkLanes);
      const linkRequest = peer.link.requestBlock({ key, piece, begin, length }, {
        buffer: attempt.buffer.data.subarray(begin, begin + length),
        done: (pieceHash) => {
          this.#linkRequests.delete(request);
          attempt.pieceHash = pieceHash;
          this.#step({ type: 'block-arrived', request });
        },
        rejected: (reason) => {
          this.#linkRequests.delete(request);
          const gone = reason !== 'busy';
          const listener = this.#files.get(file)?.listener;
          if (gone) this.#files.get(file)?.keys.delete(number);
          this.#step({ type: 'block-refused', request, why: gone ? 'gone' : 'busy' });
          if (gone) listener?.sourceLost(peer.link.remote.id, reason);
        },
        // The link is down: `linkDown` tells the machine.
        lost: () => { this.#linkRequests.delete(request); },
      });
      this.#linkRequests.set(request, linkRequest);
    },
    cancel: (request, number) => {
      const linkRequest = this.#linkRequests.get(request);
      this.#linkRequests.delete(request);
      if (linkRequest !== undefined) this.#peers.get(number)?.link.cancelBlock(linkRequest);
    },
    pieceComplete: (fetch, file, piece, bytes, number) => {
      const attempt = this.#attempts.get(fetch);
      const listener = this.#files.get(file)?.listener;
      const from = this.#peers.get(number)?.link.remote.id;
      if (attempt === undefined || listener === undefined) {
        queueMicrotask(() => { this.#step({ type: 'piece-unwritten', file, piece, fetch }); });
        return;
      }
      void listener.write(piece, attempt.buffer.data, attempt.pieceHash).then((outcome) => {
        switch (outcome.kind) {
          case 'written':
            if (from !== undefined) listener.pieceWritten(piece, bytes, from);
            return this.#step({ type: 'piece-written', file, piece, fetch });
          case 'corrupt':
            return this.#step({ type: 'piece-corrupt', file, piece, fetch });
          case 'error':
            this.#step({ type: 'piece-unwritten', file, piece, fetch });
            return listener.diskFailed(outcome.error);
        }
      });
    },
    fetchEnded: (fetch) => {
      this.#attempts.get(fetch)?.buffer.release();
      this.#attempts.delete(fetch);
    },
    fileComplete: (file) => { this.#files.get(file)?.listener.complete(); },
    peerCorrupt: (number, file, piece, strikes) => {
      const id = this.#peers.get(number)?.link.remote.id;
      if (id !== undefined) this.#files.get(file)?.listener.corrupt(piece, id, strikes);
    },
    fileStarved: (file) => { this.#files.get(file)?.listener.starved(); },
  };
}
