import type { DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { PooledBuffer } from './buffer-pool.ts';

/** A part of a piece and who gave it. */
export interface GivenPart {
  readonly from: DeviceId;
  readonly begin: Bytes;
  readonly end: Bytes;
}

/** One attempt at a piece, as the driver knows it: its buffer, and who filled it. */
export class Attempt {
  readonly buffer: PooledBuffer;
  pieceHash: Uint8Array | null = null;
  /** Sent a block of it in a form that nobody can read. */
  brokenBy: DeviceId | null = null;
  /** Who gives it now, or gave it last. */
  #from: DeviceId;
  readonly #before: GivenPart[] = [];

  constructor(buffer: PooledBuffer, from: DeviceId) {
    this.buffer = buffer;
    this.#from = from;
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
    return [...this.#before, { from: this.#from, begin: this.#begin, end: this.buffer.data.length }];
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
