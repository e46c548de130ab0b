import { parentPort } from 'node:worker_threads';
import { Merkle } from '#main/core/content/merkle.ts';
import type { FileHash } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { FileHasher } from './file-hasher.ts';
import type { HashCalls, SmallHashError } from './hash-calls.ts';
import { readSmallFiles } from './read-small-files.ts';
import { sha256 } from './sha256.ts';
import { answerCalls, type CallContext } from './worker-calls.ts';

/** Files hashed in one go before the thread looks for other messages. */
const filesPerTurn = 32;

const merkle = new Merkle(sha256);
const hasher = new FileHasher(merkle);
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function smallError(thrown: unknown): SmallHashError {
  const code = thrown instanceof AppError ? thrown.code : 'internal';
  return code === 'file-changed' || code === 'file-missing' || code === 'no-permission' ? code : 'disk-error';
}

async function hashFiles(paths: readonly string[], context: CallContext): Promise<(FileHash | { error: SmallHashError })[]> {
  const results: (FileHash | { error: SmallHashError })[] = [];
  for (const path of paths) {
    if (results.length % filesPerTurn === filesPerTurn - 1) await nextTurn();
    if (context.signal.aborted) throw new AppError('cancelled');
    try {
      results.push(hasher.hashSmallFile(path) ?? (await hasher.hashFile(path, context.signal, () => undefined)));
    } catch (thrown) {
      if (context.signal.aborted) throw thrown;
      results.push({ error: smallError(thrown) });
    }
  }
  return results;
}

if (parentPort === null) throw new Error('runs in a worker thread only');
answerCalls<HashCalls>(parentPort, {
  file: (path, context) => hasher.hashFile(path, context.signal, (bytes) => context.progress(bytes)),
  part: (part, context) => hasher.hashPart(part, context.signal, (bytes) => context.progress(bytes)),
  root: ({ layer, pieceBytes }) => merkle.rootOfLayer(layer, pieceBytes),
  files: hashFiles,
  read: readSmallFiles,
  piece: ({ data, pieceBytes, wholeFile }) => merkle.pieceHash(data, pieceBytes, wholeFile),
});
