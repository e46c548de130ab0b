import type { TLSSocket } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import { KiB, second, type Millis } from '#shared/units.ts';

/** What one TLS record holds. Payloads up to this are copied into one write with others. */
const recordBytes = 16 * KiB;
/** Small frames that go out together are gathered here: one write and one turn of the event loop for all of them. */
const gatherBytes = 4 * recordBytes;

/**
 * A large block goes out in parts of this size. What is written is encrypted at once and lies in OpenSSL's memory until the system has taken it: of every
 * link that is served. Smaller parts take more CPU, larger ones no less.
 */
const partBytes = 256 * KiB;
/** A paced block goes out in slices of this time, but not in crumbs: a write has its price. */
const sliceMs = 5;
const smallestSlice = 4 * KiB;

/** Of all queues of this thread: one that has nothing to write holds none. */
const spare: Uint8Array[] = [];
const sparesKept = 8;

interface Frame {
  readonly bytes: Uint8Array;
  readonly flushed: (() => void) | null;
}
interface Block {
  readonly requestId: number;
  readonly head: Uint8Array;
  readonly payload: Uint8Array;
  /** Whether it has gone out. */
  readonly resolve: (sent: boolean) => void;
  readonly reject: (error: AppError) => void;
}

/** An empty array that something is pushed to makes room for many: most queues hold one frame, seldom. */
function withLast<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/**
 * What waits to be written to one socket. At most one write is under way, so that frames overtake blocks and back-pressure
 * of the network holds everything here. A payload is written from where it lies.
 */
export class SendQueue {
  readonly #socket: TLSSocket;
  #frames: Frame[] = [];
  readonly #blocks: Block[] = [];
  /** What the present write carries. */
  #underway: (Frame | Block)[] = [];
  #gathered: Uint8Array | null = null;
  #queuedBytes = 0;
  #writing = false;
  /** Frames wait for those that the same turn still brings. */
  #startsSoon = false;
  #closed = false;
  #flushed: (() => void) | null = null;
  #bytesPerMs: number | null = null;
  /** What is still to be written of a large block, and when the next slice of a paced one may go out. */
  #rest: Uint8Array | null = null;
  #sliceAt: Millis = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  /** Bytes of frames that wait or are being written; blocks not counted. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Large blocks go out in slices at no more than this from the next one on, bytes/s; null: as fast as the system takes them. */
  pace(bytesPerSecond: number | null): void {
    this.#bytesPerMs = bytesPerSecond === null ? null : bytesPerSecond / second;
  }

  /** `flushed` is called when the frame was written; never when the connection ends before. */
  frame(bytes: Uint8Array, flushed: (() => void) | null = null): void {
    if (this.#closed) return;
    this.#queuedBytes += bytes.length;
    this.#frames = withLast(this.#frames, { bytes, flushed });
    if (this.#writing || this.#startsSoon) return;
    // What one turn has to say, as news of several pieces, goes out in one write and one record.
    this.#startsSoon = true;
    queueMicrotask(this.#start);
  }

  /** Resolves when `payload` may be used again, with whether it has gone out. Rejects with `link-closed` when the connection ended before. */
  block(requestId: number, head: Uint8Array, payload: Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new AppError('link-closed'));
        return;
      }
      this.#blocks.push({ requestId, head, payload, resolve, reject });
      this.#pump();
    });
  }

  /** Takes a block back that has not begun to be written; its promise resolves. */
  dropBlock(requestId: number): void {
    const at = this.#blocks.findIndex((block) => block.requestId === requestId);
    if (at >= 0) this.#blocks.splice(at, 1)[0]?.resolve(false);
  }

  /** Nothing new is taken; blocks that have not begun are given back. `flushed` is called when all frames have gone out. */
  end(flushed: (() => void) | null): void {
    this.#closed = true;
    for (const block of this.#blocks.splice(0)) block.reject(new AppError('link-closed'));
    this.#flushed = flushed;
    this.#pump();
  }

  /** The socket is gone: nothing is written any more, and no buffer is in use. */
  destroyed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#rest = null;
    this.end(null);
    this.#frames.length = 0;
    for (const part of this.#underway.splice(0)) if ('reject' in part) part.reject(new AppError('link-closed'));
  }

  readonly #start = (): void => {
    this.#startsSoon = false;
    if (this.#frames.length > 0) this.#pump();
  };

  #pump(): void {
    if (this.#writing || this.#socket.destroyed) return;
    const large = this.#frames[0];
    if (large !== undefined && large.bytes.length > gatherBytes) {
      this.#frames.shift();
      this.#underway = withLast(this.#underway, large);
      this.#write(large.bytes);
      return;
    }
    if (large === undefined && this.#blocks.length === 0) {
      this.#letGo();
      this.#flushed?.();
      return;
    }
    const gathered = (this.#gathered ??= spare.pop() ?? Buffer.allocUnsafeSlow(gatherBytes));
    const used = this.#gatherFrames(gathered);
    this.#writeBlocks(gathered, used);
  }

  #gatherFrames(gathered: Uint8Array): number {
    let used = 0;
    for (let frame = this.#frames[0]; frame !== undefined && used + frame.bytes.length <= gatherBytes; frame = this.#frames[0]) {
      gathered.set(frame.bytes, used);
      used += frame.bytes.length;
      this.#underway = withLast(this.#underway, frame);
      this.#frames.shift();
    }
    return used;
  }

  /**
   * Small blocks go along whole. A large one is written by itself after its head, so that its bytes begin a TLS record:
   * the receiver then copies from and to addresses that are aligned alike, which into shared memory is ten times as fast.
   */
  #writeBlocks(gathered: Uint8Array, used: number): void {
    for (let block = this.#blocks[0]; block !== undefined && this.#frames.length === 0; block = this.#blocks[0]) {
      const small = block.payload.length <= recordBytes;
      if (used + block.head.length + (small ? block.payload.length : 0) > gatherBytes) break;
      gathered.set(block.head, used);
      used += block.head.length;
      this.#underway = withLast(this.#underway, block);
      this.#blocks.shift();
      if (!small) {
        this.#socket.write(gathered.subarray(0, used));
        this.#writePart(block.payload);
        return;
      }
      gathered.set(block.payload, used);
      used += block.payload.length;
    }
    if (used > 0) this.#write(gathered.subarray(0, used));
  }

  /** Nothing is under way that lies in it. */
  #letGo(): void {
    if (this.#gathered !== null && spare.length < sparesKept) spare.push(this.#gathered);
    this.#gathered = null;
    // An array keeps the room it once had.
    this.#frames = [];
  }

  #write(bytes: Uint8Array): void {
    this.#writing = true;
    this.#socket.write(bytes, this.#written);
  }

  #writePart(bytes: Uint8Array): void {
    if (this.#bytesPerMs === null) this.#writeFirst(partBytes, bytes);
    else this.#writeSlice(bytes, this.#bytesPerMs);
  }

  #writeFirst(length: number, bytes: Uint8Array): void {
    this.#rest = length < bytes.length ? bytes.subarray(length) : null;
    this.#write(length < bytes.length ? bytes.subarray(0, length) : bytes);
  }

  #writeSlice(bytes: Uint8Array, bytesPerMs: number): void {
    const length = Math.max(smallestSlice, Math.floor(bytesPerMs * sliceMs));
    const now = performance.now();
    // A timer that is late must not slow it down for good, nor may what was missed go out at once.
    this.#sliceAt = Math.max(this.#sliceAt, now - 2 * sliceMs) + Math.min(length, bytes.length) / bytesPerMs;
    this.#writeFirst(length, bytes);
  }

  /** A part is written; the next goes out at once, or when it is time. */
  #nextPart(rest: Uint8Array): void {
    const wait = this.#bytesPerMs === null ? 0 : this.#sliceAt - performance.now();
    this.#writing = true;
    if (wait >= 1) {
      this.#timer = setTimeout(() => { this.#nextPart(rest); }, wait);
      return;
    }
    this.#timer = null;
    this.#writePart(rest);
  }

  readonly #written = (error?: Error | null): void => {
    this.#writing = false;
    // After an error the socket closes, and `destroyed` gives back what was under way.
    if (error) return;
    if (this.#rest !== null) return this.#nextPart(this.#rest);
    const parts = this.#underway;
    this.#underway = [];
    for (const part of parts) {
      if ('resolve' in part) part.resolve(true);
      else {
        this.#queuedBytes -= part.bytes.length;
        part.flushed?.();
      }
    }
    this.#pump();
  };
}
