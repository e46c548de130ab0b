import type { MessagePort } from 'node:worker_threads';
import type { ApiChannel } from '#shared/api/channel.ts';

/** The contract over a port between threads of one process. */
export const portChannel = (port: MessagePort): ApiChannel => ({
  send(text, sent) {
    port.postMessage(text);
    sent?.();
  },
  onMessage: (listener) => {
    port.on('message', (text: unknown) => {
      if (typeof text === 'string') listener(text);
    });
  },
  onClose: (listener) => {
    port.once('close', listener);
  },
  close: () => {
    port.close();
  },
});

/** Passes everything one way and the other until either end closes. */
export function joinChannels(a: ApiChannel, b: ApiChannel): void {
  a.onMessage((text) => { b.send(text); });
  b.onMessage((text) => { a.send(text); });
  a.onClose(() => { b.close(); });
  b.onClose(() => { a.close(); });
}
