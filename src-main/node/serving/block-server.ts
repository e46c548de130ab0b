import { contentIdOf, toHex, type ContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { BlockRequest, RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes } from '#shared/units.ts';
import { pieceBytesFor, pieceCount, pieceLength } from '../../core/content/piece-size.ts';
import { RequestRate } from '../../core/swarm/request-rate.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import { OpenFiles } from './open-files.ts';
import { ProvisionalFiles, type ProvisionalFile } from './provisional-files.ts';
import { blocksAtOnce, blockWeight, ReadBuffers } from './read-buffers.ts';

const filesRemembered = 4096;

interface Wanted {
  readonly link: Link;
  readonly lane: number;
  readonly request: BlockRequest;
  cancelled: boolean;
}

export interface BlockServerPorts {
  readonly hasher: Hasher;
  readonly now: () => number;
  /** The file with this root that the device may read now, else null: asked anew for every file a link fetches. */
  findFile(link: Link, id: ContentId): Promise<FileRef | null>;
  /** A file was not what it should be when it was read. */
  changed(file: FileRef): void;
  /** A root that became known by sending. */
  learned(file: FileRef, contentId: ContentId, layer: Uint8Array): void;
  /** Bytes of a file have gone out to a device. */
  sent(link: Link, file: FileRef, bytes: Bytes): void;
}

/**
 * Answers block requests: reads the block into a reused buffer and hands it to the link. At most `blocksAtOnce` are in
 * work; the rest wait their turn, one queue a link, served in rotation, so that no device waits for another's queue.
 */
export class BlockServer {
  readonly provisional = new ProvisionalFiles();
  readonly #ports: BlockServerPorts;
  readonly #files: OpenFiles;
  readonly #buffers = new ReadBuffers();
  readonly #queues = new Map<Link, Wanted[]>();
  readonly #rate = new RequestRate();
  /** What a link may read, by key; forgotten when access rules change. */
  readonly #allowed = new Map<Link, Map<string, Promise<FileRef | null>>>();
  readonly #hashing = new Map<string, Promise<Uint8Array | null>>();
  #busy = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: BlockServerPorts) {
    this.#ports = ports;
    this.#files = new OpenFiles(ports.hasher, ports.now);
  }

  wanted(link: Link, lane: number, request: BlockRequest): void {
    const queue = this.#queues.get(link) ?? [];
    if (queue.length >= limits.transfer.requestsInFlightPerPeer * 2) return link.rejectBlock(lane, request.requestId, 'busy');
    queue.push({ link, lane, request, cancelled: false });
    this.#queues.set(link, queue);
    this.#pump();
  }

  cancelled(link: Link, lane: number, requestId: number): void {
    for (const wanted of this.#queues.get(link) ?? []) if (wanted.lane === lane && wanted.request.requestId === requestId) wanted.cancelled = true;
  }

  /** The root of a file that was opened without one: null while its bytes are still being hashed. */
  rootOf(link: Link, key: string): ContentId | null {
    const provisional = this.provisional.find(link, key);
    if (provisional === undefined) return null;
    if (provisional.contentId === null && !this.#hashing.has(key)) this.#hashing.set(key, this.#hashWhole(provisional));
    return provisional.contentId;
  }

  linkDown(link: Link): void {
    this.#queues.delete(link);
    this.#allowed.delete(link);
  }

  /** Shares, audiences or trust changed: every right is looked up again. */
  forgetRights(): void {
    this.#allowed.clear();
  }

  setRateLimit(bytesPerSecond: number | null): void {
    this.#rate.set(this.#ports.now(), bytesPerSecond);
    this.#pump();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queues.clear();
    await this.#files.close();
  }

  #pump(): void {
    while (this.#busy < blocksAtOnce) {
      const next = this.#next();
      if (next === null) return;
      const weight = blockWeight(next.request.length);
      this.#busy += weight;
      void this.#serve(next).finally(() => {
        this.#busy -= weight;
        this.#pump();
      });
    }
  }

  /** The first request of the link whose turn it is; that link then goes to the end of the rotation. */
  #next(): Wanted | null {
    const now = this.#ports.now();
    for (const [link, queue] of this.#queues) {
      const at = this.#rate.nextAt(now);
      if (at !== null) return this.#waitUntil(at - now);
      const wanted = queue.shift();
      this.#queues.delete(link);
      if (queue.length > 0) this.#queues.set(link, queue);
      if (wanted === undefined || wanted.cancelled || link.isClosed) return this.#next();
      this.#rate.pay(wanted.request.length);
      return wanted;
    }
    return null;
  }

  #waitUntil(ms: number): null {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, Math.max(1, ms));
    return null;
  }

  async #serve({ link, lane, request }: Wanted): Promise<void> {
    const key = toHex(request.key);
    const provisional = this.provisional.find(link, key);
    const file = provisional?.file ?? (await this.#mayRead(link, key));
    const refused = file === null ? 'gone' : refusal(file, request);
    if (file === null || refused !== null) return link.rejectBlock(lane, request.requestId, refused ?? 'gone');
    const pieceHash = provisional === undefined ? null : await this.#hashOf(provisional, request.piece);
    if (provisional !== undefined && pieceHash === null) return link.rejectBlock(lane, request.requestId, 'changed');
    const buffer = this.#buffers.take(request.length);
    const position = request.piece * pieceBytesFor(file.bytes) + request.begin;
    if (!(await this.#files.read(file, position, buffer.data))) {
      this.#allowed.get(link)?.delete(key);
      this.#ports.changed(file);
      return link.rejectBlock(lane, request.requestId, 'changed');
    }
    // A buffer whose bytes may still be on their way is not reused; when the send fails it is left to the collector.
    const left = await link.sendBlock(lane, request.requestId, buffer.data, pieceHash).then(() => true, () => false);
    if (!left) return;
    buffer.release();
    this.#ports.sent(link, file, request.length);
  }

  #mayRead(link: Link, key: string): Promise<FileRef | null> {
    const allowed = this.#allowed.get(link) ?? new Map<string, Promise<FileRef | null>>();
    this.#allowed.set(link, allowed);
    const known = allowed.get(key);
    if (known !== undefined) return known;
    const found = this.#ports.findFile(link, contentIdOf(Buffer.from(key, 'hex'))).catch(() => null);
    allowed.set(key, found);
    // A no is looked up again the next time: the file may only have been away for a moment.
    void found.then((file) => { if (file === null && allowed.get(key) === found) allowed.delete(key); });
    for (const oldest of allowed.keys()) {
      if (allowed.size <= filesRemembered) break;
      allowed.delete(oldest);
    }
    return found;
  }

  /** Hash of a piece of a file that has no root yet; read and hashed once, whoever asks. Null when the file has changed. */
  async #hashOf(provisional: ProvisionalFile, piece: number): Promise<Uint8Array | null> {
    const known = provisional.pieceHash(piece);
    if (known !== null) return known;
    const key = `${provisional.key}/${piece}`;
    const hashing = this.#hashing.get(key) ?? this.#hash(provisional, piece).finally(() => this.#hashing.delete(key));
    this.#hashing.set(key, hashing);
    return hashing;
  }

  /** The device fetched some of the pieces in an earlier session: what was not sent now is read once more. */
  async #hashWhole(provisional: ProvisionalFile): Promise<Uint8Array | null> {
    const { file, key } = provisional;
    try {
      const { root, layer, version } = await this.#ports.hasher.hashFile(file.diskPath);
      if (version !== file.version) return null;
      provisional.learnWhole(contentIdOf(root), layer);
      this.#ports.learned(file, contentIdOf(root), layer);
      return root;
    } catch {
      // Gone or changed: the next block asked for says so.
      return null;
    } finally {
      this.#hashing.delete(key);
    }
  }

  async #hash(provisional: ProvisionalFile, piece: number): Promise<Uint8Array | null> {
    const { file, pieceBytes } = provisional;
    const data = new Uint8Array(new SharedArrayBuffer(pieceLength(file.bytes, pieceBytes, piece)));
    if (!(await this.#files.read(file, piece * pieceBytes, data))) return null;
    const hash = await this.#ports.hasher.hashPiece(data, pieceBytes, provisional.isWholePiece);
    const complete = provisional.learn(piece, hash);
    if (complete !== null) this.#ports.learned(file, complete.contentId, complete.layer);
    return hash;
  }
}

function refusal(file: FileRef, { piece, begin, length }: BlockRequest): RejectReason | null {
  const pieceBytes = pieceBytesFor(file.bytes);
  if (piece >= pieceCount(file.bytes, pieceBytes) || length === 0 || length > limits.link.bulkPayloadBytes) return 'error';
  return begin + length > pieceLength(file.bytes, pieceBytes, piece) ? 'error' : null;
}
