import { closeSync, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { hashBytes, type Merkle } from '#main/core/content/merkle.ts';
import { pieceBytesFor, pieceCount } from '#main/core/content/piece-size.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { diskError } from '../disk-error.ts';
import { fileVersion, isVersion } from '../file-version.ts';
import { readFully, type VolumeKind } from '../files.ts';
import { readFlags } from '../read-flags.ts';
import { realFiles } from '../real-files.ts';
import { volumeKindNow } from '../volume/volume-kind.ts';
import type { SharedFile, SmallHashError } from './hash-calls.ts';

/** How often progress is told. */
const progressBytes = 32 * limits.content.minPieceBytes;

/** After so much other calls of this thread are heard, above all that this one is cancelled. */
const turnBytes = 16 * limits.content.minPieceBytes;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What of a shared file one thread takes at a time, unless a piece is longer: threads end within milliseconds of each other. */
const partBytes = 8 * limits.content.minPieceBytes;

/** Read and hashed in one go: what fits the processor's cache takes a twentieth less time than a whole piece. */
const chunkBytes = limits.content.minPieceBytes / 8;

/** Files hashed in one go before the thread looks for other messages. */
const filesPerTurn = 32;

interface Passage {
  readonly path: string;
  readonly fd: number;
  readonly from: Bytes;
  readonly to: Bytes;
  readonly pieceBytes: Bytes;
  readonly wholeFile: boolean;
  /** Hashes of all pieces of the file. */
  readonly layer: Uint8Array;
}

/**
 * Hashes files, each read and hashed by this thread. It waits for its reads: what the system has in memory comes faster than by way of
 * the thread pool, and while one thread waits for the disk, the system reads ahead and the others work.
 */
export class FileHasher {
  readonly #merkle: Merkle;
  /** Of all files: what is read is used up within the turn. */
  readonly #chunk = new Uint8Array(chunkBytes);
  /** Bytes until other calls of this thread are heard again. */
  #untilTurn = 0;

  constructor(merkle: Merkle) {
    this.#merkle = merkle;
  }

  /** Rejects with `file-changed`, `file-missing` (also for what is no plain file), `no-permission`, `disk-error`, `cancelled`. */
  async hashFile(path: string, signal: AbortSignal, onProgress: (bytes: Bytes) => void): Promise<FileHash> {
    const { fd, stat } = this.#open(path);
    try {
      const passage = this.#whole(path, fd, stat);
      let told = 0;
      await this.#hashPieces(passage, signal, (done) => {
        if (done - told >= progressBytes) onProgress((told = done));
      });
      return this.#result(passage, fileVersion(stat, volumeKindNow(dirname(path))));
    } catch (thrown) {
      throw diskError(thrown, path, 'file-missing');
    } finally {
      closeSync(fd);
    }
  }

  /** Hashes parts of a file of several pieces until all have been taken; gives the bytes hashed here. Rejects as `hashFile`, with `file-changed` also when it is not the version given. */
  async hashShare({ path, bytes, version, pieceBytes, taken, layer }: SharedFile, signal: AbortSignal, onProgress: (bytes: Bytes) => void): Promise<Bytes> {
    const { fd, stat } = this.#open(path);
    try {
      if (!isVersion(version, stat)) throw new AppError('file-changed', { path });
      const stride = Math.max(partBytes, pieceBytes);
      let done = 0;
      let told = 0;
      for (;;) {
        const from = Atomics.add(taken, 0, 1) * stride;
        if (from >= bytes) break;
        const to = Math.min(bytes, from + stride);
        await this.#hashPieces({ path, fd, from, to, pieceBytes, wholeFile: false, layer }, signal, () => undefined);
        done += to - from;
        if (done - told >= progressBytes) onProgress((told = done));
      }
      if (!isVersion(version, fstatSync(fd, { bigint: true }))) throw new AppError('file-changed', { path });
      return done;
    } catch (thrown) {
      throw diskError(thrown, path, 'file-missing');
    } finally {
      closeSync(fd);
    }
  }

  /** Files one after the other, one result or error each; rejects with `cancelled`. */
  async hashFiles(paths: readonly string[], signal: AbortSignal): Promise<(FileHash | { error: SmallHashError })[]> {
    const results: (FileHash | { error: SmallHashError })[] = [];
    // Files come folder by folder, and those of one folder lie on one volume.
    const volumes = new Map<string, VolumeKind>();
    for (const path of paths) {
      if (results.length % filesPerTurn === filesPerTurn - 1) await nextTurn();
      if (signal.aborted) throw new AppError('cancelled');
      try {
        results.push(this.#hashSmallFile(path, volumes) ?? (await this.hashFile(path, signal, () => undefined)));
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        results.push({ error: smallError(thrown) });
      }
    }
    return results;
  }

  /** A file of at most one minimal piece, without leaving the current turn; null when it is longer. */
  #hashSmallFile(path: string, volumes: Map<string, VolumeKind>): FileHash | null {
    const { fd, stat } = this.#open(path);
    try {
      if (stat.size > limits.content.minPieceBytes) return null;
      const passage = this.#whole(path, fd, stat);
      if (passage.to > 0) this.#hashPiece(passage, 0);
      const folder = dirname(path);
      const volume = volumes.get(folder) ?? volumeKindNow(folder);
      volumes.set(folder, volume);
      return this.#result(passage, fileVersion(stat, volume));
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

  #whole(path: string, fd: number, stat: BigIntStats): Passage {
    const to = Number(stat.size);
    const pieceBytes = pieceBytesFor(to);
    return { path, fd, from: 0, to, pieceBytes, wholeFile: to <= pieceBytes, layer: new Uint8Array(pieceCount(to, pieceBytes) * hashBytes) };
  }

  async #hashPieces(passage: Passage, signal: AbortSignal, onPiece: (bytes: Bytes) => void): Promise<void> {
    const { from, to, pieceBytes } = passage;
    for (let piece = from; piece < to; piece += pieceBytes) {
      if (this.#untilTurn <= 0) {
        await nextTurn();
        this.#untilTurn = turnBytes;
      }
      if (signal.aborted) throw new AppError('cancelled');
      this.#untilTurn -= pieceBytes;
      this.#hashPiece(passage, piece);
      onPiece(Math.min(piece + pieceBytes, to) - from);
    }
  }

  /** Reads and hashes the piece that begins at `piece`. */
  #hashPiece({ path, fd, to, pieceBytes, wholeFile, layer }: Passage, piece: Bytes): void {
    const end = Math.min(piece + pieceBytes, to);
    let leaves = 0;
    for (let at = piece; at < end; at += chunkBytes) {
      const data = end - at < chunkBytes ? this.#chunk.subarray(0, end - at) : this.#chunk;
      if (readFully(realFiles, fd, data, at) < data.length) throw new AppError('file-changed', { path });
      leaves = this.#merkle.addLeaves(data, leaves);
    }
    this.#merkle.pieceOfLeaves(leaves, pieceBytes, wholeFile, layer, (piece / pieceBytes) * hashBytes);
  }

  /** `version`: before the reading. */
  #result({ path, fd, layer, pieceBytes, to }: Passage, version: string): FileHash {
    if (!isVersion(version, fstatSync(fd, { bigint: true }))) throw new AppError('file-changed', { path });
    return { root: this.#merkle.rootOfLayer(layer, pieceBytes), layer, pieceBytes, bytes: to, version };
  }
}

function smallError(thrown: unknown): SmallHashError {
  const code = thrown instanceof AppError ? thrown.code : 'internal';
  return code === 'file-changed' || code === 'file-missing' || code === 'no-permission' ? code : 'disk-error';
}
