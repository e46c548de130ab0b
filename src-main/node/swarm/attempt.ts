import type { DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import { invariant } from '#shared/assert.ts';
import type { BufferPool, PooledBuffer } from './buffer-pool.ts';

/** A part of a piece and who gave it. */
export interface GivenPart {
  readonly from: DeviceId;
  readonly begin: Bytes;
  readonly end: Bytes;
}

/** One attempt at a piece, as the driver knows it: its buffer, and who filled it. */
export class Attempt {
  readonly bytes: Bytes;
  pieceHash: Uint8Array | null = null;
  /** Sent a block of it in a form that nobody can read. */
  brokenBy: DeviceId | null = null;
  /** Who gives it now, or gave it last. */
  #from: DeviceId;
  readonly #before: GivenPart[] = [];
  readonly #pool: BufferPool;
  #buffer: PooledBuffer | null = null;
  #isOver = false;

  constructor(pool: BufferPool, bytes: Bytes, from: DeviceId) {
    this.#pool = pool;
    this.bytes = bytes;
    this.#from = from;
  }

  /** Memory for the whole piece, taken when the first of its bytes are there: most of what was asked for is still elsewhere. */
  get data(): PooledBuffer['data'] {
    invariant(!this.#isOver, 'nothing is put into memory that was given back');
    this.#buffer ??= this.#pool.take(this.bytes);
    return this.#buffer.data;
  }

  /** Its memory is not used any more. */
  end(): void {
    this.#isOver = true;
    this.#buffer?.release();
    this.#buffer = null;
  }

  /** Whoever gave it gives no more than the first `end` bytes. */
  paused(end: Bytes): void {
    const begin = this.#begin;
    if (end > begin) this.#before.push({ from: this.#from, begin, end });
  }

  resumed(from: DeviceId): void {
    this.#from = from;
  }

  /** Who gave which part of the whole piece. */
  get parts(): readonly GivenPart[] {
    return [...this.#before, { from: this.#from, begin: this.#begin, end: this.bytes }];
  }

  /** Who gave all of the piece; null: several devices did. */
  get giver(): DeviceId | null {
    return this.#before.every(({ from }) => from === this.#from) ? this.#from : null;
  }

  /** Who sent a wrong piece; null when it is not known, because several devices sent parts of it. */
  get culprit(): DeviceId | null {
    return this.brokenBy ?? this.giver;
  }

  get #begin(): Bytes {
    return this.#before.at(-1)?.end ?? 0;
  }
}
