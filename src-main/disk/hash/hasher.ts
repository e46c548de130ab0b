import { availableParallelism } from 'node:os';
import type { Hasher, SmallRead } from '#main/node/ports/hasher.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import { limits } from '#shared/limits.ts';
import { MiB, second, type Millis } from '#shared/units.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import type { HashCalls } from './hash-calls.ts';
import { hashInParts, isWorthSharing, lookAt, threadsOf } from './hash-parts.ts';
import type { SmallReads } from './read-small-files.ts';

/** More are faster than any disk. */
export const maxHashThreads = 4;
const defaultWorkers = (): number => Math.min(maxHashThreads, availableParallelism());

const idleMs = 3 * second;

/**
 * Small files are worth a further thread, which costs eight megabytes, when each of the last batches of some size took longer than this for a file
 * (a disk that is waited for; one batch alone may have waited for the processor) or the last one held more than this: else one thread hashes and
 * reads them faster than others can make use of it.
 */
const longBatch = { msPerFile: 0.25, files: 32, inARow: 4, bytes: 4 * MiB };

/** Reads and hashes files in worker threads: `workers` at most, ended when they had nothing to do for `idleMs`. */
export function createHasher(options: { workers?: number; idleMs?: Millis } = {}): Hasher {
  const pool = new WorkerPool<HashCalls>(options.workers ?? defaultWorkers(), () => spawnWorker('hash'));
  pool.endIdleAfter(options.idleMs ?? idleMs);
  let slowInARow = 0;
  let areBatchesLong = false;
  const idlest = () => pool.at(pool.idlest);
  const forSmallFiles = () => pool.at(areBatchesLong ? pool.idlest : pool.idlestRunning);
  return {
    async hashFile(path, { signal, onProgress } = {}) {
      const file = pool.size > 1 ? await lookAt(path) : null;
      if (file !== null && isWorthSharing(file)) return hashInParts(threadsOf(pool), (layer, pieceBytes) => idlest().call('root', { layer, pieceBytes }), file, signal, onProgress);
      const isSmall = file !== null && file.bytes <= limits.content.minPieceBytes;
      return (isSmall ? forSmallFiles() : idlest()).call('file', path, { signal, onProgress });
    },
    async hashFiles(paths, { signal } = {}) {
      const { hashes, tookMs } = await forSmallFiles().call('files', paths, { signal });
      if (paths.length >= longBatch.files) slowInARow = tookMs > longBatch.msPerFile * paths.length ? slowInARow + 1 : 0;
      areBatchesLong = slowInARow >= longBatch.inARow || hashes.reduce((sum, hash) => sum + ('error' in hash ? 0 : hash.bytes), 0) > longBatch.bytes;
      return hashes;
    },
    async hashPiece(data, pieceBytes, wholeFile) {
      return idlest().call('piece', { data, pieceBytes, wholeFile });
    },
    async readSmall(reads) {
      return forSmallFiles().call('read', packReads(reads));
    },
    close: () => pool.close(),
  };
}

function packReads(reads: readonly SmallRead[]): SmallReads {
  const buffers: SharedArrayBuffer[] = [];
  const places = new Float64Array(reads.length * 4);
  reads.forEach(({ position, into: { buffer, byteOffset, length } }, at) => {
    // Mostly the last one: small parts share their memory.
    if (buffers.at(-1) !== buffer) buffers.push(buffer);
    places[at * 4] = position;
    places[at * 4 + 1] = buffers.length - 1;
    places[at * 4 + 2] = byteOffset;
    places[at * 4 + 3] = length;
  });
  return { paths: reads.map(({ path }) => path), insides: reads.map(({ inside }) => inside), versions: reads.map(({ version }) => version), buffers, places };
}
