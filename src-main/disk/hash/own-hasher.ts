import { availableParallelism } from 'node:os';
import { Merkle } from '#main/core/content/merkle.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import type { Hasher } from '#main/node/ports/hasher.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { FileHasher } from './file-hasher.ts';
import type { HashCalls } from './hash-calls.ts';
import { hashInParts, isWorthSharing, lookAt, threadsOf } from './hash-parts.ts';
import { maxHashThreads } from './hasher.ts';
import { sha256 } from './sha256.ts';

const never = new AbortController().signal;

/** Hashes in the thread that asks, and a large file in others as well: for a program that has nothing else to do. */
export function createOwnHasher(): Pick<Hasher, 'hashFile' | 'hashFiles' | 'close'> {
  const merkle = new Merkle(sha256);
  const own = new FileHasher(merkle);
  const others = new WorkerPool<HashCalls>(Math.min(maxHashThreads, availableParallelism()) - 1, () => spawnWorker('hash'));
  return {
    async hashFile(path, { signal = never, onProgress = () => undefined } = {}) {
      const file = others.size > 0 ? await lookAt(path) : null;
      if (file === null || !isWorthSharing(file)) return own.hashFile(path, signal, onProgress);
      // Threads that need a moment to start come first.
      const threads = [...threadsOf(others), own.hashShare.bind(own)];
      return hashInParts(threads, (layer, pieceBytes) => Promise.resolve(merkle.rootOfLayer(layer, pieceBytes)), file, signal, onProgress);
    },
    hashFiles: (paths, { signal = never } = {}) => own.hashFiles(paths, signal),
    close: () => others.close(),
  };
}
