import type { Socket } from 'node:net';
import type { ApiChannel } from '#shared/api/channel.ts';
import { MiB } from '#shared/units.ts';
import { LineSplitter } from './line-splitter.ts';

/** A client that asks and asks without reading is cut off here. */
const maxUnsentBytes = 64 * MiB;

/** JSON lines over a local socket. Setting a listener again replaces the one before: first the handshake's, then the API's. */
export function socketChannel(socket: Socket, maxMessageBytes: number): ApiChannel {
  const lines = new LineSplitter(maxMessageBytes);
  let onMessage: (text: string) => void = () => undefined;
  let onClose: () => void = () => undefined;

  socket.on('data', (chunk) => {
    try {
      for (const line of lines.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk))) {
        if (socket.destroyed) return;
        onMessage(line);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      socket.destroy();
    }
  });
  // An error is always followed by `close`, which is all that matters here.
  socket.on('error', () => undefined);
  socket.on('close', () => { onClose(); });

  return {
    send(text, sent) {
      if (socket.destroyed) return;
      socket.write(`${text}\n`, (error) => { if (!error) sent?.(); });
      if (socket.writableLength > maxUnsentBytes) socket.destroy();
    },
    onMessage(listener) { onMessage = listener; },
    onClose(listener) { onClose = listener; },
    close: () => { socket.destroy(); },
  };
}
