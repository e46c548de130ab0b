import { AppError, errorInfo, type ErrorInfo } from '#shared/errors.ts';
import { contentIdOf, fromHex, toHex, type ContentId, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Priority } from '#shared/model/transfer.ts';
import type { Bytes } from '#shared/units.ts';
import { Bitfield } from '../../../core/bitfield.ts';
import { emptyRoot, hashBytes } from '../../../core/content/merkle.ts';
import { pieceBytesFor, pieceCount, pieceLength } from '../../../core/content/piece-size.ts';
import type { PriorityRank } from '../../../core/swarm/events.ts';
import { assertCouldFit } from '../../../disk/volume/never-fits.ts';
import type { Link } from '../../ports/links.ts';
import type { FileTarget, WriteOutcome } from '../../ports/receiver.ts';
import type { FileListener } from '../../swarm/swarm-ports.ts';
import type { DownloadContext } from '../download/download-context.ts';
import { FileIdentity } from './file-identity.ts';
import type { FileOrigin, FileOwner } from './file-owner.ts';
import { FileSources, type SourcedFile } from './file-sources.ts';
import type { FileStop } from './file-stop.ts';
import type { EqualFile } from '../copies/equal-files.ts';
import { hasNoPlace } from './own-place.ts';
import { fetchPieceLayer } from './piece-layer.ts';
import { OtherCopies } from '../copies/other-copies.ts';
import { PassedOnFile } from '../passing-on/passed-on-file.ts';
import { rankOf } from '../ranks.ts';
import type { FileRecord, ProvenPieces } from '../records.ts';
import type { WhatIsShared } from '../passing-on/shared-downloads.ts';

/** One file of a download while it is being fetched. It ends with a path, or with an error. */
export class DownloadFile implements FileListener, SourcedFile {
  readonly index: number;
  /** Its number in the swarm. */
  readonly number: number;
  readonly pieceBytes: Bytes;
  readonly pieces: number;
  /** Until its part file is open: what the journal says. */
  verified: Bitfield;
  verifiedBytes: Bytes;
  readonly sources: FileSources;
  readonly #context: DownloadContext;
  readonly #owner: FileOwner;
  readonly #stop: FileStop;
  #record: FileRecord;
  readonly #identity: FileIdentity;
  readonly #origin: FileOrigin | null;
  /** Number of the open file at the disk; null for a small file, which is written at once. */
  #handle: number | null = null;
  #inSwarm = false;
  #settle: { resolve: (path: string) => void; reject: (error: unknown) => void } | null = null;
  #smallPath: string | null = null;
  #layer: Uint8Array | null = null;
  #partPath: string | null = null;
  readonly #copies: OtherCopies;
  #failure: unknown = null;
  /** The disk gives it its name. */
  #isNamed = false;
  readonly #passedOn: PassedOnFile;
  /** Who gave all of a file of one piece; null: nobody, it was here before. */
  #giver: DeviceId | null = null;

  /** `record`: says what was verified of it when it was closed, as far as that is known. */
  constructor(context: DownloadContext, owner: FileOwner, index: number, record: FileRecord, stop: FileStop) {
    this.index = index;
    this.verifiedBytes = record.partialBytes;
    this.number = context.nextFileNumber();
    this.pieceBytes = pieceBytesFor(record.bytes);
    this.pieces = pieceCount(record.bytes, this.pieceBytes);
    this.verified = new Bitfield(this.pieces);
    this.#context = context;
    this.#owner = owner;
    this.#record = record;
    this.#origin = owner.originPath(record);
    this.#identity = new FileIdentity(context, this.#origin, { name: this.name, bytes: record.bytes, contentId: record.contentId }, stop);
    this.#stop = stop;
    this.#passedOn = new PassedOnFile(context, this.number, () => owner.audience());
    this.sources = new FileSources(context, this, this.#identity, this.#origin, owner);
    this.#copies = new OtherCopies(context, this, (piece, data) => this.write(piece, data, null, false, null));
  }

  get name(): string {
    return this.#record.path.at(-1) ?? '';
  }

  get contentId(): ContentId | null {
    return this.#identity.id;
  }

  get bytes(): Bytes {
    return this.#record.bytes;
  }

  get partPath(): string | null {
    return this.#partPath;
  }

  get layer(): Uint8Array | null {
    return this.#layer;
  }

  get isFetched(): boolean {
    return this.#inSwarm;
  }

  get first(): EqualFile | null {
    return this.#copies.first;
  }

  /** What comes of it is copied from another file of this content. */
  get isCopied(): boolean {
    return this.first !== null;
  }

  /** What may be passed on in later lives too, as far as that is known. */
  get proven(): ProvenPieces | undefined {
    return this.#passedOn.proven ?? this.#record.proven;
  }

  get hasEnded(): boolean {
    return this.#stop.isStopped || this.#failure !== null;
  }

  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Higher is fetched first. */
  get rank(): PriorityRank {
    return rankOf[this.#record.priority];
  }

  setPriority(priority: Priority): void {
    this.#record = { ...this.#record, priority };
    if (this.#inSwarm) this.#context.swarm.setFilePriority(this.number, this.rank);
  }

  get isSmall(): boolean {
    return this.#record.bytes <= this.pieceBytes;
  }

  /** Fetches, verifies and finishes the file. Resolves with where it lies, what it is, and who gave all of it, if it is of one piece. */
  async run(): Promise<{ path: string; contentId: ContentId | null; giver: DeviceId | null }> {
    const path = await this.#run();
    return { path, contentId: this.contentId, giver: this.#giver };
  }

  async #run(): Promise<string> {
    if (this.#record.bytes === 0) return this.#writeEmpty();
    const seen = this.isSmall ? null : await this.#lookFirst();
    if (seen !== null) return seen;
    if (this.contentId === null) await this.#identity.askOrigin();
    return this.isSmall ? this.#runSmall() : this.#runLarge(this.contentId);
  }

  /** The download stops: `run` ends with `cancelled`, unless the file gets its name in this moment. */
  cancel(): void {
    if (!this.#isNamed) this.fail(new AppError('cancelled'));
  }

  /** Leaves what is there resumable. */
  async stop(): Promise<void> {
    this.#passedOn.stop();
    this.#leaveSwarm();
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null) await this.#context.receiver.close(handle);
  }

  #target(root: Uint8Array | null, layer: Uint8Array | null): FileTarget {
    const { path, bytes, modifiedAt, executable } = this.#record;
    return { base: this.#owner.base, path, bytes, pieceBytes: this.pieceBytes, root, layer, modifiedAt, executable };
  }

  async #writeEmpty(): Promise<string> {
    const outcome = await this.#context.smallFiles.write({ target: this.#target(emptyRoot, null), data: new Uint8Array(new SharedArrayBuffer(0)) });
    if (outcome.kind === 'done') return outcome.path;
    throw outcome.kind === 'error' ? new AppError(outcome.error.code, outcome.error.params) : new AppError('hash-mismatch', { name: this.name });
  }

  /** Without somebody who says what its pieces are it cannot be opened: what lies here is seen all the same. The path of a whole one. */
  async #lookFirst(): Promise<string | null> {
    if (this.#origin !== null && this.#context.links().get(this.#origin.peer) !== undefined) return null;
    this.sources.isStarved = true;
    // Whatever is wrong with the disk is told when it is opened.
    const seen = await this.#context.receiver.look(this.#target(this.#identity.root, null), { signal: this.#stop.signal }).catch(() => null);
    if (seen === null) return null;
    this.verified = new Bitfield(this.pieces, seen.have);
    this.verifiedBytes = seen.haveBytes;
    if (seen.existing === null) this.#owner.seen();
    else this.#found(seen.haveBytes);
    return seen.existing;
  }

  async #runSmall(): Promise<string> {
    const id = this.contentId;
    const existing = await this.#context.existing.find(this.#target(this.#identity.root, null));
    if (existing !== null) {
      this.#found(this.#record.bytes);
      return existing;
    }
    const isCopied = id !== null && this.#record.bytes >= limits.transfer.batchedBelowBytes && (await this.#copies.takeWhole(id));
    if (isCopied && this.#smallPath !== null) {
      this.#found(this.#record.bytes);
      return this.#smallPath;
    }
    return this.#fetch(null);
  }

  async #runLarge(id: ContentId | null): Promise<string> {
    const { equal } = this.#context;
    await assertCouldFit(this.#owner.base, this.#record.path, this.#record.bytes);
    const layer = id === null ? null : equal.layerOf(id) ?? (await this.#context.withSources(id, this.#origin?.peer ?? null, this.#stop.signal,
      (links) => fetchPieceLayer(links, id, this.#record.bytes, this.#stop.signal)));
    this.#layer = layer;
    this.sources.isStarved = false;
    const opened = await this.#context.receiver.open(this.#target(this.#identity.root, layer), { signal: this.#stop.signal });
    if (opened.existing !== null) {
      this.#found(this.#record.bytes);
      return opened.existing;
    }
    this.#handle = opened.handle;
    this.verified = new Bitfield(this.pieces, opened.have);
    this.#found(opened.haveBytes);
    this.#partPath = opened.partPath;
    let path: string | null = null;
    try {
      if (id !== null) await this.#copies.take(id);
      if (this.#failure instanceof Error) throw this.#failure;
      if (opened.partPath !== null) await this.#passedOn.begin(id, this.#whatLiesAt(opened.partPath), this.verified, this.#record.proven ?? null);
      path = await this.#fetch(this.verified.bytes, opened.isGrowing);
      return path;
    } finally {
      if (id !== null) equal.leave(id, this, path);
    }
  }

  /** Hands the file to the swarm; resolves when it is finished. */
  #fetch(have: Uint8Array | null, isGrowing = false): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (this.#stop.isStopped) return reject(new AppError('cancelled'));
      this.#inSwarm = true;
      this.#context.swarm.openFile(this.#owner.number, this.number, { bytes: this.#record.bytes, pieceBytes: this.pieceBytes, have, root: this.#identity.root, priority: this.rank, isGrowing, isContinuable: true }, this);
      this.#passedOn.share();
      if (this.contentId !== null) this.#context.equal.moved(this.contentId);
      this.sources.askEverybody();
    });
  }

  #whatLiesAt(path: string): WhatIsShared {
    return { name: this.#record.path.join('/'), path, bytes: this.#record.bytes, layer: this.#layer };
  }

  #leaveSwarm(): void {
    if (this.#inSwarm) this.#context.swarm.closeFile(this.number);
    this.#inSwarm = false;
  }

  #found(bytes: Bytes): void {
    this.verifiedBytes = bytes;
    // What it had before a pause or a restart it had fetched itself, or had found then.
    this.#owner.progressed(this.#record.partialBytes > 0 ? 0 : bytes, null);
  }

  /** It cannot go on: `run` ends with this. */
  fail(error: unknown): void {
    this.#leaveSwarm();
    this.#failure ??= error;
    if (this.isCopied) this.#context.equal.bell.ring();
    this.#settle?.reject(error);
  }

  async #writeSmall(data: Uint8Array, pieceHash: Uint8Array | null): Promise<WriteOutcome> {
    const root = this.#identity.root ?? pieceHash;
    if (root === null) return { kind: 'corrupt' };
    const outcome = await this.#context.smallFiles.write({ target: this.#target(root, null), data });
    if (outcome.kind !== 'done') return outcome;
    this.#smallPath = outcome.path;
    // A file of one piece is its piece: its hash is the root.
    if (this.contentId === null) this.#identity.id = contentIdOf(root);
    return { kind: 'written' };
  }

  async #writePiece(piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon: boolean): Promise<WriteOutcome> {
    if (this.#handle === null) return { kind: 'error', error: { code: 'cancelled' } };
    return this.#context.receiver.write(this.#handle, piece, data, pieceHash, isReadSoon).catch((error: unknown): WriteOutcome => ({ kind: 'error', error: errorInfo(error) }));
  }

  /** All pieces are there: give the file its name. */
  async #finish(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) {
      const path = this.#smallPath ?? '';
      if (this.#record.bytes >= limits.transfer.batchedBelowBytes) await this.#passedOn.whole(this.contentId, this.#whatLiesAt(path), this.#giver);
      this.#leaveSwarm();
      return this.#settle?.resolve(path);
    }
    if (this.contentId === null && !(await this.#bindRoot(handle))) return;
    this.#isNamed = true;
    const { path } = await this.#context.receiver.finish(handle);
    this.#handle = null;
    await this.#passedOn.complete(this.contentId, path);
    this.#leaveSwarm();
    this.#settle?.resolve(path);
  }

  /** The sender finishes hashing about when we finish fetching; its root decides whether every piece was right. */
  async #bindRoot(handle: number): Promise<boolean> {
    const bound = await this.#identity.whenHashed();
    const layer = await this.#context.withSources(bound, this.#origin?.peer ?? null, this.#stop.signal, (links) => fetchPieceLayer(links, bound, this.#record.bytes, this.#stop.signal));
    const { missing } = await this.#context.receiver.bindRoot(handle, fromHex(bound), layer);
    this.#identity.id = bound;
    if (missing.length === 0) return true;
    for (const piece of missing) {
      if (!this.verified.delete(piece)) continue;
      this.#passedOn.lost(piece);
      this.verifiedBytes -= pieceLength(this.#record.bytes, this.pieceBytes, piece);
    }
    this.#context.swarm.piecesMissing(this.number, missing);
    for (const link of this.#context.links().all()) await this.sources.consider(link);
    return false;
  }

  /** Notes a piece that is verified on disk. */
  pieceDone(piece: number, from: DeviceId | null): void {
    if (!this.verified.add(piece)) return;
    const bytes = pieceLength(this.#record.bytes, this.pieceBytes, piece);
    this.verifiedBytes += bytes;
    if (from === null) this.sources.isStarved = false;
    this.#owner.progressed(bytes, from);
    if (this.contentId !== null) this.#context.equal.moved(this.contentId);
  }

  async write(piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon: boolean, giver: DeviceId | null): Promise<WriteOutcome> {
    const outcome = await (this.isSmall ? this.#writeSmall(data, pieceHash) : this.#writePiece(piece, data, pieceHash, isReadSoon));
    if (outcome.kind !== 'written') return outcome;
    if (this.isSmall) this.#giver = giver;
    else this.#passedOn.came(piece, giver);
    return outcome;
  }

  pieceWritten(piece: number, _bytes: Bytes, from: DeviceId): void {
    this.pieceDone(piece, from);
  }

  complete(): void {
    this.#finish().catch((error: unknown) => { this.fail(error); });
  }

  addSource(link: Link, root: Uint8Array, has: 'all' | 'part'): void {
    this.sources.add(link, root, has);
  }

  starved(): void {
    this.sources.starved();
  }

  sourceLost(from: DeviceId): void {
    this.sources.lost(from);
  }

  corrupt(_piece: number, from: DeviceId): void {
    this.#owner.troubled(from);
  }

  saved(bytes: Bytes): void {
    this.#owner.saved(bytes);
  }

  about(piece: number): ReturnType<FileListener['about']> {
    return {
      file: this.#record.path.join('/'), contentId: this.contentId,
      expected: this.isSmall ? this.contentId : this.#layer === null ? null : toHex(this.#layer.subarray(piece * hashBytes, (piece + 1) * hashBytes)),
    };
  }

  diskFailed(error: ErrorInfo): void {
    if (hasNoPlace(error, this.#owner.base)) this.fail(new AppError(error.code, error.params));
    else this.#owner.diskFailed(error);
  }
}
