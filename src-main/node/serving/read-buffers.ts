import { MiB } from '#shared/units.ts';
import { BufferPool, type PooledBuffer } from '../swarm/buffer-pool.ts';

/** As many blocks as are served at once (`blocksAtOnce`), of 1 MiB. */
const keptBytes = 12 * MiB;
/** Buffers for blocks on their way out, in shared memory and reused, so that sending makes no garbage. */
export class ReadBuffers {
  readonly #pool = new BufferPool(keptBytes);

  take(bytes: number): PooledBuffer {
    return this.#pool.take(bytes);
  }
}
