import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { makeIdentity } from '#main/net/identity.ts';
import { ServerClient } from '#main/net/servers/server-client.ts';
import { parseServerUrl } from '#shared/server-url.ts';
import { KiB, MiB } from '#shared/units.ts';
import { bytesOf } from '../../bootstrap/stream-bytes.ts';

let server: Server;
let client: ServerClient;
const { signal } = new AbortController();
const ticket = '0'.repeat(32);

beforeEach(async () => {
  const [own, identity] = [await makeIdentity(), await makeIdentity()];
  server = createServer({ key: own.keyPem, cert: own.certPem }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = parseServerUrl(`https://127.0.0.1:${(server.address() as AddressInfo).port}#${own.id}`);
  if (url === null) throw new Error('that is a URL');
  client = new ServerClient(url, identity);
});
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

/** Lets the WebSocket open and sends a message, in one packet. */
function welcomeAtOnce(opcode: number, message: Buffer): void {
  server.on('upgrade', ({ headers }, socket: Duplex) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(answer), Buffer.from([0x80 | opcode, message.length]), message]));
  });
}

it('loses nothing that a relay sends together with its yes', async () => {
  welcomeAtOnce(2, Buffer.from('the beginning of TLS'));
  const stream = await client.relay(ticket, null, signal);
  expect((await bytesOf(stream, 20)).toString()).toBe('the beginning of TLS');
});

it('loses nothing that a server tells together with its yes', async () => {
  welcomeAtOnce(1, Buffer.from('{"type":"welcome"}'));
  const heard = await new Promise<string>((resolve, reject) => {
    client.events(signal, (socket) => { socket.once('message', (data) => { resolve(String(data)); }); }).catch(reject);
  });
  expect(heard).toBe('{"type":"welcome"}');
});

it('sends what is written to a relay in short messages, because each is handed on only whole', async () => {
  const sockets = new WebSocketServer({ server });
  const connected = once(sockets, 'connection');
  const stream = await client.relay(ticket, null, signal);
  const [socket] = (await connected) as [WebSocket];
  const written = randomBytes(3 * MiB + 7);
  const messages: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    let bytes = 0;
    socket.on('message', (data: Buffer) => {
      messages.push(data);
      bytes += data.length;
      if (bytes === written.length) resolve();
    });
  });
  stream.write(written.subarray(0, MiB));
  stream.write(written.subarray(MiB, MiB + 1));
  stream.write(written.subarray(MiB + 1));
  await all;
  expect(Buffer.concat(messages).equals(written)).toBe(true);
  expect(Math.max(...messages.map(({ length }) => length))).toBe(64 * KiB);
});
