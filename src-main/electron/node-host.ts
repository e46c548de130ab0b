import { MessageChannel } from 'node:worker_threads';
import type { ApiChannel } from '#shared/api/channel.ts';
import { createApiClient } from '#shared/api/client.ts';
import type { NodeApi } from '#shared/api/node-api.ts';
import { AppError } from '#shared/errors.ts';
import { second } from '#shared/units.ts';
import { serveApi } from '../api/serve-api.ts';
import { connectLocal } from '../local/connect-local.ts';
import { spawnWorker } from '../node/spawn-worker.ts';
import type { FromNodeThread, NodeThreadOptions, ToNodeThread } from './node-thread-messages.ts';
import { joinChannels, portChannel } from './port-channel.ts';

/** The node behind the windows, wherever it runs. */
export interface NodeHost {
  /** For the shell itself: tray, notifications, menu. */
  readonly api: NodeApi;
  /** Serves one window. */
  serve(channel: ApiChannel): void;
  /** Called when the node ended without being asked to. */
  onGone(listener: () => void): void;
  /** Stops the node if it is ours; answers when it has stopped. */
  close(): Promise<void>;
}

/** A node that hangs while it stops must not keep the program from ending, nor may a thread that cannot even be ended. */
const closeTimeoutMs = 5 * second;
const terminateTimeoutMs = 2 * second;
const pause = (ms: number): Promise<'late'> => new Promise((resolve) => { setTimeout(() => { resolve('late'); }, ms).unref(); });

/** Starts a node in its own thread. Rejects with what `startNode` rejects with. */
async function startNodeThread(options: NodeThreadOptions): Promise<NodeHost> {
  const worker = spawnWorker('node', { workerData: options });
  const tell = (message: ToNodeThread): void => {
    worker.postMessage(message, message.kind === 'serve' ? [message.port] : []);
  };
  const ended = new Promise<void>((resolve) => { worker.once('exit', () => { resolve(); }); });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromNodeThread) => {
      if (message.kind === 'failed') reject(new AppError(message.error.code, message.error.params));
      else resolve();
    });
  });
  worker.removeAllListeners('error');
  // The exit that follows tells the user; the cause belongs into the log.
  worker.on('error', (error) => { console.error(error); });

  const connect = (): ApiChannel => {
    const { port1, port2 } = new MessageChannel();
    tell({ kind: 'serve', port: port2 });
    return portChannel(port1);
  };
  let closing = false;
  return {
    api: createApiClient(connect()),
    serve: (channel) => { joinChannels(channel, connect()); },
    onGone: (listener) => {
      void ended.then(() => { if (!closing) listener(); });
    },
    close: async () => {
      closing = true;
      tell({ kind: 'close' });
      if (await Promise.race([ended, pause(closeTimeoutMs)]) === 'late') await Promise.race([worker.terminate(), pause(terminateTimeoutMs)]);
    },
  };
}

/** Joins a node that another program (`distrishare serve`) already runs on this data directory. */
async function joinRunningNode(dataDir: string): Promise<NodeHost> {
  const client = await connectLocal(dataDir);
  let closing = false;
  return {
    api: client,
    serve: (channel) => { serveApi(client, channel); },
    onGone: (listener) => { client.onClose(() => { if (!closing) listener(); }); },
    close: () => {
      closing = true;
      client.close();
      return Promise.resolve();
    },
  };
}

/** The node of a data directory: the one that runs there, else a new one. */
export async function openNode(options: NodeThreadOptions): Promise<NodeHost> {
  try {
    return await startNodeThread(options);
  } catch (error) {
    if (error instanceof AppError && error.code === 'node-already-running') return joinRunningNode(options.dataDir);
    throw error;
  }
}
