import type { DeviceId } from '#shared/ids.ts';
import type { RejectReason } from '#shared/protocol/hot-frames.ts';
import { encodePace, plainOnly } from '#shared/protocol/pace.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { SwarmEvent } from '../../core/swarm/events.ts';
import type { FileNumber, PeerNumber, RequestNumber } from '../../core/swarm/numbers.ts';
import type { Arrivals } from '../../core/swarm/options.ts';
import type { Link } from '../ports/links.ts';
import type { ArrivingPieces } from './arriving-pieces.ts';
import { AskedBlock, type BlockAnswers, type BlockPlace } from './asked-block.ts';
import type { FetchedFile } from './fetched-file.ts';
import type { LinkedPeers } from './linked-peers.ts';

/** Whoever is asked for blocks gets a bulk connection: control messages then never wait behind them. */
const bulkLanes = 1;

/** What the driver of the swarm knows. */
export interface AskedBlocksPorts {
  readonly peers: LinkedPeers;
  readonly files: ReadonlyMap<FileNumber, FetchedFile>;
  readonly arriving: ArrivingPieces;
  /** Whether blocks may come compressed; asked for every request. */
  readonly takesCompressed: () => boolean;
  /** The strictest limit of ours on what comes from a device, bytes/s. */
  limitOf(id: DeviceId): number;
  step(event: Extract<SwarmEvent, { type: 'block-arrived' | 'block-refused' | 'block-lost' }>): void;
}

/** Blocks that are asked for and on their way, and what becomes of them. */
export class AskedBlocks implements Arrivals, BlockAnswers {
  readonly #ports: AskedBlocksPorts;
  readonly #blocks = new Map<RequestNumber, AskedBlock>();

  constructor(ports: AskedBlocksPorts) {
    this.#ports = ports;
  }

  ask(fetch: number, place: BlockPlace): void {
    const { peers, files, arriving, step } = this.#ports;
    const { request, file, piece, begin, length } = place;
    const link = peers.get(place.peer)?.link;
    const attempt = arriving.get(fetch);
    const key = files.get(file)?.keys.get(place.peer);
    if (link === undefined || attempt === undefined || key === undefined) {
      queueMicrotask(() => { step({ type: 'block-refused', request, why: 'gone' }); });
      return;
    }
    link.wantLanes(bulkLanes);
    const block = new AskedBlock(this, link, attempt, place);
    this.#blocks.set(request, block);
    block.linkRequest = link.requestBlock({ key, piece, begin, length, pace: this.#paceOf(link) }, block);
  }

  cancel(request: RequestNumber): void {
    this.#blocks.get(request)?.cancel();
    this.#blocks.delete(request);
  }

  /** The link of this peer is down. */
  cancelOf(peer: PeerNumber): void {
    for (const [request, block] of this.#blocks) if (block.peer === peer) this.cancel(request);
  }

  moved(request: RequestNumber): Bytes {
    return this.#blocks.get(request)?.progress.moved ?? 0;
  }

  quietMs(request: RequestNumber): Millis {
    return this.#blocks.get(request)?.progress.quietMs ?? 0;
  }

  kept(request: RequestNumber): Bytes {
    return this.#blocks.get(request)?.progress.kept ?? 0;
  }

  arrived({ request, file, buffer: { length } }: AskedBlock, wireBytes: Bytes): void {
    this.#blocks.delete(request);
    if (wireBytes < length) this.#ports.files.get(file)?.listener.saved(length - wireBytes);
    this.#ports.step({ type: 'block-arrived', request, wireBytes });
  }

  rejected({ request, file: number, peer }: AskedBlock, reason: RejectReason): void {
    this.#blocks.delete(request);
    const gone = reason === 'gone' || reason === 'changed' || reason === 'error';
    const file = this.#ports.files.get(number);
    const from = this.#ports.peers.idOf(peer);
    if (gone) file?.keys.delete(peer);
    this.#ports.step({ type: 'block-refused', request, why: gone ? 'gone' : reason });
    if (gone && from !== undefined) file?.listener.sourceLost(from, reason);
  }

  lost({ request }: AskedBlock): void {
    // With the whole link down the peer is gone when this comes; else only one of its connections has ended.
    queueMicrotask(() => {
      this.#ports.step({ type: 'block-lost', request });
      this.#blocks.delete(request);
    });
  }

  /** How slowly bytes come from there, for whatever reason; with that the other end decides whether to compress. */
  #paceOf(link: Link): number {
    if (!link.knowsCompression || !this.#ports.takesCompressed()) return plainOnly;
    const slowest = Math.min(this.#ports.limitOf(link.remote.id), link.arrivalRate ?? Infinity);
    return encodePace(slowest === Infinity ? null : slowest);
  }
}
