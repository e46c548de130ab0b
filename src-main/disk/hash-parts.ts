import { stat } from 'node:fs/promises';
import { hashBytes } from '#main/core/content/merkle.ts';
import { pieceBytesFor, pieceCount } from '#main/core/content/piece-size.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { fileVersion } from './file-version.ts';
import type { HashCalls } from './hash-calls.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Long enough that the trips cost nothing, short enough that the threads end about together; whole pieces of any size. */
const partBytes = 64 * MiB;

interface WholeFile {
  readonly path: string;
  readonly bytes: Bytes;
  readonly version: string;
}

/** A file that is worth the work of several threads; null for others, and for what cannot be looked at: a worker says why. */
export async function partsOf(path: string): Promise<WholeFile | null> {
  const state = await stat(path, { bigint: true }).catch(() => null);
  return state?.isFile() === true && state.size > partBytes ? { path, bytes: Number(state.size), version: fileVersion(state) } : null;
}

/** Hashes one file with all threads of the pool; every part sees to it that the file is the version that was looked at. */
export async function hashInParts(pool: WorkerPool<HashCalls>, file: WholeFile, signal: AbortSignal | undefined, onProgress: ((bytes: Bytes) => void) | undefined): Promise<FileHash> {
  const { path, bytes, version } = file;
  const pieceBytes = pieceBytesFor(bytes);
  const layer = new Uint8Array(pieceCount(bytes, pieceBytes) * hashBytes);
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  let next = 0;
  let done = 0;
  const underway = new Map<number, Bytes>();
  const tell = (): void => onProgress?.([...underway.values()].reduce((sum, part) => sum + part, done));
  const lane = async (slot: number): Promise<void> => {
    while (next < bytes && !either.aborted) {
      const from = next;
      const to = Math.min(bytes, from + partBytes);
      next = to;
      const onPart = (read: Bytes): void => {
        underway.set(slot, read);
        tell();
      };
      layer.set(await pool.at(slot).call('part', { path, version, pieceBytes, from, to }, { signal: either, onProgress: onPart }), (from / pieceBytes) * hashBytes);
      underway.delete(slot);
      done += to - from;
      tell();
    }
    if (either.aborted) throw new AppError('cancelled');
  };
  const stopOthers = (thrown: unknown): never => {
    abort.abort();
    throw thrown;
  };
  const lanes = Array.from({ length: pool.size }, (_, slot) => lane(slot).catch(stopOthers));
  const results = await Promise.allSettled(lanes);
  // What stopped the others comes before that they were stopped.
  const isCause = (result: PromiseSettledResult<void>): boolean => result.status === 'rejected' && !(result.reason instanceof AppError && result.reason.code === 'cancelled');
  await lanes[results.findIndex(isCause)];
  await Promise.all(lanes);
  return { root: await pool.at(pool.idlest).call('root', { layer, pieceBytes }), layer, pieceBytes, bytes, version };
}
