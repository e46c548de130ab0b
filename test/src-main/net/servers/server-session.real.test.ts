import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { makeIdentity } from '#main/net/identity.ts';
import { ServerSession } from '#main/net/servers/server-session.ts';
import { contentIdOf } from '#shared/ids.ts';
import { parseServerUrl } from '#shared/server-url.ts';

let server: Server;
let session: ServerSession;
/** What the server says that it knows of our shares. */
let revision: string | null = null;
const asked: string[] = [];
/** Answers that wait for a request, or a heartbeat, to come. */
let waiting: { what: string; came: () => void }[] = [];
const next = (what: string): Promise<void> => new Promise((came) => { waiting.push({ what, came }); });

function came(what: string): void {
  asked.push(what);
  const those = waiting.filter((each) => each.what === what);
  waiting = waiting.filter((each) => each.what !== what);
  for (const each of those) each.came();
}

beforeEach(async () => {
  const [own, identity] = [await makeIdentity(), await makeIdentity()];
  const registered = { deviceId: identity.id, heartbeatMs: 1000, silenceMs: 30_000, entries: 0 };
  server = createServer({ key: own.keyPem, cert: own.certPem }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => {
      const told: unknown = body === '' ? {} : JSON.parse(body);
      if (typeof told === 'object' && told !== null && 'revision' in told) revision = String(told.revision);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...registered, revision }));
      came(`${request.method ?? ''} ${request.url ?? ''}`);
    });
  }).listen(0, '127.0.0.1');
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.send(JSON.stringify({ ...registered, type: 'welcome', relay: false, registered: false, revision }));
    socket.on('message', () => {
      socket.send(JSON.stringify({ type: 'heartbeat', registered: true, revision }));
      came('heartbeat');
    });
  });
  await once(server, 'listening');
  const url = parseServerUrl(`https://127.0.0.1:${(server.address() as AddressInfo).port}#${own.id}`);
  if (url === null) throw new Error('that is a URL');
  session = new ServerSession(url, {
    identity, now: () => performance.now(), random: () => 0.5, onNode: () => undefined, onGone: () => undefined, onSignal: () => undefined, onRelay: () => undefined, onError: () => undefined,
    registration: () => ({ addresses: [], rooms: [], announced: { revision: 'all', entries: [{ contentId: contentIdOf(new Uint8Array(32)), kind: 'file', name: 'film.mkv', bytes: 1 }] } }),
  });
});
afterEach(async () => {
  await session.close();
  server.closeAllConnections();
  server.close();
});

it('a server that has lost what it was told is told again, and one that has not is left alone', async () => {
  await next('POST /v1/node/entries');
  await next('heartbeat');
  await next('heartbeat');
  expect(asked.filter((what) => what !== 'heartbeat')).toEqual(['PUT /v1/node', 'POST /v1/node/entries']);
  revision = null;
  await next('POST /v1/node/entries');
  expect(asked.filter((what) => what !== 'heartbeat')).toEqual(['PUT /v1/node', 'POST /v1/node/entries', 'PUT /v1/node', 'POST /v1/node/entries']);
});
