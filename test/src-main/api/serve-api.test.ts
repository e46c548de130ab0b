import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serveApi } from '#main/api/serve-api.ts';
import { createApiClient } from '#shared/api/client.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { transferSchema, type Transfer } from '#shared/model/transfer.ts';
import { defaultSettings } from '#shared/settings.ts';
import { deviceB, FakeNode, forever, statusOf, turn, until } from '../../contract/fake-node.ts';
import { memoryChannels } from '../../contract/memory-channel.ts';

const transferOf = (digit: string): Transfer => transferSchema.parse({
  id: digit.repeat(16), direction: 'down', name: digit, kind: 'file', state: 'cancelled', reason: null, bytes: 1, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0, etaSeconds: null, priority: 'normal', inOrder: false,
  peers: [], path: null, contentId: null, addedAt: 1, finishedAt: 2,
});

function serve() {
  const node = new FakeNode();
  const channels = memoryChannels();
  serveApi(node, channels.server);
  return { node, ...channels };
}

describe('serving hostile clients', () => {
  const malformed = ['', '{', '[]', 'null', '{"kind":"call"}', '{"kind":"call","id":-1,"name":"node.status"}', '{"kind":"call","id":1e99,"name":"node.status","args":{}}', '{"kind":"explode"}', `{"kind":"call","id":1,"name":"${'x'.repeat(65)}"}`];
  it.each(malformed)('closes on %j', async (text) => {
    const { client } = serve();
    let closed = false;
    client.onClose(() => { closed = true; });
    client.send(text);
    await turn();
    expect(closed).toBe(true);
  });

  it('closes when a number is used for two running calls', async () => {
    const { node, client } = serve();
    node.handlers['search.stop'] = forever;
    let closed = false;
    client.onClose(() => { closed = true; });
    for (let times = 0; times < 2; times++) client.send('{"kind":"call","id":7,"name":"search.stop","args":{"id":"1"}}');
    await turn();
    expect(closed).toBe(true);
    expect(node.asked).toHaveLength(1);
  });

  it('survives any JSON', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string(), fc.record({ kind: fc.constantFrom('call', 'abort', 'subscribe'), id: fc.nat(3), name: fc.constantFrom('node.status', '__proto__', 'settings.set'), args: fc.jsonValue() }).map((message) => JSON.stringify(message)))), async (texts) => {
      const { node, client } = serve();
      node.handlers['node.status'] = () => statusOf();
      for (const text of texts) client.send(text);
      await turn();
    }), { numRuns: 200 });
  });

  it('counts answers that are not taken yet as running calls', async () => {
    const { node, client, hold, release } = serve();
    node.handlers['node.status'] = () => statusOf();
    const api = createApiClient(client);
    hold();
    const calls = Array.from({ length: 70 }, () => api.call('node.status', {}).then(() => 'ok', () => 'refused'));
    await turn();
    release();
    const results = await Promise.all(calls);
    expect(results.filter((result) => result === 'ok')).toHaveLength(64);
    expect(node.asked).toHaveLength(64);
  });
});

describe('events for a slow client', () => {
  const settings = (port: number): NodeEvent => ({ type: 'settings', settings: { ...defaultSettings, name: 'A'.repeat(40), downloadDir: '/d', port } });

  it('are the latest of each thing, in the order of the latest changes', async () => {
    const { node, client, hold, release } = serve();
    const api = createApiClient(client);
    const heard: NodeEvent[] = [];
    api.subscribe((event) => heard.push(event));
    await until(() => node.listeners.size === 1);
    hold();
    // 300 kB of one big event close the window; what follows waits and is replaced.
    node.emit({ type: 'status', status: statusOf({ name: 'x'.repeat(300_000) }) });
    for (let port = 1; port <= 1000; port++) {
      node.emit(settings(port));
      node.emit({ type: 'peer-gone', id: deviceB });
      node.emit({ type: 'status', status: statusOf({ port }) });
    }
    node.emit(settings(9999));
    release();
    await turn();
    expect(heard.slice(1)).toEqual([{ type: 'peer-gone', id: deviceB }, { type: 'status', status: statusOf({ port: 1000 }) }, settings(9999)]);
  });

  it('tells nothing more of downloads that are forgotten', async () => {
    const { node, client, hold, release } = serve();
    const api = createApiClient(client);
    const heard: string[] = [];
    api.subscribe((event) => heard.push(event.type === 'transfer' ? event.transfer.id : event.type));
    await until(() => node.listeners.size === 1);
    hold();
    node.emit({ type: 'status', status: statusOf({ name: 'x'.repeat(300_000) }) });
    for (const digit of ['1', '2', '3']) node.emit({ type: 'transfer', transfer: transferOf(digit) });
    node.emit({ type: 'transfers-gone', direction: 'down', ids: [transferOf('1').id, transferOf('3').id] });
    release();
    await turn();
    expect(heard).toEqual(['status', '2'.repeat(16), 'transfers-gone']);
  });

  it('of too many things end the connection instead of filling memory', async () => {
    const { node, client, hold } = serve();
    const api = createApiClient(client);
    let closed = false;
    api.onClose(() => { closed = true; });
    api.subscribe(() => undefined);
    await until(() => node.listeners.size === 1);
    hold();
    node.emit({ type: 'status', status: statusOf({ name: 'x'.repeat(300_000) }) });
    for (let share = 0; share <= 20_000 && !closed; share++) node.emit({ type: 'listing', peer: deviceB, share: String(share) });
    expect(closed).toBe(true);
    expect(node.listeners.size).toBe(0);
  });

  it('keep a bounded number of problems', async () => {
    const { node, client, hold, release } = serve();
    const api = createApiClient(client);
    const heard: NodeEvent[] = [];
    api.subscribe((event) => heard.push(event));
    await until(() => node.listeners.size === 1);
    hold();
    node.emit({ type: 'status', status: statusOf({ name: 'x'.repeat(300_000) }) });
    for (let n = 0; n < 200; n++) node.emit({ type: 'problem', error: { code: 'internal', params: { n } } });
    release();
    await turn();
    expect(heard.filter(({ type }) => type === 'problem')).toHaveLength(50);
  });
});

describe('client', () => {
  it('skips events of kinds it does not know, and goes on', async () => {
    const { client, server } = memoryChannels();
    const api = createApiClient(client);
    const heard: string[] = [];
    api.subscribe((event) => heard.push(event.type));
    server.send('{"kind":"event","event":{"type":"teleport","to":"mars"}}');
    server.send(JSON.stringify({ kind: 'event', event: { type: 'peer-gone', id: deviceB } }));
    await turn();
    expect(heard).toEqual(['peer-gone']);
  });

  it.each(['{', '{"kind":"result"}', '{"kind":"event"}'])('closes on %j', async (text) => {
    const { client, server } = memoryChannels();
    const api = createApiClient(client);
    const call = api.call('node.status', {});
    server.send(text);
    await expect(call).rejects.toMatchObject({ code: 'node-not-running' });
  });

  it('refuses an answer outside the contract', async () => {
    const { client, server } = memoryChannels();
    const api = createApiClient(client);
    const call = api.call('node.status', {});
    server.send('{"kind":"result","id":0,"value":{"name":7}}');
    await expect(call).rejects.toMatchObject({ code: 'other-version', params: {} });
  });
});
