import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { pieceLength } from '../../core/content/piece-size.ts';
import type { Hasher } from '../ports/hasher.ts';
import { BufferPool } from '../swarm/buffer-pool.ts';
import type { ProvisionalFile } from './provisional-files.ts';

/** Bytes that are read or hashed at the same time: one of the largest pieces, or sixteen of the smallest. */
const mostBytes = limits.content.maxPieceBytes;

/** Fills a buffer with bytes of a file; false when it is not what it should be. */
type Read = (file: ProvisionalFile['file'], position: Bytes, into: Uint8Array<SharedArrayBuffer>) => Promise<boolean>;

/**
 * Hashes pieces of files that have no root yet, few bytes at a time and in the same memory: a device that asks for a block of each of many pieces must not
 * have all of these read at once.
 */
export class PieceHashes {
  readonly #hasher: Pick<Hasher, 'hashPiece'>;
  readonly #read: Read;
  readonly #buffers = new BufferPool(mostBytes);
  #bytes: Bytes = 0;
  /** First come first. */
  readonly #waiting: { readonly bytes: Bytes; readonly begin: () => void }[] = [];

  constructor(hasher: Pick<Hasher, 'hashPiece'>, read: Read) {
    this.#hasher = hasher;
    this.#read = read;
  }

  /** Null when the file is another one now. */
  async hash({ file, pieceBytes, isWholePiece }: ProvisionalFile, piece: number): Promise<Uint8Array | null> {
    const bytes = pieceLength(file.bytes, pieceBytes, piece);
    await this.#room(bytes);
    const { data, release } = this.#buffers.take(bytes);
    try {
      return (await this.#read(file, piece * pieceBytes, data)) ? await this.#hasher.hashPiece(data, pieceBytes, isWholePiece) : null;
    } finally {
      release();
      this.#bytes -= bytes;
      this.#beginNext();
    }
  }

  #room(bytes: Bytes): Promise<void> {
    return new Promise((begin) => {
      this.#waiting.push({ bytes, begin });
      this.#beginNext();
    });
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#bytes + next.bytes <= mostBytes; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.begin();
    }
  }
}
