import { afterEach, beforeEach, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { BootstrapStage } from './stage.ts';
import type { Listening, TestClient } from './bootstrap-client.ts';
import { deviceOf } from './registry/things.ts';

let stage: BootstrapStage;
beforeEach(() => { stage = new BootstrapStage(); });
afterEach(() => stage.close());

/** A registered device that has been welcomed. */
async function listener(base: string): Promise<{ client: TestClient; heard: Listening }> {
  const client = await stage.client(base);
  await client.call('register', { addresses: [], rooms: [] });
  const heard = await client.events();
  expect(await heard.next()).toMatchObject({ type: 'welcome', relay: false });
  return { client, heard };
}

it('hands what a device says to another to all WebSockets of that one, unchanged, and tells who said it', async () => {
  const { base } = await stage.server();
  const [one, two] = [await listener(base), await listener(base)];
  const again = await two.client.events();
  await again.next();
  const data = '\u0000é"\\\n漢'.repeat(100);
  one.heard.say({ type: 'signal', to: two.client.id, data });
  expect(await two.heard.next()).toEqual({ type: 'signal', from: one.client.id, data });
  expect(await again.next()).toEqual({ type: 'signal', from: one.client.id, data });
  again.say({ type: 'signal', to: one.client.id, data: 'x'.repeat(limits.bootstrap.signalChars) });
  expect(await one.heard.next()).toMatchObject({ type: 'signal', from: two.client.id });
  const metrics = (await one.client.ask('/v1/metrics')).text;
  expect(metrics).toContain('\ndistrishare_bootstrap_signals_delivered_total 2\n');
  expect(metrics).toContain('\ndistrishare_bootstrap_signals_undelivered_total 0\n');
});

it('says when nobody listens there, and takes signals of registered devices only', async () => {
  const { base } = await stage.server();
  const [one, two] = [await listener(base), await listener(base)];
  one.heard.say({ type: 'signal', to: deviceOf(1), data: '' });
  expect(await one.heard.next()).toEqual({ type: 'undelivered', to: deviceOf(1) });
  await one.client.call('unregister');
  one.heard.say({ type: 'signal', to: two.client.id, data: 'not registered' });
  expect(await one.heard.next()).toEqual({ type: 'undelivered', to: two.client.id });
  two.heard.beat();
  expect(await two.heard.next()).toMatchObject({ type: 'heartbeat' });
});

it('lets a device say thirty things at once, holds back what is more, and cuts who goes on', async () => {
  const { base } = await stage.server();
  const [one, two] = [await listener(base), await listener(base)];
  const say = (times: number): void => { for (let at = 0; at < times; at++) one.heard.say({ type: 'signal', to: two.client.id, data: String(at) }); };
  say(30);
  for (let at = 0; at < 30; at++) expect(await two.heard.next()).toMatchObject({ data: String(at) });
  one.heard.beat();
  expect(await one.heard.next()).toMatchObject({ type: 'heartbeat' });
  say(40);
  expect(await one.heard.next()).toEqual({ type: 'undelivered', to: two.client.id });
  say(1000);
  expect(await one.heard.closed).toBe(1008);
  // Another WebSocket of the same device has no allowance of its own, and the server serves others.
  const again = await one.client.events();
  await again.next();
  two.heard.say({ type: 'signal', to: one.client.id, data: 'still there' });
  expect(await again.next()).toMatchObject({ data: 'still there' });
});

it.each([
  ['without a device', { type: 'signal', data: 'x' }], ['to something that is no device', { type: 'signal', to: 'x', data: 'x' }],
  ['that is too long', { type: 'signal', to: deviceOf(1), data: 'x'.repeat(limits.bootstrap.signalChars + 1) }], ['of something else than text', { type: 'signal', to: deviceOf(1), data: {} }],
])('cuts whoever sends a signal %s', async (_, message) => {
  const { base } = await stage.server();
  const { heard } = await listener(base);
  heard.socket.send(JSON.stringify(message));
  expect(await heard.closed).toBe(1008);
});

it('tells one device the same no more than a few times, however many WebSockets it opens, and the new ones rather than the old', async () => {
  const { base } = await stage.server();
  const [one, two] = [await listener(base), await listener(base)];
  const more: Listening[] = [];
  for (let count = 0; count < limits.bootstrap.webSocketsPerDevice; count++) more.push(await two.client.events());
  await two.heard.closed;
  one.heard.say({ type: 'signal', to: two.client.id, data: 'once each' });
  for (const socket of more) expect([await socket.next(), await socket.next()]).toMatchObject([{ type: 'welcome' }, { type: 'signal', data: 'once each' }]);
  const [first] = more;
  first?.socket.close();
  await first?.closed;
  const again = await two.client.events();
  expect(await again.next()).toMatchObject({ type: 'welcome' });
  more.at(1)?.beat();
  expect(await more.at(1)?.next()).toMatchObject({ type: 'heartbeat' });
});

it('counts heartbeats that are not due as what an address may ask for, and cuts who has used that up', async () => {
  const { base } = await stage.server({ requestBurst: 30, requestsPerSecond: 1 });
  const { heard } = await listener(base);
  for (let count = 0; count < 40; count++) heard.beat();
  expect(await heard.closed).toBe(1008);
});
