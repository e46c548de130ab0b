import { availableParallelism } from 'node:os';
import type { Hasher, SmallRead } from '#main/node/ports/hasher.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import { second, type Millis } from '#shared/units.ts';
import type { HashCalls } from './hash-calls.ts';
import { hashInParts, threadsOf, worthSharing } from './hash-parts.ts';
import type { SmallReads } from './read-small-files.ts';
import { WorkerPool } from './worker-pool.ts';

/** More are faster than any disk. */
export const maxHashThreads = 4;
const defaultWorkers = (): number => Math.min(maxHashThreads, availableParallelism());

const idleMs = 3 * second;

/** Reads and hashes files in worker threads: `workers` at most, ended when they had nothing to do for `idleMs`. */
export function createHasher(options: { workers?: number; idleMs?: Millis } = {}): Hasher {
  const pool = new WorkerPool<HashCalls>(options.workers ?? defaultWorkers(), () => spawnWorker('hash'));
  pool.endIdleAfter(options.idleMs ?? idleMs);
  const idlest = () => pool.at(pool.idlest);
  return {
    async hashFile(path, { signal, onProgress } = {}) {
      const file = pool.size > 1 ? await worthSharing(path) : null;
      if (file !== null) return hashInParts(threadsOf(pool), (layer, pieceBytes) => idlest().call('root', { layer, pieceBytes }), file, signal, onProgress);
      return idlest().call('file', path, { signal, onProgress });
    },
    async hashFiles(paths, { signal } = {}) {
      return idlest().call('files', paths, { signal });
    },
    async hashPiece(data, pieceBytes, wholeFile) {
      return idlest().call('piece', { data, pieceBytes, wholeFile });
    },
    async readSmall(reads) {
      return idlest().call('read', packReads(reads));
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
