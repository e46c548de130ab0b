import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsPatch } from '#shared/settings.ts';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';

const stage = new Stage();
const bytes = 3 * MiB;
const uploadLimit = 2_000_000;
let files: string;

/** Lines that shrink, and differ, so that a piece in the wrong place is seen. */
const lines = (of: string): string => Array.from({ length: bytes / 64 }, (_, number) => `${String(number).padStart(12, '0')} ${of.padEnd(12)} quick brown fox over a lazy dog...\n`).join('').padEnd(bytes, '.').slice(0, bytes);

beforeAll(async () => {
  files = await stage.folder();
  // Each another content: what the receiver has already it would not fetch.
  for (const name of ['log.txt', 'other.txt', 'third.txt', 'fourth.txt', 'pretends.zip']) await writeFile(join(files, name), lines(name));
  await writeRandom(join(files, 'noise.bin'), bytes);
});
afterAll(() => stage.close());

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];

const noLimits = { uploadLimit: 'off', downloadLimit: 'off', compression: 'auto' } as const;

/** A node that shares these files with everyone. */
async function source(name: string, shared: readonly string[], plan?: string): Promise<ServedNode> {
  const node = await stage.serve(['--name', name, ...quiet, ...(plan === undefined ? [] : ['--sabotage', plan])], plan === undefined ? undefined : (command, args) => ['env', ['DISTRISHARE_SABOTAGE=I-am-testing', command, ...args]]);
  for (const file of shared) await node.must('share', join(files, file), '--audience', 'everyone', '--wait');
  return node;
}

/** What a node has sent of a file, and what of that did not have to travel. */
async function sentBy(node: ServedNode, file: string): Promise<{ bytes: number; saved: number }> {
  const { transfers } = await node.call('transfers.list', { finished: false });
  const details = await Promise.all(transfers.filter(({ direction, name }) => direction === 'up' && name === file).map(({ id }) => node.call('transfers.get', { id })));
  return { bytes: details.reduce((sum, { transfer }) => sum + transfer.bytes, 0), saved: details.reduce((sum, { savedBytes = 0 }) => sum + savedBytes, 0) };
}

async function fetchFrom(receiver: ServedNode, from: string, file: string): Promise<void> {
  const to = await stage.folder();
  await receiver.must('get', from, file, '--to', to);
  expect(await sha256Of(join(to, file))).toBe(await sha256Of(join(files, file)));
}

describe('over a slow line', () => {
  let sender: ServedNode;
  let receiver: ServedNode;
  beforeAll(async () => {
    [sender, receiver] = await Promise.all([source('Sender', ['log.txt', 'other.txt', 'third.txt', 'fourth.txt', 'noise.bin', 'pretends.zip']), stage.serve(['--name', 'Receiver', ...quiet])]);
    await receiver.must('connect', `127.0.0.1:${sender.ready.port}`);
  });

  it.each<[string, string, SettingsPatch, SettingsPatch, boolean]>([
    ['text travels compressed where the sender sends slowly', 'log.txt', { uploadLimit }, {}, true],
    ['and where the receiver takes it slowly', 'other.txt', {}, { downloadLimit: uploadLimit }, true],
    ['but not when the sender does not want it', 'third.txt', { uploadLimit, compression: 'off' }, {}, false],
    ['nor when the receiver does not', 'fourth.txt', { uploadLimit }, { compression: 'off' }, false],
    ['what does not shrink travels as it is', 'noise.bin', { uploadLimit }, {}, false],
    ['and what is compressed already by its name', 'pretends.zip', { uploadLimit }, {}, false],
  ])('%s', async (_what, file, sending, receiving, compressed) => {
    await sender.call('settings.set', { patch: { ...noLimits, ...sending } });
    await receiver.call('settings.set', { patch: { ...noLimits, ...receiving } });
    await fetchFrom(receiver, 'Sender', file);
    const { bytes: sent, saved } = await sentBy(sender, file);
    expect(sent).toBe(bytes);
    if (compressed) expect(saved).toBeGreaterThan(bytes / 4);
    else expect(saved).toBe(0);
    expect((await receiver.call('peers.list', {})).map(({ badPieces }) => badPieces)).toEqual([undefined]);
  });
});

it('who sends bombs is banned for it, with evidence, and nobody else; the file comes from the others', async () => {
  const [bomber, honest, receiver] = await Promise.all([source('Bomber', ['log.txt'], 'bomb=1,seed=5'), source('Honest', ['log.txt']), stage.serve(['--name', 'Receiver', ...quiet])]);
  await bomber.call('settings.set', { patch: { uploadLimit } });
  await receiver.must('connect', `127.0.0.1:${bomber.ready.port}`);
  const banned = await receiver.listen((event) => event.type === 'peer' && event.peer.badPieces?.banned === true);
  const to = await stage.folder();
  await receiver.must('get', 'Bomber', 'log.txt', '--to', to, '--no-wait');
  await banned.event;
  const done = await receiver.listen((event) => event.type === 'transfer' && event.transfer.state === 'done');
  await receiver.must('connect', `127.0.0.1:${honest.ready.port}`);
  await done.event;
  expect(await sha256Of(join(to, 'log.txt'))).toBe(await sha256Of(join(files, 'log.txt')));
  const blamed = (await receiver.call('peers.list', {})).filter(({ badPieces }) => badPieces !== undefined);
  expect(blamed.map(({ name, badPieces }) => [name, badPieces?.banned, badPieces?.latest.map(({ file }) => file)])).toEqual([['Bomber', true, ['log.txt', 'log.txt']]]);
});
