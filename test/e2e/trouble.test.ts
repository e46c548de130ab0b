import { spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transfer } from '#shared/model/transfer.ts';
import type { RateLimit } from '#shared/model/limit.ts';
import { MiB } from '#shared/units.ts';
import { pairOfNodes, Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';
import { untilBytes, untilDone, untilItWaits, untilTransfer } from './until.ts';

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
let stage = new Stage();
const mounted: string[] = [];
afterEach(async () => {
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
  await stage.close();
  stage = new Stage();
});

async function startDownload(node: ServedNode, path: string, to: string): Promise<Transfer> {
  return node.call('transfers.start', { source: { kind: 'path', peer: 'Sender', path }, to });
}

async function sharedFile(node: ServedNode, name: string, bytes: number): Promise<string> {
  const source = join(await stage.folder(), name);
  await writeRandom(source, bytes);
  await share(node, source);
  return source;
}

async function share(node: ServedNode, path: string): Promise<void> {
  const { id } = await node.call('shares.add', { path, audience: { kind: 'everyone' } });
  await node.call('shares.whenHashed', { id });
}
const setUploadLimit = (node: ServedNode, uploadLimit: RateLimit) => node.call('settings.set', { patch: { uploadLimit } });
const connect = (from: ServedNode, to: ServedNode) => from.call('peers.connect', { address: `127.0.0.1:${to.ready.port}` });

describe('a download', () => {
  it('takes from everyone who has the content, whatever it is called there', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = await sharedFile(sender, 'film.bin', 48 * MiB);
    const second = await stage.serve(['--name', 'Second', ...quiet]);
    const copy = join(await stage.folder(), 'other name.bin');
    await copyFile(source, copy);
    await share(second, copy);
    for (const node of [sender, second]) await setUploadLimit(node, 16 * MiB);
    await connect(receiver, second);
    const to = await stage.folder();
    const { id } = await startDownload(receiver, 'film.bin', to);
    await untilDone(receiver, id);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
    const sent = await Promise.all([sender, second].map((node) => node.call('transfers.list', {})));
    // Whoever gives can look at it as closely as whoever takes.
    const up = sent[0]?.transfers.find((transfer) => transfer.direction === 'up') ?? expect.fail('no upload');
    const detail = await sender.call('transfers.get', { id: up.id });
    expect(detail).toMatchObject({ transfer: { direction: 'up', name: 'film.bin' }, sources: [{ peer: receiver.ready.deviceId, bytes: up.bytes }] });
    expect(sent.map(({ transfers }) => transfers.some((transfer) => transfer.direction === 'up' && transfer.bytes > 8 * MiB))).toEqual([true, true]);
  });

  it('waits while its only source is away, and goes on by itself when it is back', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = await sharedFile(sender, 'film.bin', 24 * MiB);
    await setUploadLimit(sender, 6 * MiB);
    const to = await stage.folder();
    const { id } = await startDownload(receiver, 'film.bin', to);
    const before = await untilBytes(receiver, id, 4 * MiB);
    await sender.kill('SIGKILL');
    await untilItWaits(receiver, id);
    const back = await stage.serve(['--name', 'Sender', ...quiet], undefined, sender.dataDir);
    await setUploadLimit(back, 'off');
    await connect(receiver, back);
    const after = await untilDone(receiver, id);
    expect(after.doneBytes).toBeGreaterThan(before.doneBytes);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
  });

  it('goes on when somebody who is linked already begins to share what it waits for', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = await sharedFile(sender, 'film.bin', 16 * MiB);
    await setUploadLimit(sender, 6 * MiB);
    const second = await stage.serve(['--name', 'Second', ...quiet]);
    await connect(receiver, second);
    const to = await stage.folder();
    const { id } = await startDownload(receiver, 'film.bin', to);
    await untilBytes(receiver, id, 2 * MiB);
    await sender.kill('SIGKILL');
    await untilItWaits(receiver, id);
    await share(second, source);
    await untilDone(receiver, id);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
  });

  it('waits for the new version when the file changes at its source', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = await sharedFile(sender, 'film.bin', 24 * MiB);
    await setUploadLimit(sender, 6 * MiB);
    const to = await stage.folder();
    const { id } = await startDownload(receiver, 'film.bin', to);
    await untilBytes(receiver, id, 4 * MiB);
    await writeRandom(source, 20 * MiB);
    await setUploadLimit(sender, 'off');
    await untilDone(receiver, id);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
  });

  it('keeps to the download limit, pauses and resumes', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    await sharedFile(sender, 'film.bin', 12 * MiB);
    await receiver.must('settings', 'downloadLimit', String(4 * MiB));
    const to = await stage.folder();
    const started = performance.now();
    const { id } = await startDownload(receiver, 'film.bin', to);
    await untilBytes(receiver, id, 1);
    await receiver.must('pause', id);
    const paused = await untilTransfer(receiver, id, 'a pause', ({ state }) => state === 'paused');
    // What is there stays in sight while nothing runs.
    expect(paused.doneBytes).toBeGreaterThan(0);
    expect(paused.doneBytes).toBeLessThan(12 * MiB);
    await receiver.must('resume', id);
    await untilDone(receiver, id);
    expect(performance.now() - started).toBeGreaterThan(2000);
  });
});

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!mayMount) console.warn('skipped: a full disk (mounting a small one needs root on Linux)');

describe.skipIf(!mayMount)('a full disk', () => {
  it('makes the download wait with its reason, and go on by itself when there is room', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = await sharedFile(sender, 'film.bin', 40 * MiB);
    const to = join(await stage.folder(), 'disk');
    await mkdir(to);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=90m', 'tmpfs', to]).status).toBe(0);
    mounted.push(to);
    const { id } = await startDownload(receiver, 'film.bin', to);
    await untilTransfer(receiver, id, 'disk-full', ({ state, reason }) => state === 'waiting' && reason?.code === 'disk-full');
    expect(spawnSync('mount', ['-o', 'remount,size=400m', to]).status).toBe(0);
    await untilDone(receiver, id);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
  });
});

describe('people', () => {
  it('pair by comparing codes, and then see what is for paired devices', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    const source = join(await stage.folder(), 'for friends.bin');
    await writeRandom(source, 1000);
    await sender.must('share', source, '--audience', 'devices', '--wait');
    expect((await receiver.cli('browse', 'Sender', 'for friends.bin')).code).not.toBe(0);
    const asked = await sender.listen((event) => event.type === 'pairing' && event.pairing.state === 'compare');
    const ours = await receiver.call('pairing.start', { peer: 'Sender' });
    const theirs = await asked.event;
    expect(theirs.type === 'pairing' && theirs.pairing.code).toBe(ours.code);
    await receiver.call('pairing.answer', { peer: 'Sender', same: true });
    await sender.call('pairing.answer', { peer: 'Receiver', same: true });
    expect(await receiver.call('peers.list', {})).toMatchObject([{ name: 'Sender' }]);
    const to = await stage.folder();
    await receiver.must('get', 'Sender', 'for friends.bin', '--to', to);
    expect(await sha256Of(join(to, 'for friends.bin'))).toBe(await sha256Of(source));
  });

  it('that are blocked see nothing and are not linked', async () => {
    const { sender, receiver } = await pairOfNodes(stage);
    await sharedFile(sender, 'film.bin', 1000);
    await sender.must('block', 'Receiver');
    const outcome = await receiver.cli('connect', `127.0.0.1:${sender.ready.port}`);
    expect(outcome.code).toBe(4);
  });
});

it('one person alone can try everything with the demo neighbour', async () => {
  const node = await stage.serve(['--name', 'Alone', ...quiet]);
  await node.call('demo.start', {});
  const peers = await node.call('peers.list', {});
  expect(peers).toMatchObject([{ name: 'Demo', online: true }]);
  const { entries } = await node.call('browse.list', { peer: 'Demo', path: '', limit: 100 });
  expect(entries.map(({ name }) => name)).toEqual(['Sample papers', 'Sample photos']);
  const to = await stage.folder();
  await node.must('get', 'Demo', 'Sample papers', '--to', to);
  await node.call('demo.stop', {});
  expect(await node.call('peers.list', {})).toEqual([]);
});
