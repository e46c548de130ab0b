import type { Bytes } from '#shared/units.ts';
import { writeFully, type Files } from './files.ts';
import { systemCode } from './disk-error.ts';

/**
 * The content of one part file on its way to the disk. A large file goes past the system's cache: the copy into it costs the
 * processor more than checking the bytes, and would push out what other programs have there. What somebody reads again at
 * once is better kept there. Either way the bytes are durable only after a sync.
 */
export class PartData {
  readonly #files: Files;
  readonly #fd: number;
  /** The way past the cache; null when it goes through it. */
  readonly direct: number | null;

  /** Takes over `fd`. */
  constructor(files: Files, fd: number, isLarge: boolean) {
    this.#files = files;
    this.#fd = fd;
    this.direct = isLarge ? files.openDirect(fd) : null;
  }

  /** Throws system errors. */
  write(data: Uint8Array, position: Bytes, isReadSoon: boolean): void {
    if (!isReadSoon && this.direct !== null && this.#isWrittenDirectly(this.direct, data, position)) return;
    writeFully(this.#files, this.#fd, data, position);
  }

  close(): void {
    try {
      if (this.direct !== null) this.#files.close(this.direct);
    } finally {
      this.#files.close(this.#fd);
    }
  }

  /** False when it has to be written the plain way: the end of a file that is no whole block, or memory that is not aligned. */
  #isWrittenDirectly(direct: number, data: Uint8Array, position: Bytes): boolean {
    try {
      return this.#files.write(direct, data, position) === data.length;
    } catch (thrown) {
      if (systemCode(thrown) === 'EINVAL') return false;
      throw thrown;
    }
  }
}
