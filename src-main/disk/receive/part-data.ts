import { KiB, MiB, type Bytes, type Millis } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import { writeFully, type Files } from '../files.ts';

/** Judged over so much, a device that takes less than this past the cache wants its writes sorted, which the cache does: a disk that seeks. */
const judgedBytes = 32 * MiB;
const leastBytesPerMs = 96 * KiB;

/**
 * The content of one part file on its way to the disk. A large file goes past the system's cache: the copy into it costs the
 * processor more than checking the bytes, and would push out what other programs have there. On a device that may seek, what
 * somebody reads again at once is better kept there. Either way the bytes are durable only after a sync.
 */
export class PartData {
  readonly #files: Files;
  readonly #elapsed: () => Millis;
  readonly #fd: number;
  /** The way past the cache; null when it goes through it. */
  readonly direct: number | null;
  /** Reads and writes cost it the same in any order: it needs no cache that sorts, nor one that saves it from reading. */
  readonly #isSteady: boolean;
  #isSlow = false;
  #underWay = 0;
  #busySince: Millis = 0;
  #bytes = 0;
  #busyMs = 0;

  /** Takes over `fd`. */
  constructor({ files, elapsed }: { readonly files: Files; readonly elapsed: () => Millis }, fd: number, isLarge: boolean) {
    this.#files = files;
    this.#elapsed = elapsed;
    this.#fd = fd;
    this.direct = isLarge ? files.openDirect(fd) : null;
    this.#isSteady = this.direct !== null && files.isSteady(fd);
  }

  /** Null: written. A write past the cache takes its time and rejects with system errors; until then `data` must not be touched and this not be closed. Throws system errors. */
  write(data: Uint8Array, position: Bytes, isReadSoon: boolean): Promise<void> | null {
    if (this.direct !== null && (this.#isSteady || (!isReadSoon && !this.#isSlow))) return this.#writePast(this.direct, data, position);
    writeFully(this.#files, this.#fd, data, position);
    return null;
  }

  close(): void {
    try {
      if (this.direct !== null) this.#files.close(this.direct);
    } finally {
      this.#files.close(this.#fd);
    }
  }

  async #writePast(direct: number, data: Uint8Array, position: Bytes): Promise<void> {
    if (this.#underWay++ === 0) this.#busySince = this.#elapsed();
    try {
      if (await this.#files.writeLater(direct, data, position) === data.length) return;
    } catch (thrown) {
      if (systemCode(thrown) !== 'EINVAL') throw thrown;
    } finally {
      this.#judge(data.length);
    }
    // The end of a file that is no whole block, memory that is not aligned, or a device that took a part only.
    writeFully(this.#files, this.#fd, data, position);
  }

  #judge(bytes: Bytes): void {
    this.#underWay--;
    this.#bytes += bytes;
    const at = this.#elapsed();
    this.#busyMs += at - this.#busySince;
    this.#busySince = at;
    if (this.#bytes < judgedBytes) return;
    this.#isSlow = this.#bytes < this.#busyMs * leastBytesPerMs;
    this.#bytes = 0;
    this.#busyMs = 0;
  }
}
