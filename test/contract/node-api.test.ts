import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serveApi } from '#main/api/serve-api.ts';
import { connectLocal } from '#main/local/connect-local.ts';
import { startLocalServer } from '#main/local/local-server.ts';
import { startWebServer } from '#main/web/web-server.ts';
import type { WebServer } from '#main/web/web-server.ts';
import { wsChannel } from '#main/web/ws-channel.ts';
import { createApiClient } from '#shared/api/client.ts';
import type { ApiClient } from '#shared/api/client.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { AbortSignalLike } from '#shared/api/node-api.ts';
import { AppError } from '#shared/errors.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import { defaultSettings } from '#shared/settings.ts';
import { FakeNode, forever, statusOf, turn, until } from './fake-node.ts';
import { memoryChannels } from './memory-channel.ts';

interface Transport {
  readonly name: string;
  open(node: FakeNode): Promise<{ client: ApiClient; close: () => Promise<void> }>;
}

const extras = { 'local.echo': (args: unknown) => Promise.resolve(args) };

const transports: Transport[] = [
  {
    name: 'memory',
    open: (node) => {
      const { client, server } = memoryChannels();
      serveApi(node, server, { extras });
      return Promise.resolve({ client: createApiClient(client), close: () => Promise.resolve() });
    },
  },
  {
    name: 'local socket',
    open: async (node) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'local-'));
      const server = await startLocalServer({ api: node, dataDir, extras });
      return { client: await connectLocal(dataDir), close: async () => { await server.close(); await rm(dataDir, { recursive: true }); } };
    },
  },
  {
    name: 'WebSocket',
    open: async (node) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'web-'));
      const server = await startWebServer({ api: node, dataDir, uiDir: dataDir, port: 0, extras });
      const socket = await openSocket(server);
      return { client: createApiClient(wsChannel(socket)), close: async () => { await server.close(); await rm(dataDir, { recursive: true }); } };
    },
  },
];

/** Signs in as a browser does and opens its WebSocket. */
async function openSocket({ port, newUrl }: WebServer): Promise<WebSocket> {
  const answer = await fetch(newUrl(), { redirect: 'manual' });
  const key = answer.headers.get('location')?.replace('/#key=', '') ?? '';
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api`, ['distrishare', key], { headers: { cookie: answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; '), origin: `http://127.0.0.1:${port}` } });
  await once(socket, 'open');
  return socket;
}

describe.each(transports)('NodeApi over $name', (transport) => {
  let node: FakeNode;
  let client: ApiClient;
  let close: () => Promise<void>;

  beforeEach(async () => {
    node = new FakeNode();
    ({ client, close } = await transport.open(node));
  });
  afterEach(async () => {
    client.close();
    await close();
  });

  it('answers a call', async () => {
    node.handlers['node.status'] = () => statusOf({ name: 'Ámbar 🦅' });
    expect(await client.call('node.status', {})).toEqual(statusOf({ name: 'Ámbar 🦅' }));
  });

  it('carries errors with code and parameters', async () => {
    node.handlers['peers.forget'] = () => { throw new AppError('peer-unknown', { name: 'x' }); };
    await expect(client.call('peers.forget', { peer: 'x' })).rejects.toMatchObject({ code: 'peer-unknown', params: { name: 'x' } });
  });

  it('hides what is not an AppError behind `internal`', async () => {
    node.handlers['peers.forget'] = () => { throw new TypeError('oh'); };
    await expect(client.call('peers.forget', { peer: 'x' })).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses arguments outside the schema before the node sees them', async () => {
    await expect(client.call('browse.list', { peer: 'x', path: '', limit: 100_000 })).rejects.toMatchObject({ code: 'bad-argument', params: { argument: 'limit' } });
    expect(node.asked).toEqual([]);
  });

  it('carries what files are worth to the user, and nothing else', async () => {
    await expect(client.callExtra('transfers.setFilePriority', { id: '1'.repeat(16), indices: [0], priority: 'urgent' })).rejects.toMatchObject({ code: 'bad-argument', params: { argument: 'priority' } });
    await expect(client.callExtra('transfers.setInOrder', { id: '1'.repeat(16) })).rejects.toMatchObject({ code: 'bad-argument', params: { argument: 'inOrder' } });
    expect(node.asked).toEqual([]);
    node.handlers['transfers.files'] = () => ({ files: [{ index: 0, path: 'a', mappedPath: null, bytes: 2, doneBytes: 1, priority: 'skip', state: 'waiting' }], total: 1, next: null });
    expect((await client.call('transfers.files', { id: transferIdSchema.parse('1'.repeat(16)), limit: 10 })).files).toMatchObject([{ priority: 'skip', doneBytes: 1 }]);
  });

  it('refuses results outside the schema', async () => {
    node.handlers['node.status'] = () => statusOf({ port: 0.5 });
    await expect(client.call('node.status', {})).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses calls that do not exist, also those every object has', async () => {
    await expect(client.callExtra('node.explode', {})).rejects.toMatchObject({ code: 'unknown-command' });
    await expect(client.callExtra('constructor', {})).rejects.toMatchObject({ code: 'unknown-command' });
  });

  it('serves what the channel offers besides', async () => {
    expect(await client.callExtra('local.echo', { a: [1] })).toEqual({ a: [1] });
  });

  it('aborts a running call at both ends', async () => {
    let signal: AbortSignalLike | undefined;
    node.handlers['search.stop'] = (_args, given) => {
      signal = given;
      return forever();
    };
    const abort = new AbortController();
    const call = client.call('search.stop', { id: '1' }, { signal: abort.signal });
    await until(() => signal !== undefined);
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await until(() => signal?.aborted === true);
  });

  it('does not ask at all when already aborted', async () => {
    await expect(client.call('node.status', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(node.asked).toEqual([]);
  });

  it('answers many calls at once, each its own', async () => {
    node.handlers['transfers.pauseAll'] = async ({ paused }) => {
      if (paused) await turn();
      return { changed: paused ? 1 : 2 };
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => client.call('transfers.pauseAll', { paused: at % 2 === 0 })));
    expect(answers.map(({ changed }) => changed)).toEqual(Array.from({ length: 50 }, (_, at) => 1 + (at % 2)));
  });

  it('limits the calls that run at once', async () => {
    node.handlers['search.stop'] = forever;
    const results = Array.from({ length: 65 }, () => client.call('search.stop', { id: '1' }).then(() => 'done', (error: unknown) => (error instanceof AppError ? error.code : 'other')));
    expect(await Promise.race(results)).toBe('too-many');
    expect(node.asked).toHaveLength(64);
  });

  it('delivers events to every listener until it stops', async () => {
    const heard: NodeEvent[] = [];
    const other: NodeEvent[] = [];
    const stop = client.subscribe((event) => heard.push(event));
    client.subscribe((event) => other.push(event));
    await until(() => node.listeners.size > 0);
    expect(node.listeners.size).toBe(1);
    const event = (port: number): NodeEvent => ({ type: 'settings', settings: { ...defaultSettings, name: 'A', downloadDir: '/d', port } });
    node.emit(event(1));
    await until(() => other.length === 1);
    stop();
    node.emit(event(2));
    await until(() => other.length === 2);
    expect(heard).toEqual([event(1)]);
  });

  it('ends calls and stops listening to the node when the client goes', async () => {
    let signal: AbortSignalLike | undefined;
    node.handlers['search.stop'] = (_args, given) => {
      signal = given;
      return forever();
    };
    client.subscribe(() => undefined);
    const call = client.call('search.stop', { id: '1' });
    await until(() => signal !== undefined && node.listeners.size === 1);
    client.close();
    await expect(call).rejects.toMatchObject({ code: 'node-not-running' });
    await until(() => signal?.aborted === true && node.listeners.size === 0);
    await expect(client.call('node.status', {})).rejects.toMatchObject({ code: 'node-not-running' });
  });
});
