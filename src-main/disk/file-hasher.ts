import { constants, closeSync, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { hashBytes, LayerBuilder, type Merkle } from '#main/core/content/merkle.ts';
import { pieceBytesFor } from '#main/core/content/piece-size.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { diskError } from './disk-error.ts';
import { fileVersion } from './file-version.ts';
import { readFully } from './files.ts';
import type { FilePart } from './hash-calls.ts';
import { realFiles } from './real-files.ts';

/** How often progress is told. */
const progressBytes = 32 * limits.content.minPieceBytes;

/** `O_NONBLOCK`: a pipe in the place of a file must not hold the thread. Windows has no such thing. */
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** After so much other calls of this thread are heard, above all that this one is cancelled. */
const turnBytes = 16 * limits.content.minPieceBytes;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Passage {
  readonly path: string;
  readonly fd: number;
  readonly from: Bytes;
  readonly to: Bytes;
  readonly chunkBytes: Bytes;
  readonly signal: AbortSignal;
}

let memory = new Uint8Array(limits.content.minPieceBytes);
/** Memory of this thread, until the end of the turn: what is read is used up before another call goes on. A buffer for each passage would be garbage faster than it is collected. */
function scratch(bytes: Bytes): Uint8Array {
  if (memory.length < bytes) memory = new Uint8Array(bytes);
  return memory.subarray(0, bytes);
}

/**
 * Gives a passage of a file chunk by chunk. The thread waits for its reads: what the system has in memory comes faster than by way of
 * the thread pool, and while one thread waits for the disk, the system reads ahead and the others work.
 */
async function readThrough({ path, fd, from, to, chunkBytes, signal }: Passage, take: (data: Uint8Array, at: Bytes) => void): Promise<void> {
  let untilTurn = 0;
  for (let at = from; at < to; at += chunkBytes) {
    if (untilTurn <= 0) {
      await nextTurn();
      if (signal.aborted) throw new AppError('cancelled');
      untilTurn = turnBytes;
    }
    const data = scratch(Math.min(chunkBytes, to - at));
    if (readFully(realFiles, fd, data, at) < data.length) throw new AppError('file-changed', { path });
    untilTurn -= data.length;
    take(data, at);
  }
}

/** Hashes files, each read and hashed by this thread. */
export class FileHasher {
  readonly #merkle: Merkle;

  constructor(merkle: Merkle) {
    this.#merkle = merkle;
  }

  /** Rejects with `file-changed`, `file-missing` (also for what is no plain file), `no-permission`, `disk-error`, `cancelled`. */
  async hashFile(path: string, signal: AbortSignal, onProgress: (bytes: Bytes) => void): Promise<FileHash> {
    const { fd, stat } = this.#open(path);
    try {
      const bytes = Number(stat.size);
      const pieceBytes = pieceBytesFor(bytes);
      const builder = new LayerBuilder(this.#merkle, bytes, pieceBytes);
      let told = 0;
      await readThrough({ path, fd, from: 0, to: bytes, chunkBytes: pieceBytes, signal }, (data, at) => {
        builder.add(data);
        if (at - told >= progressBytes) onProgress((told = at));
      });
      return this.#result(path, fd, stat, pieceBytes, builder);
    } catch (thrown) {
      throw diskError(thrown, path, 'file-missing');
    } finally {
      closeSync(fd);
    }
  }

  /** Hashes of some pieces of a file of several; rejects as `hashFile`, with `file-changed` also when it is not the version given. */
  async hashPart({ path, version, pieceBytes, from, to }: FilePart, signal: AbortSignal, onProgress: (bytes: Bytes) => void): Promise<Uint8Array> {
    const { fd, stat } = this.#open(path);
    try {
      if (fileVersion(stat) !== version) throw new AppError('file-changed', { path });
      const layer = new Uint8Array(Math.ceil((to - from) / pieceBytes) * hashBytes);
      let told = 0;
      await readThrough({ path, fd, from, to, chunkBytes: pieceBytes, signal }, (data, at) => {
        this.#merkle.pieceHash(data, pieceBytes, false, layer, ((at - from) / pieceBytes) * hashBytes);
        if (at - from - told >= progressBytes) onProgress((told = at - from));
      });
      if (fileVersion(fstatSync(fd, { bigint: true })) !== version) throw new AppError('file-changed', { path });
      return layer;
    } catch (thrown) {
      throw diskError(thrown, path, 'file-missing');
    } finally {
      closeSync(fd);
    }
  }

  /** A file of at most one minimal piece, without leaving the current turn; null when it is longer. */
  hashSmallFile(path: string): FileHash | null {
    const { fd, stat } = this.#open(path);
    try {
      const bytes = Number(stat.size);
      if (bytes > limits.content.minPieceBytes) return null;
      const pieceBytes = pieceBytesFor(bytes);
      const data = scratch(bytes);
      if (bytes > 0 && readSync(fd, data, 0, bytes, 0) !== bytes) throw new AppError('file-changed', { path });
      const builder = new LayerBuilder(this.#merkle, bytes, pieceBytes);
      builder.add(data);
      return this.#result(path, fd, stat, pieceBytes, builder);
    } catch (thrown) {
      throw diskError(thrown, path, 'file-missing');
    } finally {
      closeSync(fd);
    }
  }

  #open(path: string): { fd: number; stat: BigIntStats } {
    let fd: number | null = null;
    try {
      fd = openSync(path, readFlags);
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) throw new AppError('file-missing', { path });
      return { fd, stat };
    } catch (thrown) {
      if (fd !== null) closeSync(fd);
      throw diskError(thrown, path, 'file-missing');
    }
  }

  #result(path: string, fd: number, before: BigIntStats, pieceBytes: Bytes, builder: LayerBuilder): FileHash {
    const version = fileVersion(before);
    if (fileVersion(fstatSync(fd, { bigint: true })) !== version) throw new AppError('file-changed', { path });
    return { ...builder.finish(), pieceBytes, bytes: Number(before.size), version };
  }
}
