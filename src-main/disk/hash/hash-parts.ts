import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashBytes } from '#main/core/content/merkle.ts';
import { pieceBytesFor, pieceCount } from '#main/core/content/piece-size.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { fileVersion } from '../file-version.ts';
import { volumeKindOf } from '../volume/volume-kind.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';
import type { HashCalls, SharedFile } from './hash-calls.ts';

/** Above this a file is worth the start of other threads. */
const sharedFromBytes = 64 * MiB;

interface WholeFile {
  readonly path: string;
  readonly bytes: Bytes;
  readonly version: string;
}

/** A thread that hashes parts of a file which others hash too, as `FileHasher.hashShare` does. */
export type ShareThread = (file: SharedFile, signal: AbortSignal, onProgress: (bytes: Bytes) => void) => Promise<Bytes>;

/** Every thread of a pool. */
export const threadsOf = (pool: WorkerPool<HashCalls>): ShareThread[] =>
  Array.from({ length: pool.size }, (_, slot): ShareThread => async (file, signal, onProgress) => pool.at(slot).call('share', file, { signal, onProgress }));

/** How a file is now; null when it cannot be looked at: who hashes it says why. */
export async function lookAt(path: string): Promise<WholeFile | null> {
  const state = await stat(path, { bigint: true }).catch(() => null);
  return state?.isFile() === true ? { path, bytes: Number(state.size), version: fileVersion(state, await volumeKindOf(dirname(path))) } : null;
}

/** Whether a file is worth the work of several threads. */
export const isWorthSharing = ({ bytes }: WholeFile): boolean => bytes > sharedFromBytes;

/** Hashes one file with several threads at once, each of which sees to it that the file is the version that was looked at. */
export async function hashInParts(
  threads: readonly ShareThread[], rootOf: (layer: Uint8Array, pieceBytes: Bytes) => Promise<Uint8Array>, file: WholeFile, signal?: AbortSignal, onProgress?: (bytes: Bytes) => void,
): Promise<FileHash> {
  const pieceBytes = pieceBytesFor(file.bytes);
  const shared: SharedFile = {
    ...file, pieceBytes, taken: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), layer: new Uint8Array(new SharedArrayBuffer(pieceCount(file.bytes, pieceBytes) * hashBytes)),
  };
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const done = threads.map(() => 0);
  const results = await Promise.allSettled(threads.map(async (share, slot) => {
    const tell = (bytes: Bytes): void => {
      done[slot] = bytes;
      onProgress?.(done.reduce((sum, of) => sum + of, 0));
    };
    try {
      tell(await share(shared, either, tell));
    } catch (thrown) {
      abort.abort();
      throw thrown;
    }
  }));
  const failures = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  // What stopped the others comes before that they were stopped.
  if (failures.length > 0) throw failures.find((reason) => !(reason instanceof AppError && reason.code === 'cancelled')) ?? failures[0];
  const layer = new Uint8Array(shared.layer);
  return { root: await rootOf(layer, pieceBytes), layer, pieceBytes, bytes: file.bytes, version: file.version };
}
