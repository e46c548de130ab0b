import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Diagnosis } from '#shared/model/diagnosis.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { BootstrapStage } from '../../bootstrap/stage.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });

async function start(name: string, overrides: SettingsPatch = {}): Promise<RunningNode> {
  const dataDir = await mkdtemp(join(tmpdir(), 'doctor-'));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const node = await startNode({ dataDir, listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(dataDir, 'downloads'), ...overrides } });
  closers.push(() => node.close());
  return node;
}

/** A program that is not ours. Gives its address. */
async function stranger(greet: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    greet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const findings = ({ steps }: Diagnosis): string[] => steps.map(({ finding }) => finding);
const at = (node: RunningNode): string => `127.0.0.1:${node.port}`;

it('says what is at an address: this device, another one, one that refuses, none, or something else', async () => {
  const [one, two, shy] = [await start('One'), await start('Two'), await start('Shy', { visibility: 'paired' })];
  const ask = async (peer: string): Promise<string[]> => findings(await one.api.call('doctor.run', { peer }));
  expect(await ask(at(one))).toContain('address-own');
  expect(await ask(at(shy))).toContain('address-refuses');
  expect(await ask(await stranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toContain('address-stranger');
  expect(await ask(at(two))).toContain('address-linked');
  expect(await ask('Two')).toEqual(expect.arrayContaining(['device-linked', 'large-passes']));
  await two.close();
  // It is known by name and address, and nobody is there.
  const gone = await ask('Two');
  expect(gone).toEqual(expect.arrayContaining(['address-closed', 'device-quiet']));
  await one.api.call('peers.block', { peer: 'Two', blocked: true });
  expect(await ask('Two')).toContain('device-blocked');
  await expect(ask('Nobody')).rejects.toMatchObject({ code: 'peer-unknown' });
});

it('waits for a program that says nothing only until it is cancelled, or long enough', async () => {
  const one = await start('One');
  const mute = await stranger(() => undefined);
  const cancel = new AbortController();
  const cancelled = one.api.call('doctor.run', { peer: mute }, { signal: cancel.signal });
  one.api.subscribe((event) => { if (event.type === 'diagnosis' && event.diagnosis.testing === 'address') cancel.abort(); });
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  expect(findings(await one.api.call('doctor.run', { peer: mute }))).toContain('address-silent');
});

it('calls this device by its own door, and tells how far it is', async () => {
  const one = await start('One');
  const told: Diagnosis[] = [];
  one.api.subscribe((event) => { if (event.type === 'diagnosis') told.push(event.diagnosis); });
  const diagnosis = await one.api.call('doctor.run', {});
  expect(diagnosis.steps).toEqual(expect.arrayContaining([expect.objectContaining({ finding: 'listener-answers', params: { addresses: at(one) } }), expect.objectContaining({ finding: 'others-not-looked-for', state: 'failed' })]));
  expect(told.at(-1)).toEqual(diagnosis);
  expect(told.map(({ testing }) => testing)).toEqual(['visible', 'networks', 'port', 'listener', 'multicast', 'mdns', 'others', 'servers', 'outside', 'relay', 'mapping', 'address', 'large', null]);
  expect(told.map(({ progress }) => progress)).toEqual(told.map((_, done) => done / (told.length - 1)));
});

it('asks the servers how this device is seen from outside, and whether they carry connections', async () => {
  const servers = new BootstrapStage();
  closers.push(() => servers.close());
  const urls = await Promise.all([servers.server({ relay: true }), servers.server()].map(async (made) => {
    const { base, server } = await made;
    return `${base}#${server.fingerprint ?? ''}`;
  }));
  const one = await start('One', { servers: urls });
  await new Promise<void>((resolve) => {
    one.api.subscribe((event) => { if (event.type === 'status' && event.status.servers.every(({ state }) => state === 'online')) resolve(); });
  });
  const { steps } = await one.api.call('doctor.run', {});
  expect(steps).toEqual(expect.arrayContaining([
    expect.objectContaining({ finding: 'servers-online' }), expect.objectContaining({ finding: 'outside-direct', params: { address: '127.0.0.1' } }), expect.objectContaining({ finding: 'relay-there', params: { names: '127.0.0.1' } }),
  ]));
});
