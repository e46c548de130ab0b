import { limits } from '#shared/limits.ts';
import { MiB } from '#shared/units.ts';

const blockBytes = limits.link.bulkPayloadBytes;
/** Blocks being read or sent, of all links together. */
export const blocksAtOnce = 24;
const keptBytes = 24 * MiB;

/** Buffers for blocks on their way out: reused, so that sending makes no garbage. */
export class ReadBuffers {
  readonly #free: Uint8Array[] = [];

  take(bytes: number): { readonly data: Uint8Array; release(): void } {
    if (bytes > blockBytes) return { data: new Uint8Array(new SharedArrayBuffer(bytes)), release: () => undefined };
    // Small files would waste a whole block buffer each; their own are cheap.
    if (bytes <= blockBytes / 16) return { data: Buffer.allocUnsafe(bytes), release: () => undefined };
    const whole = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(blockBytes));
    return { data: whole.subarray(0, bytes), release: () => { if (this.#free.length * blockBytes < keptBytes) this.#free.push(whole); } };
  }
}
