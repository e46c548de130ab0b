import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { Bitfield } from '../../core/bitfield.ts';

/** A promise that the code under test broke, or a run that did not end as it must. */
export class LabViolation extends Error {
  override readonly name = 'LabViolation';
}

/** The virtual time that a run may take was over before everybody had everything: too little time, or a swarm that is stuck. */
export class LabOutOfTime extends LabViolation {
  readonly unfinished: number;
  readonly seconds: number;

  constructor(unfinished: number, seconds: number) {
    super(`${unfinished} peers are not done after ${seconds} s`);
    this.unfinished = unfinished;
    this.seconds = seconds;
  }
}

export interface CheckedFile {
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly pieces: number;
}

/** What one peer gave of a piece. */
export interface CheckedPart {
  readonly from: number;
  readonly isCorrupt: boolean;
}

interface Buffer {
  readonly piece: number;
  readonly bytes: Bytes;
  /** Who gives it, or gave it last. */
  from: number;
  /** What others gave before. */
  before: readonly CheckedPart[];
  requestedTo: Bytes;
  arrived: Bytes;
  /** Where the first damaged block begins of those it gave. */
  corruptFrom: Bytes;
  isPaused: boolean;
  isWithDisk: boolean;
}

const none: readonly CheckedPart[] = [];

/**
 * Keeps its own books of one node, from what its driver does and what its disk says, and never asks the machine under test:
 * what lies verified on the disk, what each buffer holds, who sent bad bytes. Throws `LabViolation` when the machine
 * claims, asks, gives or blames what by these books it must not.
 */
export class NodeChecker {
  /** Pieces that were verified and written. */
  readonly written: Bitfield;
  readonly #node: number;
  readonly #file: CheckedFile;
  readonly #budgetBytes: Bytes;
  readonly #buffers = new Map<number, Buffer>();
  readonly #strikes = new Map<number, number>();
  #buffered: Bytes = 0;
  #blamed = 0;

  constructor(node: number, file: CheckedFile, budgetBytes: Bytes, hasAll: boolean) {
    this.#node = node;
    this.#file = file;
    this.#budgetBytes = budgetBytes;
    this.written = new Bitfield(file.pieces, hasAll ? new Uint8Array(Math.ceil(file.pieces / 8)).fill(0xff) : undefined);
  }

  /** The machine is gone, and its buffers with it: a crash. */
  restarted(): void {
    this.#buffers.clear();
    this.#buffered = 0;
  }

  fetchStarted(fetch: number, piece: number, bytes: Bytes, from: number): void {
    if (this.#buffers.has(fetch)) this.#fail(`fetch ${fetch} starts twice`);
    if (piece < 0 || piece >= this.#file.pieces || bytes !== this.#bytesOf(piece)) this.#fail(`fetch ${fetch} of ${bytes} bytes of piece ${piece}`);
    if (this.written.has(piece)) this.#fail(`piece ${piece} is fetched again though it is verified`);
    this.#buffered += bytes;
    if (this.#buffered > Math.max(this.#budgetBytes, bytes)) this.#fail(`${this.#buffered} bytes are buffered`);
    this.#buffers.set(fetch, { piece, bytes, from, before: none, requestedTo: 0, arrived: 0, corruptFrom: Infinity, isPaused: false, isWithDisk: false });
  }

  /** The first bytes are kept for somebody else. */
  fetchPaused(fetch: number, bytes: Bytes): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer === undefined || buffer.isWithDisk || buffer.isPaused || bytes <= 0 || bytes > buffer.arrived || bytes % limits.content.leafBytes !== 0) {
      this.#fail(`${bytes} bytes of fetch ${fetch} are kept, and ${buffer?.arrived} have come`);
    }
    if (buffer === undefined) return;
    buffer.before = [...buffer.before, { from: buffer.from, isCorrupt: buffer.corruptFrom < bytes }];
    buffer.requestedTo = bytes;
    buffer.arrived = bytes;
    buffer.corruptFrom = Infinity;
    buffer.isPaused = true;
  }

  fetchResumed(fetch: number, from: number): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer?.isPaused !== true || this.written.has(buffer.piece)) this.#fail(`fetch ${fetch} goes on`);
    if (buffer === undefined) return;
    buffer.from = from;
    buffer.isPaused = false;
  }

  fetchEnded(fetch: number): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer === undefined) this.#fail(`fetch ${fetch} ends without having started, or twice`);
    this.#buffers.delete(fetch);
    this.#buffered -= buffer?.bytes ?? 0;
  }

  requested(fetch: number, peer: number, piece: number, begin: Bytes, length: Bytes, claimed: Pick<Bitfield, 'has'>): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer?.piece !== piece || buffer.from !== peer || buffer.isPaused) this.#fail(`a block of piece ${piece} is asked of ${peer} outside its fetch`);
    if (!Number.isInteger(begin) || !Number.isInteger(length) || length <= 0 || begin < 0 || begin + length > this.#bytesOf(piece)) this.#fail(`${length} bytes at ${begin} are asked for`);
    if (begin !== buffer?.requestedTo) this.#fail(`${begin} is asked for after ${buffer?.requestedTo}`);
    else buffer.requestedTo += length;
    if (!claimed.has(piece)) this.#fail(`${peer} is asked for piece ${piece}, which it never said it has`);
    if (this.#strikes.size > 0 && this.strikesOf(peer) >= 2) this.#fail(`${peer} is banned and still asked`);
  }

  /** Bytes of a block that is still waited for: all of it, or what came before its sender left. */
  arrived(fetch: number, begin: Bytes, bytes: Bytes, isCorrupt: boolean): void {
    const buffer = this.#buffers.get(fetch);
    if (buffer === undefined || buffer.isWithDisk) return;
    buffer.arrived += bytes;
    if (isCorrupt) buffer.corruptFrom = Math.min(buffer.corruptFrom, begin);
  }

  /** Who gave which part of a buffer. */
  partsOf(fetch: number): readonly CheckedPart[] {
    const buffer = this.#buffers.get(fetch);
    return buffer === undefined ? none : [...buffer.before, { from: buffer.from, isCorrupt: buffer.corruptFrom < Infinity }];
  }

  /** Returns whether the piece's bytes are right. */
  pieceComplete(fetch: number, piece: number): boolean {
    const buffer = this.#buffers.get(fetch);
    if (buffer?.piece !== piece || buffer.isWithDisk || buffer.arrived !== buffer.bytes) this.#fail(`piece ${piece} is called complete with ${buffer?.arrived} of ${buffer?.bytes} bytes`);
    if (buffer !== undefined) buffer.isWithDisk = true;
    return buffer?.corruptFrom === Infinity && buffer.before.every(({ isCorrupt }) => !isCorrupt);
  }

  /** The machine counts a file as verified, or tells somebody about these pieces. */
  claims(pieces: Uint8Array | 'all'): void {
    if (pieces === 'all') {
      if (!this.written.isFull) this.#fail(`all is claimed with ${this.written.count} pieces verified`);
      return;
    }
    for (const [at, byte] of pieces.entries()) if ((byte & ~(this.written.bytes[at] ?? 0)) !== 0) this.#fail('pieces are claimed that are not verified');
  }

  claimsPiece(piece: number): void {
    if (!this.written.has(piece)) this.#fail(`piece ${piece} is claimed, or served, and is not verified`);
  }

  blames(peer: number, isHonest: boolean, strikes: number): void {
    if (isHonest) this.#fail(`${peer} is honest and blamed`);
    const known = (this.#strikes.get(peer) ?? 0) + 1;
    this.#strikes.set(peer, known);
    this.#blamed++;
    if (strikes !== known) this.#fail(`${peer} has ${known} strikes, the machine says ${strikes}`);
  }

  /** Tells the machine of a bad piece or a part of one, which nothing excuses: it must blame whoever sent it. */
  mustBlame(from: number, tell: () => void): void {
    const before = this.strikesOf(from);
    tell();
    if (this.strikesOf(from) !== before + 1) this.#fail(`${from} sent a bad piece and is not blamed`);
  }

  /** Tells the machine of something that nobody can be blamed for. */
  mustBlameNobody(tell: () => void): void {
    const before = this.#blamed;
    tell();
    if (this.#blamed !== before) this.#fail('somebody is blamed without evidence');
  }

  /** How many peers this one has banned. */
  get banned(): number {
    let banned = 0;
    for (const strikes of this.#strikes.values()) if (strikes >= 2) banned++;
    return banned;
  }

  strikesOf(peer: number): number {
    return this.#strikes.get(peer) ?? 0;
  }

  /** At the end of a run: the machine believes what is true, and holds only what the disk holds. */
  ended(believed: Bitfield | undefined, budgetUsed: Bytes): void {
    if (believed?.bytes.every((byte, at) => byte === this.written.bytes[at]) === false) this.#fail('the machine does not believe what its disk holds');
    if (budgetUsed !== this.#buffered) this.#fail(`the machine counts ${budgetUsed} buffered bytes, there are ${this.#buffered}`);
    for (const buffer of this.#buffers.values()) if (this.written.isFull && !buffer.isWithDisk) this.#fail(`a buffer for piece ${buffer.piece} is left over`);
  }

  #bytesOf(piece: number): Bytes {
    return Math.min(this.#file.pieceBytes, this.#file.bytes - piece * this.#file.pieceBytes);
  }

  /** Called where a condition does not hold, so that its words are made only then: there are millions of checks in a run. */
  #fail(what: string): never {
    throw new LabViolation(`node ${this.#node}: ${what}`);
  }
}

/**
 * Keeps the book on those whom no origin lets have the file. They know what any of them had at the start; whatever one of them is
 * told of or given beyond that, somebody took from the origins and passed on for the word of one who does not have it.
 */
export class LeakChecker {
  readonly theirs: Bitfield;

  constructor(theirs: Bitfield) {
    this.theirs = theirs;
  }

  /** One of them is told that a node has these pieces. */
  told(node: number, pieces: Uint8Array | 'all'): void {
    for (let piece = 0; piece < this.theirs.length; piece++) if (pieces === 'all' || hasBit(pieces, piece)) this.given(node, piece);
  }

  /** One of them is told of a piece of a node, or given a byte of it. */
  given(node: number, piece: number): void {
    if (!this.theirs.has(piece)) throw new LabViolation(`node ${node}: piece ${piece} gets to somebody who may not have it`);
  }
}

const hasBit = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
