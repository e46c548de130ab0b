import { KiB, MiB } from '#shared/units.ts';
import type { Bytes } from '#shared/units.ts';
import { pageAligned } from '../../disk/page-aligned.ts';

/** A piece of shared memory that is ours until `release`. */
export interface PooledBuffer {
  readonly data: Uint8Array<SharedArrayBuffer>;
  release(): void;
}

interface Slab {
  readonly memory: SharedArrayBuffer;
  readonly at: Bytes;
  /** First of the arena's slabs it takes; null: it lies elsewhere. */
  readonly first: number | null;
}

const slabBytes = 1 * MiB;
/** Up to this size several buffers share a slab: 10,000 small files must not mean 10,000 allocations. */
const sharedUpTo = 256 * KiB;
const alignment = 64;

/**
 * Buffers for arriving pieces, in shared memory so that a worker can hash and write them in place. How many bytes may be
 * out at once is the swarm machine's budget; the pool only reuses. Its memory is one arena of `keepBytes`, cut into slabs
 * that begin where pages do, as direct writes want it; what does not fit there is made for the moment.
 */
export class BufferPool {
  readonly #arena: SharedArrayBuffer;
  readonly #isTaken: boolean[];
  #shared: { readonly slab: Slab; used: Bytes; users: number } | null = null;

  constructor(keepBytes: Bytes) {
    this.#isTaken = Array.from({ length: Math.ceil(keepBytes / slabBytes) }, () => false);
    this.#arena = pageAligned(this.#isTaken.length * slabBytes);
  }

  take(bytes: Bytes): PooledBuffer {
    return bytes <= sharedUpTo ? this.#takeShared(bytes) : this.#takeWhole(bytes);
  }

  #takeWhole(bytes: Bytes): PooledBuffer {
    const slabs = Math.ceil(bytes / slabBytes);
    const slab = this.#allocate(slabs);
    return { data: new Uint8Array(slab.memory, slab.at, bytes), release: () => { this.#giveBack(slab, slabs); } };
  }

  #takeShared(bytes: Bytes): PooledBuffer {
    const room = Math.ceil(bytes / alignment) * alignment;
    if (this.#shared === null || this.#shared.used + room > slabBytes) {
      const full = this.#shared;
      this.#shared = { slab: this.#allocate(1), used: 0, users: 0 };
      if (full !== null && full.users === 0) this.#giveBack(full.slab, 1);
    }
    const shared = this.#shared;
    const data = new Uint8Array(shared.slab.memory, shared.slab.at + shared.used, bytes);
    shared.used += room;
    shared.users++;
    return {
      data,
      release: () => {
        shared.users--;
        if (shared.users > 0) return;
        if (shared === this.#shared) shared.used = 0;
        else this.#giveBack(shared.slab, 1);
      },
    };
  }

  /** The lowest free place, so that memory that was never needed stays untouched. */
  #allocate(slabs: number): Slab {
    let free = 0;
    for (let at = 0; at < this.#isTaken.length; at++) {
      free = this.#isTaken[at] === true ? 0 : free + 1;
      if (free < slabs) continue;
      const first = at - slabs + 1;
      this.#isTaken.fill(true, first, at + 1);
      return { memory: this.#arena, at: first * slabBytes, first };
    }
    return { memory: new SharedArrayBuffer(slabs * slabBytes), at: 0, first: null };
  }

  #giveBack({ first }: Slab, slabs: number): void {
    if (first !== null) this.#isTaken.fill(false, first, first + slabs);
  }
}
