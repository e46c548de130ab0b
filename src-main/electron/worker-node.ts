/**
 * The thread the node lives in. The main thread routes every window's input, so nothing heavy may run there; a utility
 * process would lose the fast cryptography that the main process's session switches on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { invariant } from '#shared/assert.ts';
import { errorInfo } from '#shared/errors.ts';
import { startLocalServer } from '../local/local-server.ts';
import { startNode } from '../node/node.ts';
import type { FromNodeThread } from './node-thread-messages.ts';
import { nodeThreadOptionsSchema } from './node-thread-messages.ts';
import { serveThread } from './serve-thread.ts';

async function start(main: MessagePort): Promise<void> {
  const { dataDir, overrides } = nodeThreadOptionsSchema.parse(workerData);
  const logError = (what: string, error: unknown): void => { console.error(what, error); };
  const node = await startNode({ dataDir, overrides, onError: (error) => { logError('background work', error); } });
  try {
    const local = await startLocalServer({ api: node.api, dataDir, onInternalError: logError });
    serveThread(main, { api: node.api, onInternalError: logError }, async () => {
      await local.close();
      await node.close();
    });
  } catch (error) {
    await node.close();
    throw error;
  }
}

invariant(parentPort !== null, 'this module is the entry of a thread');
const main = parentPort;
start(main).catch((error: unknown) => {
  const failed: FromNodeThread = { kind: 'failed', error: errorInfo(error) };
  main.postMessage(failed);
  main.close();
});
