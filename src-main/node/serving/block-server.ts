import { contentIdOf, toHex, type ContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { isBatch, type BlockRequest, type RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Bytes } from '#shared/units.ts';
import { hashBytes } from '../../core/content/merkle.ts';
import { pieceBytesFor, pieceCount, pieceLength } from '../../core/content/piece-size.ts';
import type { ServeRefusal, WantNumber } from '../../core/serve/events.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';
import type { PooledBuffer } from '../swarm/buffer-pool.ts';
import type { SwarmDriver } from '../swarm/swarm-driver.ts';
import type { BlockSender } from '../swarm/swarm-ports.ts';
import type { PartialFile } from '../transfers/passing-on/shared-downloads.ts';
import { partsOf, type BlockPart } from './batch-parts.ts';
import type { BlockCompressor } from './block-compressor.ts';
import { OpenFiles } from './open-files.ts';
import { PieceHashes } from './piece-hashes.ts';
import { ProvisionalFiles, type ProvisionalFile } from './provisional-files.ts';
import { ReadBuffers } from './read-buffers.ts';

const filesRemembered = 4096;

interface Wanted {
  readonly link: Link;
  readonly lane: number;
  readonly request: BlockRequest;
  /** The request's key in hex; empty for a batch. */
  readonly key: string;
  /** It is being read or sent. */
  underway: boolean;
}

/** Decides when which block goes out. */
export type Turns = Pick<SwarmDriver, 'wanted' | 'unwanted' | 'served'>;

export interface BlockServerPorts {
  readonly hasher: Hasher;
  readonly turns: Turns;
  readonly outgoing: Outgoing;
  readonly compressor: Pick<BlockCompressor, 'compress'>;
  readonly now: () => number;
  /** The file with this root that the device may read now, else null: asked anew for every file a link fetches. */
  findFile(link: Link, id: ContentId): Promise<FileRef | PartialFile | null>;
  /** A file was not what it should be when it was read. */
  changed(file: FileRef): void;
  /** A root that became known by sending. */
  learned(file: FileRef, contentId: ContentId, layer: Uint8Array): void;
  /** Bytes of a file have gone out to a device, as so many on the wire. */
  sent(link: Link, file: FileRef, bytes: Bytes, wireBytes: Bytes): void;
}

/**
 * Answers block requests: the swarm decides whose turn it is; this reads the block into a reused buffer and hands it to
 * the link.
 */
export class BlockServer implements BlockSender {
  readonly provisional = new ProvisionalFiles();
  readonly #ports: BlockServerPorts;
  readonly #files: OpenFiles;
  readonly #pieceHashes: PieceHashes;
  readonly #buffers = new ReadBuffers();
  /** Blocks that wait for their turn or are on their way out, and their numbers by link, lane and the link's own number. */
  readonly #wanted = new Map<WantNumber, Wanted>();
  readonly #numbers = new Map<Link, Map<number, WantNumber>>();
  /** What a link may read, by key; forgotten when access rules change. */
  readonly #allowed = new Map<Link, Map<string, Promise<FileRef | PartialFile | null>>>();
  readonly #hashing = new Map<string, Promise<Uint8Array | null>>();
  #nextWant = 1;
  #reading = 0;

  constructor(ports: BlockServerPorts) {
    this.#ports = ports;
    this.#files = new OpenFiles(ports.hasher, ports.now);
    this.#pieceHashes = new PieceHashes(ports.hasher, (file, position, into) => this.#files.read(file, position, into));
  }

  wanted(link: Link, lane: number, request: BlockRequest): void {
    const want = this.#nextWant++;
    const key = isBatch(request) ? '' : toHex(request.key);
    this.#wanted.set(want, { link, lane, request, key, underway: false });
    const numbers = this.#numbers.get(link) ?? new Map<number, WantNumber>();
    this.#numbers.set(link, numbers.set(onLink(lane, request.requestId), want));
    if (this.#ports.turns.wanted(link, want, key, request.piece, request.length)) return;
    this.#forget(want);
    link.rejectBlock(lane, request.requestId, 'busy');
  }

  cancelled(link: Link, lane: number, requestId: number): void {
    const want = this.#numbers.get(link)?.get(onLink(lane, requestId));
    if (want === undefined) return;
    this.#ports.turns.unwanted(link, want);
    if (this.#wanted.get(want)?.underway === false) this.#forget(want);
  }

  serve(want: WantNumber): void {
    const wanted = this.#wanted.get(want);
    if (wanted === undefined) return;
    wanted.underway = true;
    void this.#serveTurn(want, wanted);
  }

  async #serveTurn(want: WantNumber, wanted: Wanted): Promise<void> {
    let sent = 0;
    try {
      sent = await (isBatch(wanted.request) ? this.#serveBatch(wanted) : this.#serve(wanted));
    } catch {
      // The thread that hashes died, say: it may work the next time, here or elsewhere.
      reject(wanted, 'error');
    } finally {
      this.#forget(want);
      this.#ports.turns.served(wanted.link, want, sent);
    }
  }

  refuse(want: WantNumber, why: ServeRefusal): void {
    const wanted = this.#wanted.get(want);
    if (wanted === undefined) return;
    this.#forget(want);
    wanted.link.rejectBlock(wanted.lane, wanted.request.requestId, why);
  }

  async piecesFor(link: Link, key: string): ReturnType<BlockSender['piecesFor']> {
    if (this.provisional.find(link, key) !== undefined) return null;
    const file = await this.#mayRead(link, key);
    return file === null ? null : { count: pieceCount(file.bytes, pieceBytesFor(file.bytes)), here: 'verified' in file ? file.verified.bits : 'all' };
  }

  /** Blocks that are being read from the disk now. */
  get reading(): number {
    return this.#reading;
  }

  /** The root of a file that was opened without one: null while its bytes are still being hashed. */
  async rootOf(link: Link, key: string): Promise<ContentId | null> {
    const provisional = this.provisional.find(link, key)?.file;
    if (provisional === undefined || (await this.#mayRead(link, key)) === null) return null;
    if (provisional.contentId === null && !this.#hashing.has(key)) this.#hashing.set(key, this.#hashWhole(provisional));
    return provisional.contentId;
  }

  /** Piece hashes of a file that got its root by being sent to this link. */
  async layerOf(link: Link, id: ContentId): Promise<Uint8Array | null> {
    const provisional = this.provisional.withRoot(link, id);
    return provisional === null || (await this.#mayRead(link, provisional.key)) === null ? null : provisional.layer;
  }

  linkDown(link: Link): void {
    for (const want of this.#numbers.get(link)?.values() ?? []) this.#wanted.delete(want);
    this.#numbers.delete(link);
    this.#allowed.delete(link);
  }

  /** Shares, audiences or trust changed: every right is looked up again. */
  forgetRights(): void {
    this.#allowed.clear();
  }

  async close(): Promise<void> {
    this.#wanted.clear();
    await this.#files.close();
  }

  #forget(want: WantNumber): void {
    const wanted = this.#wanted.get(want);
    if (wanted === undefined) return;
    this.#wanted.delete(want);
    this.#numbers.get(wanted.link)?.delete(onLink(wanted.lane, wanted.request.requestId));
  }

  async #read(file: FileRef | PartialFile, position: number, into: Uint8Array<SharedArrayBuffer>): Promise<boolean> {
    this.#reading++;
    try {
      return await this.#files.read(file, position, into);
    } finally {
      this.#reading--;
    }
  }

  /** Resolves with the bytes that went out, compressed ones as they travel. */
  async #serve(wanted: Wanted): Promise<Bytes> {
    const { link, request, key } = wanted;
    const provisional = this.provisional.find(link, key)?.file;
    const file = await this.#mayRead(link, key);
    const refused = file === null ? 'gone' : refusal(file, request);
    if (file === null || refused !== null) return reject(wanted, refused ?? 'gone');
    const pieceHash = provisional === undefined ? null : await this.#hashOf(provisional, request.piece);
    if (provisional !== undefined && pieceHash === null) return reject(wanted, 'changed');
    const buffer = this.#buffers.take(request.length);
    const position = request.piece * pieceBytesFor(file.bytes) + request.begin;
    if (!(await this.#read(file, position, buffer.data))) {
      this.#allowed.get(link)?.delete(key);
      // What was being fetched has been given its name meanwhile: it is the same content at another place.
      const moved = provisional === undefined && 'verified' in file ? await this.#mayRead(link, key) : null;
      if (moved === null || moved.diskPath === file.diskPath || !(await this.#read(moved, position, buffer.data))) {
        buffer.release();
        this.#ports.changed(file);
        return reject(wanted, 'changed');
      }
    }
    return this.#send(wanted, [{ file, position, bytes: request.length }], buffer, pieceHash);
  }

  /** Small files as one block; one that is not what it should be, and none is sent: whoever asked asks for each by itself. */
  async #serveBatch(wanted: Wanted): Promise<Bytes> {
    const { link, request } = wanted;
    const files = await this.#filesOf(link, request.key);
    const parts = files === null ? null : partsOf(files, request);
    if (parts === null) return reject(wanted, files === null ? 'gone' : 'error');
    const buffer = this.#buffers.take(request.length);
    this.#reading++;
    const changed = await this.#files.readParts(parts, buffer.data).finally(() => { this.#reading--; });
    if (changed.length === 0) return this.#send(wanted, parts, buffer, null);
    buffer.release();
    for (const file of changed) this.#ports.changed(file);
    return reject(wanted, 'changed');
  }

  /** Resolves with the bytes that went out, or may have, when the buffer is free again: none of a block that is not wanted any more. */
  async #send({ link, lane, request, key }: Wanted, parts: readonly BlockPart[], buffer: PooledBuffer, pieceHash: Uint8Array | null): Promise<Bytes> {
    const [first] = parts;
    const compressing = first === undefined ? null : this.#ports.compressor.compress(link.remote.id, first.file, key, request, buffer.data);
    const compressed = compressing === null ? null : await compressing;
    const payload = compressed ?? buffer.data;
    try {
      if (!(await this.#ports.outgoing.sendBlock(link, lane, request.requestId, payload, pieceHash, compressed !== null))) return 0;
    } catch {
      // The connection has ended, and nothing reads the buffer any more. A part of it may have gone out: no limit gives it back.
      return payload.length;
    } finally {
      buffer.release();
    }
    for (const { file, bytes } of parts) this.#ports.sent(link, file, bytes, Math.round((bytes * payload.length) / request.length));
    return payload.length;
  }

  /** The files of a batch that the device may read; null when one of them is not here. One after the other, so that nonsense costs one look. */
  async #filesOf(link: Link, roots: Uint8Array): Promise<FileRef[] | null> {
    const files: FileRef[] = [];
    for (let at = 0; at < roots.length; at += hashBytes) {
      const file = await this.#ports.findFile(link, contentIdOf(roots.subarray(at, at + hashBytes))).catch(() => null);
      if (file === null || 'verified' in file) return null;
      files.push(file);
    }
    return files;
  }

  #mayRead(link: Link, key: string): Promise<FileRef | PartialFile | null> {
    const allowed = this.#allowed.get(link) ?? new Map<string, Promise<FileRef | PartialFile | null>>();
    this.#allowed.set(link, allowed);
    const known = allowed.get(key);
    if (known !== undefined) return known;
    const found = this.#find(link, key).catch(() => null);
    allowed.set(key, found);
    // A no is looked up again the next time: the file may only have been away for a moment.
    void found.then((file) => { if (file === null && allowed.get(key) === found) allowed.delete(key); });
    for (const oldest of allowed.keys()) {
      if (allowed.size <= filesRemembered) break;
      allowed.delete(oldest);
    }
    return found;
  }

  async #find(link: Link, key: string): Promise<FileRef | PartialFile | null> {
    const opened = this.provisional.find(link, key);
    if (opened === undefined) return this.#ports.findFile(link, contentIdOf(Buffer.from(key, 'hex')));
    await opened.find();
    // As it was opened: what it has become meanwhile shows when it is read.
    return opened.file.file;
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
    const hash = await this.#pieceHashes.hash(provisional, piece);
    const complete = hash === null ? null : provisional.learn(piece, hash);
    if (complete !== null) this.#ports.learned(provisional.file, complete.contentId, complete.layer);
    return hash;
  }
}

/** One number for a lane and its request: a link has few lanes, and both fit a double exactly. */
const onLink = (lane: number, requestId: number): number => lane * 2 ** 32 + requestId;

function reject({ link, lane, request }: Wanted, reason: RejectReason): 0 {
  link.rejectBlock(lane, request.requestId, reason);
  return 0;
}

function refusal(file: FileRef | PartialFile, { piece, begin, length }: BlockRequest): RejectReason | null {
  const pieceBytes = pieceBytesFor(file.bytes);
  if (piece >= pieceCount(file.bytes, pieceBytes) || length === 0 || length > limits.link.bulkPayloadBytes) return 'error';
  if ('verified' in file && !file.verified.has(piece)) return 'gone';
  return begin + length > pieceLength(file.bytes, pieceBytes, piece) ? 'error' : null;
}
