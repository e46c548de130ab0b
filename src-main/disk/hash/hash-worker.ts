import { parentPort } from 'node:worker_threads';
import { Merkle } from '#main/core/content/merkle.ts';
import { answerCalls } from '../workers/worker-calls.ts';
import { FileHasher } from './file-hasher.ts';
import type { HashCalls } from './hash-calls.ts';
import { readSmallFiles } from './read-small-files.ts';
import { sha256 } from './sha256.ts';

const merkle = new Merkle(sha256);
const hasher = new FileHasher(merkle);

if (parentPort === null) throw new Error('runs in a worker thread only');
answerCalls<HashCalls>(parentPort, {
  file: (path, context) => hasher.hashFile(path, context.signal, (bytes) => context.progress(bytes)),
  share: (file, context) => hasher.hashShare(file, context.signal, (bytes) => context.progress(bytes)),
  root: ({ layer, pieceBytes }) => merkle.rootOfLayer(layer, pieceBytes),
  files: async (paths, context) => {
    const began = performance.now();
    const hashes = await hasher.hashFiles(paths, context.signal);
    return { hashes, tookMs: performance.now() - began };
  },
  read: readSmallFiles,
  piece: ({ data, pieceBytes, wholeFile }) => merkle.pieceHash(data, pieceBytes, wholeFile),
});
