import { availableParallelism } from 'node:os';
import type { Hasher } from '#main/node/ports/hasher.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import type { HashCalls } from './hash-calls.ts';
import { WorkerPool } from './worker-pool.ts';

/** One core stays for the links; more than four threads are faster than any disk. */
const defaultWorkers = (): number => Math.min(4, Math.max(1, availableParallelism() - 1));

/** Hashes files in worker threads; `workers` is their number. */
export function createHasher(options: { workers?: number } = {}): Hasher {
  const pool = new WorkerPool<HashCalls>(options.workers ?? defaultWorkers(), () => spawnWorker('hash'));
  const idlest = () => pool.at(pool.idlest);
  return {
    async hashFile(path, { signal, onProgress } = {}) {
      return idlest().call('file', path, { signal, onProgress });
    },
    async hashFiles(paths, { signal } = {}) {
      return idlest().call('files', paths, { signal });
    },
    async hashPiece(data, pieceBytes, wholeFile) {
      return idlest().call('piece', { data, pieceBytes, wholeFile });
    },
    close: () => pool.close(),
  };
}
