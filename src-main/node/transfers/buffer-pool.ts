import { KiB, MiB } from '#shared/units.ts';
import type { Bytes } from '#shared/units.ts';

/** A piece of shared memory that is ours until `release`. */
export interface PooledBuffer {
  readonly data: Uint8Array<SharedArrayBuffer>;
  release(): void;
}

const slabBytes = 1 * MiB;
/** Up to this size several buffers share a slab: 10,000 small files must not mean 10,000 allocations. */
const sharedUpTo = 256 * KiB;
const alignment = 64;

/**
 * Buffers for arriving pieces, in shared memory so that a worker can hash and write them in place. How many bytes may be
 * out at once is the swarm machine's budget; the pool only reuses: what comes back is kept, up to `keepBytes`.
 */
export class BufferPool {
  readonly #keepBytes: Bytes;
  readonly #free = new Map<Bytes, SharedArrayBuffer[]>();
  #kept: Bytes = 0;
  #slab: { readonly memory: SharedArrayBuffer; used: Bytes; users: number } | null = null;

  constructor(keepBytes: Bytes) {
    this.#keepBytes = keepBytes;
  }

  take(bytes: Bytes): PooledBuffer {
    return bytes <= sharedUpTo ? this.#takeShared(bytes) : this.#takeWhole(bytes);
  }

  #takeWhole(bytes: Bytes): PooledBuffer {
    // Sizes are rounded up to whole slabs, so that a file's last, shorter piece reuses its neighbours' buffers.
    const size = Math.ceil(bytes / slabBytes) * slabBytes;
    const memory = this.#allocate(size);
    return { data: new Uint8Array(memory, 0, bytes), release: () => { this.#giveBack(memory); } };
  }

  #takeShared(bytes: Bytes): PooledBuffer {
    const room = Math.ceil(bytes / alignment) * alignment;
    if (this.#slab === null || this.#slab.used + room > slabBytes) {
      const full = this.#slab;
      this.#slab = { memory: this.#allocate(slabBytes), used: 0, users: 0 };
      if (full !== null && full.users === 0) this.#giveBack(full.memory);
    }
    const slab = this.#slab;
    const data = new Uint8Array(slab.memory, slab.used, bytes);
    slab.used += room;
    slab.users++;
    return {
      data,
      release: () => {
        slab.users--;
        if (slab.users > 0) return;
        if (slab === this.#slab) slab.used = 0;
        else this.#giveBack(slab.memory);
      },
    };
  }

  #allocate(size: Bytes): SharedArrayBuffer {
    const reused = this.#free.get(size)?.pop();
    if (reused === undefined) return new SharedArrayBuffer(size);
    this.#kept -= size;
    return reused;
  }

  #giveBack(memory: SharedArrayBuffer): void {
    if (this.#kept + memory.byteLength > this.#keepBytes) return;
    this.#kept += memory.byteLength;
    const same = this.#free.get(memory.byteLength);
    if (same === undefined) this.#free.set(memory.byteLength, [memory]);
    else same.push(memory);
  }
}
