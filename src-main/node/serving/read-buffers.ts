import { KiB, MiB } from '#shared/units.ts';
import { BufferPool, type PooledBuffer } from '../transfers/buffer-pool.ts';

/** Blocks being read or sent, of all links together. */
export const blocksAtOnce = 24;
const keptBytes = 24 * MiB;
/** Of this many small blocks one counts as a whole one: they are read in trips, which must not be short. */
const smallToABlock = 16;
const smallBytes = 64 * KiB;

/** What a block counts against `blocksAtOnce`. */
export const blockWeight = (bytes: number): number => (bytes <= smallBytes ? 1 / smallToABlock : 1);

/** Buffers for blocks on their way out, in shared memory and reused, so that sending makes no garbage. */
export class ReadBuffers {
  readonly #pool = new BufferPool(keptBytes);

  take(bytes: number): PooledBuffer {
    return this.#pool.take(bytes);
  }
}
