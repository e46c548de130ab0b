import type { MessagePort } from 'node:worker_threads';
import type { NodeApi } from '#shared/api/node-api.ts';
import { serveApi } from '../api/serve-api.ts';
import type { ServeApiOptions } from '../api/serve-api.ts';
import type { FromNodeThread, ToNodeThread } from './node-thread-messages.ts';
import { portChannel } from './port-channel.ts';

/** The thread's side: serves a node to whoever main sends a port for, until told to close. Then nothing keeps the thread. */
export function serveThread(main: MessagePort, { api, ...serving }: ServeApiOptions & { readonly api: NodeApi }, close: () => Promise<void>): void {
  const ports = new Set<MessagePort>();
  const tell = (message: FromNodeThread): void => { main.postMessage(message); };

  async function end(): Promise<void> {
    for (const port of ports) port.close();
    try {
      await close();
    } finally {
      tell({ kind: 'closed' });
      main.close();
    }
  }

  main.on('message', (message: ToNodeThread) => {
    if (message.kind === 'close') {
      void end();
      return;
    }
    const { port } = message;
    ports.add(port);
    port.once('close', () => ports.delete(port));
    serveApi(api, portChannel(port), serving);
  });
  tell({ kind: 'ready' });
}
