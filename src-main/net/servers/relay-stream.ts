import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { KiB } from '#shared/units.ts';

/** A server hands a message on only when all of it has come, and so does the other end: a whole block in one would make everything behind it wait for that twice. */
const messageBytes = 64 * KiB;

/** What a server carries, as a stream. */
export function relayStream(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket);
  // The one method of the stream that the library gives for writing, which sends what it gets as one message.
  stream._write = (chunk: Buffer, _encoding, done) => {
    let at = 0;
    for (; chunk.length - at > messageBytes; at += messageBytes) socket.send(chunk.subarray(at, at + messageBytes));
    // Messages go out in order, and when one fails those behind it do.
    socket.send(chunk.subarray(at), done);
  };
  return stream;
}
