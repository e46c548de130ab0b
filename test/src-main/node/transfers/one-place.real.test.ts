import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Store } from '#main/disk/store/store.ts';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { AppError } from '#shared/errors.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { startNode as startTestNode } from '../../net/test-nodes.ts';
import { PatientSource } from './patient-source.ts';

let folder: string;
let node: RunningNode;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'one-place-'));
  node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false } });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

const connect = async ({ port }: { readonly port: number }): Promise<string> => (await node.api.call('peers.connect', { address: `127.0.0.1:${port}` })).id;
const start = (peer: string, to: string): Promise<Transfer> => node.api.call('transfers.start', { source: { kind: 'path', peer, path: 'Folder' }, to: join(folder, to) });

function until({ id }: Transfer, isSo: (transfer: Transfer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      if (!isSo((await node.api.call('transfers.get', { id })).transfer)) return;
      stop();
      resolve();
    };
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer') look().catch(reject); });
    look().catch(reject);
  });
}

/** A download of a film of 4 MiB that is paused in the middle. */
async function halfWay(to: string): Promise<{ source: PatientSource; download: Transfer }> {
  const source = await PatientSource.start({ film: 4 * MiB });
  const download = await start(await connect(source), to);
  source.give(2 * MiB);
  await until(download, ({ doneBytes }) => doneBytes === 2 * MiB);
  await node.api.call('transfers.pause', { id: download.id });
  return { source, download };
}

/** Goes on with it to its end: nothing that had come comes again, and what it had fetched itself is not told as found on the disk. */
async function expectToGoOn(to: string, { source, download }: { source: PatientSource; download: Transfer }): Promise<void> {
  expect(await readdir(join(folder, to, 'Folder'))).toEqual(['film.part', 'film.progress']);
  source.forget();
  await node.api.call('transfers.resume', { id: download.id });
  source.giveAll();
  await until(download, ({ state }) => state === 'done');
  expect(source.asked).toHaveLength(2);
  expect((await node.api.call('transfers.get', { id: download.id })).transfer.reusedBytes).toBe(0);
}

it('what a paused download has stays when another one of the same files is cancelled with all it has', async () => {
  const paused = await halfWay('same');
  const twin = await paused.source.twin('Twin');
  const other = await start(await connect(twin), 'same');
  await twin.untilOpen('film');
  await node.api.call('transfers.cancel', { id: other.id, deletePartial: true });
  await expectToGoOn('same', paused);
});

it('what a paused download has stays when another one of that name is cancelled with all it has, of which nobody knew yet what it is', async () => {
  const paused = await halfWay('name');
  const hashing = await startTestNode('Hashing');
  const file = { kind: 'file', bytes: 4 * MiB, modifiedAt: 1, contentId: null };
  const answers: Record<string, unknown> = {
    shares: { names: [], count: 0, bytes: 0 },
    stat: { entry: { ...file, name: 'Folder', kind: 'folder', files: 1 }, executable: false },
    walk: { files: [{ ...file, path: 'film', executable: false }], next: null },
    audience: { audience: null },
  };
  hashing.handler.answer = (method) => (method in answers ? Promise.resolve(answers[method]) : Promise.reject(new AppError('not-found')));
  const other = await start(await connect(hashing), 'name');
  await until(other, ({ state, bytes }) => state === 'waiting' && bytes === 4 * MiB);
  await node.api.call('transfers.cancel', { id: other.id, deletePartial: true });
  await expectToGoOn('name', paused);
});

it('the same thing asked for several times at the same moment is one download', async () => {
  const source = await PatientSource.start({ film: 2 * MiB });
  const peer = await connect(source);
  // To a folder that is to be made they come one after the other.
  await mkdir(join(folder, 'at once'));
  const before = (await node.api.call('transfers.list', {})).total;
  const ids = (await Promise.all(['at once', 'at once', 'at once'].map((to) => start(peer, to)))).map(({ id }) => id);
  expect(new Set(ids).size).toBe(1);
  expect((await node.api.call('transfers.list', {})).total).toBe(before + 1);
  source.giveAll();
  await until(await start(peer, 'at once'), ({ state }) => state === 'done');
});

it('a download that could not be noted is none, and can be asked for again', async () => {
  const source = await PatientSource.start({ film: 2 * MiB });
  const peer = await connect(source);
  const full = vi.spyOn(Store.prototype, 'put').mockRejectedValueOnce(new AppError('disk-full'));
  await expect(start(peer, 'full')).rejects.toMatchObject({ code: 'disk-full' });
  full.mockRestore();
  const download = await start(peer, 'full');
  source.giveAll();
  await until(download, ({ state }) => state === 'done');
});
