import type { WebSocket } from 'ws';
import type { ApiChannel } from '#shared/api/channel.ts';
import { MiB, second } from '#shared/units.ts';

const maxUnsentBytes = 64 * MiB;
const pingEveryMs = 30 * second;

/** The contract over one WebSocket: text messages only; a browser that vanished without a word is noticed by pings. */
export function wsChannel(socket: WebSocket): ApiChannel {
  let onMessage: (text: string) => void = () => undefined;
  let onClose: () => void = () => undefined;
  let answered = true;
  const pinging = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, pingEveryMs);

  socket.on('pong', () => { answered = true; });
  socket.on('message', (data, isBinary) => {
    if (isBinary || !Buffer.isBuffer(data)) socket.terminate();
    else onMessage(data.toString('utf8'));
  });
  // Too long or not WebSocket at all: `close` follows and says all there is to say.
  socket.on('error', () => { socket.terminate(); });
  socket.on('close', () => {
    clearInterval(pinging);
    onClose();
  });

  return {
    send(text, sent) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(text, (error) => { if (error === undefined || error === null) sent?.(); });
      if (socket.bufferedAmount > maxUnsentBytes) socket.terminate();
    },
    onMessage(listener) { onMessage = listener; },
    onClose(listener) { onClose = listener; },
    close: () => { socket.close(); },
  };
}
