import { brotliDecompress, type BrotliDecompress } from 'node:zlib';
import type { Bytes } from '#shared/units.ts';

/** Each holds one block of compressed and one of plain bytes, and one thread of the pool. */
const atOnce = 2;
/** An output buffer that the block does not fill quite: a full one makes zlib allocate the next. */
const spareBytes = 64;
/** RFC 7932, 9.1: with the lowest bit set, the next three say 17 plus how many bits the window has; larger ones cost memory. */
const isWindowTooLarge = (first: number): boolean => (first & 1) === 1 && ((first >> 1) & 7) > 3;
/** What zlib says of a stream that is none, ends early, or gives more than it may; anything else is no fault of the stream. */
const isStreamError = (code = ''): boolean => code === 'Z_BUF_ERROR' || code === 'ERR_BUFFER_TOO_LARGE' || code.includes('ERROR_FORMAT');

/** `broken`: whoever sent it is to blame. `failed`: this machine could not. */
export type Decompressed = Uint8Array | 'broken' | 'failed';

/** Decompresses blocks in the thread pool, a few at a time, never to more than the length that was asked for. */
export class Decompressor {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * `compressed` is copied when its turn comes; until then `isWanted` may turn false, and it is not touched any more.
   * Anything but exactly one stream of exactly `plainBytes` is `broken`.
   */
  async decompress(compressed: Uint8Array, plainBytes: Bytes, isWanted: () => boolean): Promise<Decompressed> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    else this.#running++;
    try {
      return isWanted() ? await decompress(Buffer.from(compressed), plainBytes) : 'failed';
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** With `info` the answer names the engine too, which knows how much of the input it has read. */
interface WithInfo {
  readonly buffer: Uint8Array;
  readonly engine: BrotliDecompress;
}
const hasInfo = (result: unknown): result is WithInfo => typeof result === 'object' && result !== null && 'engine' in result && 'buffer' in result;

function decompress(compressed: Uint8Array, plainBytes: Bytes): Promise<Decompressed> {
  if (isWindowTooLarge(compressed[0] ?? 0)) return Promise.resolve('broken');
  return new Promise((resolve) => {
    const options = { info: true, maxOutputLength: plainBytes, chunkSize: plainBytes + spareBytes };
    brotliDecompress(compressed, options, (error: NodeJS.ErrnoException | null, result: unknown) => {
      if (error !== null) resolve(isStreamError(error.code) ? 'broken' : 'failed');
      else if (!hasInfo(result)) resolve('failed');
      else resolve(result.buffer.length === plainBytes && result.engine.bytesWritten === compressed.length ? result.buffer : 'broken');
    });
  });
}
