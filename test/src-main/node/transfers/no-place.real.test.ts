import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode } from '#main/node/node.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { PatientSource } from './patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

it('files that cannot be put where they are to go hold up no other one, and come as soon as they can', async () => {
  const source = await PatientSource.start({ large: 3 * MiB, 'sub/large': 2 * MiB, 'sub/small': 1000, 'sub/small too': 2000, small: 500 });
  const folder = await mkdtemp(join(tmpdir(), 'no-place-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const inTheWay = join(folder, 'to', 'Folder', 'sub');
  await mkdir(join(folder, 'to', 'Folder'), { recursive: true });
  await writeFile(inTheWay, 'a file of the user');
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  await node.api.call('peers.connect', { address: source.address });
  source.giveAll();
  const { id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
  const transfer = async (): Promise<Transfer> => (await node.api.call('transfers.get', { id })).transfer;

  await expect.poll(transfer).toMatchObject({ doneFiles: 2, state: 'waiting', reason: { code: 'not-a-folder', params: { path: inTheWay } } });
  expect(await readFile(inTheWay, 'utf8')).toBe('a file of the user');
  await rm(inTheWay);
  await expect.poll(transfer).toMatchObject({ doneFiles: 5, state: 'done' });
  for (const { name, data } of source.files) expect(Buffer.compare(await readFile(join(folder, 'to', 'Folder', name)), data)).toBe(0);
});

it('an empty folder that cannot be made holds up no file, is not forgotten over a restart, and comes as soon as it can', async () => {
  const source = await PatientSource.start({ large: 3 * MiB, small: 500 });
  source.emptyFolders = ['aside', 'empty', 'other'];
  source.giveAll();
  const folder = await mkdtemp(join(tmpdir(), 'no-place-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const inTheWay = join(folder, 'to', 'Folder', 'empty');
  await mkdir(join(folder, 'to', 'Folder'), { recursive: true });
  await writeFile(inTheWay, 'a file of the user');
  const start = () => startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  const first = await start();
  await first.api.call('peers.connect', { address: source.address });
  const { id } = await first.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
  const reason = { code: 'not-a-folder', params: { path: inTheWay } };
  await expect.poll(async () => (await first.api.call('transfers.get', { id })).transfer).toMatchObject({ doneFiles: 2, state: 'waiting', reason });
  expect(await readdir(join(folder, 'to', 'Folder'))).toEqual(['aside', 'empty', 'large', 'other', 'small']);
  await first.close();

  const second = await start();
  toClose.push(() => second.close());
  const transfer = async (): Promise<Transfer> => (await second.api.call('transfers.get', { id })).transfer;
  await expect.poll(transfer).toMatchObject({ doneFiles: 2, state: 'waiting', reason });
  expect(await readFile(inTheWay, 'utf8')).toBe('a file of the user');
  await rm(inTheWay);
  await second.api.call('transfers.pause', { id });
  await second.api.call('transfers.resume', { id });
  await expect.poll(transfer).toMatchObject({ state: 'done' });
  expect((await stat(inTheWay)).isDirectory()).toBe(true);
});
