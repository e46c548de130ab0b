import { MiB, type Bytes } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import type { Files } from '../files.ts';
import { pageAligned } from '../page-aligned.ts';

/** As many as the thread pool has threads, in so much memory. */
const atOnce = 4;
const memoryBytes = 8 * MiB;

interface Slot {
  readonly buffer: Uint8Array;
  /** Null: the device does not let itself be read like this. */
  reading: Promise<Bytes | null>;
}

/** Reads pieces of a file from the device itself, one after the other, with the next ones on their way. */
export class DeviceReads {
  readonly #files: Files;
  readonly #direct: number;
  readonly #pieceBytes: Bytes;
  readonly #pieces: readonly number[];
  readonly #slots: Slot[] = [];
  #next = 0;

  /** `direct`: from `openDirect`; it must stay open until `close`. */
  constructor(files: Files, direct: number, pieceBytes: Bytes, pieces: readonly number[]) {
    this.#files = files;
    this.#direct = direct;
    this.#pieceBytes = pieceBytes;
    this.#pieces = pieces;
    const slots = Math.min(pieces.length, atOnce, Math.max(1, Math.floor(memoryBytes / pieceBytes)));
    const memory = pageAligned(slots * pieceBytes);
    for (let slot = 0; slot < slots; slot++) {
      const buffer = new Uint8Array(memory, slot * pieceBytes, pieceBytes);
      this.#slots.push({ buffer, reading: this.#read(slot, buffer) });
    }
  }

  /** What the device has of the next piece, as far as the file goes, until the next call; null when it cannot be read like this. Rejects with system errors. */
  async next(): Promise<Uint8Array | null> {
    const at = this.#next++;
    const before = this.#slots[(at - 1) % this.#slots.length];
    // Its bytes are not needed any more.
    if (before !== undefined) before.reading = this.#read(at - 1 + this.#slots.length, before.buffer);
    const slot = this.#slots[at % this.#slots.length];
    const bytes = (await slot?.reading) ?? null;
    return bytes === null ? null : (slot?.buffer.subarray(0, bytes) ?? null);
  }

  /** Resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#slots.map(({ reading }) => reading));
  }

  #read(at: number, buffer: Uint8Array): Promise<Bytes | null> {
    const piece = this.#pieces[at];
    if (piece === undefined) return Promise.resolve(null);
    const reading = this.#files.readLater(this.#direct, buffer, piece * this.#pieceBytes).catch((thrown: unknown) => {
      if (systemCode(thrown) === 'EINVAL') return null;
      throw thrown;
    });
    // Whoever asks for it hears of it; if nobody does, nobody needs to.
    reading.catch(() => undefined);
    return reading;
  }
}
