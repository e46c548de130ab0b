import type { FileRef } from '../ports/library.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { BlockPart } from './batch-parts.ts';

/** Reads of one trip; a trip holds up the thread for a few milliseconds at most when the files are in memory. */
const readsAtOnce = 128;

interface Wanted {
  readonly file: FileRef;
  readonly position: number;
  readonly into: Uint8Array<SharedArrayBuffer>;
  readonly settle: (isRead: boolean) => void;
}

/**
 * Reads of small files go to a worker thread together: those asked for while it is away make the next trip. Each by itself
 * would take four trips through the thread pool, which cost more than the reading.
 */
export class SmallReads {
  readonly #hasher: Pick<Hasher, 'readSmall'>;
  #waiting: Wanted[] = [];
  #isReading = false;

  constructor(hasher: Pick<Hasher, 'readSmall'>) {
    this.#hasher = hasher;
  }

  /** False when the file is gone, led outside of where it belongs, shorter or another version. */
  read(file: FileRef, position: number, into: Uint8Array<SharedArrayBuffer>): Promise<boolean> {
    return new Promise((settle) => {
      this.#waiting.push({ file, position, into, settle });
      if (this.#isReading) return;
      this.#isReading = true;
      setImmediate(() => { void this.#work(); });
    });
  }

  /** Parts that lie one after the other in `into`, in a trip of their own. Resolves with the files that were not what they should be. */
  async readParts(parts: readonly BlockPart[], into: Uint8Array<SharedArrayBuffer>): Promise<readonly FileRef[]> {
    let at = 0;
    const isRead = await this.#read(parts.map(({ file, position, bytes }) => ({ file, position, into: into.subarray(at, (at += bytes)) })));
    return parts.flatMap(({ file }, index) => (isRead?.[index] === 1 ? [] : [file]));
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const trip = this.#waiting.splice(0, readsAtOnce);
      const isRead = await this.#read(trip);
      trip.forEach(({ settle }, at) => { settle(isRead?.[at] === 1); });
    }
    this.#isReading = false;
  }

  /** One byte each, as `Hasher.readSmall`; null when nothing could be read. */
  #read(reads: readonly Omit<Wanted, 'settle'>[]): Promise<Uint8Array | null> {
    return this.#hasher.readSmall(reads.map(({ file: { diskPath, inside, version }, position, into }) => ({ path: diskPath, inside, version, position, into }))).catch(() => null);
  }
}
