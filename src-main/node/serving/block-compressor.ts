import { cpuUsage } from 'node:process';
import { brotliCompress, constants } from 'node:zlib';
import type { DeviceId } from '#shared/ids.ts';
import type { BlockRequest } from '#shared/protocol/hot-frames.ts';
import { decodePace, plainOnly } from '#shared/protocol/pace.ts';
import { KiB, type Bytes, type Millis } from '#shared/units.ts';
import { CompressionPolicy, worthwhileShare } from '../../core/compression/compression-policy.ts';
import { sampledAs } from '../../core/compression/compressible.ts';
import type { FileRef } from '../ports/library.ts';

/** Threads of the pool that may compress; the others read. */
const atOnce = 2;
/** Files up to this have too few blocks to learn from themselves. */
const smallFileBytes = 256 * KiB;
/** Brotli at its quickest but one: as small as deflate's quickest in less time (docs/performance.md). */
const quality = 1;
/** The largest window that the other end takes: a block. */
const windowBits = 20;

export interface BlockCompressorPorts {
  /** Whether the user wants any compression. */
  readonly isOn: () => boolean;
  /** The strictest limit on what goes to a device, bytes/s; Infinity without one. */
  readonly limitTo: (id: DeviceId) => number;
  readonly now: () => Millis;
}

/** Compresses the blocks for which the policy says that it pays, in the thread pool. */
export class BlockCompressor {
  readonly #ports: BlockCompressorPorts;
  readonly #policy = new CompressionPolicy();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(ports: BlockCompressorPorts) {
    this.#ports = ports;
  }

  /** Null at once, or as the outcome, when the block goes out as it is. `plain` must not change meanwhile. Never rejects. */
  compress(to: DeviceId, file: FileRef, key: string, { pace, length }: BlockRequest, plain: Uint8Array): Promise<Uint8Array | null> | null {
    if (pace === plainOnly || !this.#ports.isOn()) return null;
    const slowest = Math.min(decodePace(pace) ?? Infinity, this.#ports.limitTo(to));
    const subject = this.#policy.begin(this.#ports.now(), {
      bytes: length, bytesPerSecond: slowest === Infinity ? null : slowest,
      subject: () => sampledAs(file.path === '' ? file.diskPath : file.path, key, file.bytes <= smallFileBytes),
    });
    return subject === null ? null : this.#compress(subject, plain);
  }

  async #compress(subject: string, plain: Uint8Array): Promise<Uint8Array | null> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    else this.#running++;
    const startedAt = this.#ports.now();
    const workBefore = cpuUsage();
    const most = Math.floor(plain.length * worthwhileShare);
    const compressed = await shrink(plain, most);
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
    const endedAt = this.#ports.now();
    if (compressed === 'failed') {
      this.#policy.failed(plain.length);
      return null;
    }
    const { user, system } = cpuUsage(workBefore);
    const timeMs = endedAt - startedAt;
    this.#policy.ended(endedAt, subject, plain.length, compressed?.length ?? null, { timeMs, workMs: Math.min(timeMs, (user + system) / 1000) });
    return compressed;
  }
}

/** Null when it would be longer than `most`. */
const shrink = (plain: Uint8Array, most: Bytes): Promise<Uint8Array | null | 'failed'> => new Promise((resolve) => {
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: windowBits, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  brotliCompress(plain, { params, chunkSize: most + 64, maxOutputLength: most }, (error: NodeJS.ErrnoException | null, result) => {
    if (error === null) resolve(result);
    else resolve(error.code === 'ERR_BUFFER_TOO_LARGE' ? null : 'failed');
  });
});
