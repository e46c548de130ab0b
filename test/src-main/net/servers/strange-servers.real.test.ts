import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { makeIdentity } from '#main/net/identity.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import { BootstrapStage } from '../../bootstrap/stage.ts';

const stage = new BootstrapStage();
const nodes: RunningNode[] = [];
const closing: (() => void)[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  for (const close of closing.splice(0)) close();
  await stage.close();
});

async function start(name: string, server: string | null, onError: (error: unknown) => void = () => undefined): Promise<RunningNode> {
  const folder = await stage.folder();
  const node = await startNode({ dataDir: folder, listen: '127.0.0.1', onError, overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'downloads'), servers: server === null ? [] : [server] } });
  nodes.push(node);
  return node;
}

/** Resolves when a look fits; looks again at every event, of which there is one each second at least. */
function when<T>(node: RunningNode, look: () => Promise<T>, fits: (seen: T) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      look().then((seen) => {
        if (!fits(seen)) return;
        unsubscribe();
        resolve(seen);
      }, reject);
    };
    const unsubscribe = node.api.subscribe(check);
    check();
  });
}

const online = (node: RunningNode): Promise<ServerHealth | undefined> => when(node, async () => (await node.api.call('node.status', {})).servers[0], (health) => health?.state === 'online');

it('who names wrong addresses and claims contents it has not is dialled, and neither linked, listed nor asked for anything', async () => {
  const { server, base } = await stage.server();
  const url = `${base}#${server.fingerprint ?? ''}`;
  const [anna, ben] = await Promise.all([start('Anna', url), start('Ben', url)]);
  const path = join(await stage.folder(), 'Beach photos');
  await mkdir(path);
  await writeFile(join(path, 'day one.txt'), 'the first day');
  const share = await anna.api.call('shares.add', { path, audience: { kind: 'public' } });
  const { contentId } = await anna.api.call('shares.whenHashed', { id: share.id });
  if (contentId === null) throw new Error('it is hashed');
  // Two that lie: one at Anna's own address, one where nobody is; both with her content.
  for (const address of [`127.0.0.1:${anna.port}`, '127.0.0.1:9']) {
    const liar = await stage.client(base);
    await liar.call('register', { addresses: [address], rooms: [] });
    await liar.call('entries', { reset: true, add: [{ contentId, kind: 'folder', name: 'Beach film', bytes: 5e9 }], revision: 'lie' });
  }
  await Promise.all([anna, ben].map(online));
  // Servers hear a moment later what is shared.
  const onlooker = await stage.client(base);
  await when(anna, () => onlooker.call('holders', { contentIds: [contentId] }), ({ contents }) => contents[0]?.holders.length === 3);

  expect(await ben.api.call('transfers.start', { source: { kind: 'content', contentId } })).toMatchObject({ name: 'Beach photos', kind: 'folder' });
  expect((await ben.api.call('peers.list', {})).map(({ name, online }) => [name, online])).toEqual([['Anna', true]]);
});

/** A server of a newer version, which answers whatever is asked with the same; the questions it gets, and its URL. */
async function newerServer(answer: object, status = 200): Promise<{ url: string; asked: string[] }> {
  const own = await makeIdentity();
  const asked: string[] = [];
  const later = { later: { things: [1] } };
  const device = { deviceId: deviceIdOf(new Uint8Array(32).fill(1)), heartbeatMs: 10_000, silenceMs: 30_000, revision: null, entries: 0, ...later };
  const server = createServer({ key: own.keyPem, cert: own.certPem }, (request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ ...device, ...answer }));
  }).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    for (const message of [{ type: 'greeting-of-version-9', ...later }, 'no object', { ...device, type: 'welcome', relay: true, registered: false }, { type: 'later', ...later }, { type: 'heartbeat', registered: true, revision: null, ...later }]) {
      socket.send(JSON.stringify(message));
    }
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { asked, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}#${own.id}` };
}

it('of a newer version are understood as far as they say what we know', async () => {
  const { asked, url } = await newerServer({});
  const anna = await start('Anna', url);
  expect(await online(anna)).toMatchObject({ error: null, relay: true });
  expect(asked).toContain('PUT /v1/node');
});

it('of a newer version name holders beside things that we do not understand: those we do are dialled, and the log says the rest once', async () => {
  const ben = await start('Ben', null);
  const path = join(await stage.folder(), 'day one.txt');
  await writeFile(path, 'the first day');
  const share = await ben.api.call('shares.add', { path, audience: { kind: 'public' } });
  const { contentId } = await ben.api.call('shares.whenHashed', { id: share.id });
  if (contentId === null) throw new Error('it is hashed');
  const holders = [{ swarm: 'of a kind that is new' }, { deviceId: ben.deviceId, addresses: ['ben.example.onion:47800', `127.0.0.1:${ben.port}`], outside: '127.0.0.1' }];
  const { url } = await newerServer({ contents: [{ contentId, holders, truncated: false }] });
  const logged: unknown[] = [];
  const anna = await start('Anna', url, (error) => { logged.push(error); });
  await online(anna);

  expect(await anna.api.call('transfers.start', { source: { kind: 'content', contentId } })).toMatchObject({ name: 'day one.txt' });
  await expect(anna.api.call('transfers.start', { source: { kind: 'content', contentId: contentIdOf(new Uint8Array(32)) } })).rejects.toMatchObject({ code: 'content-unknown' });
  expect(logged).toMatchObject([{ code: 'protocol-error' }]);
  // Of the two holders one, and of the other one an address.
  expect(await online(anna)).toMatchObject({ unknown: 2 });
});

it('of a newer version refuses for a reason that we do not know: it is told, and asked again when the server says', async () => {
  const { url, asked } = await newerServer({ error: { code: 'quota-of-tomorrow', detail: 'come again', retryAfterMs: 60_000 } }, 429);
  const anna = await start('Anna', url);
  const refused = await when(anna, async () => (await anna.api.call('node.status', {})).servers[0], (health) => health !== undefined && health.error !== null);
  expect(refused).toMatchObject({ error: { code: 'server-newer', params: { detail: 'quota-of-tomorrow' } } });
  expect(asked.filter((each) => each === 'PUT /v1/node')).toHaveLength(1);
});
