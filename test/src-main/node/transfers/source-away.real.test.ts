import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Transfer, TransferDetail, TransferFile } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { PatientSource } from './patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeIn(folder: string, data: string): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, data), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  return node;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'source-away-'));
  toClose.push(() => rm(folder, { recursive: true }));
  return folder;
}

/** What the node keeps, as it is this moment: whoever starts with it knows as much as after a kill. */
async function killed(node: RunningNode, folder: string): Promise<string> {
  await cp(join(folder, 'data'), join(folder, 'killed'), { recursive: true, filter: (path) => !/(run\.json|lock|\.sock)$/.test(path) });
  await node.close();
  return 'killed';
}

const start = (node: RunningNode): Promise<Transfer> => node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
const filesOf = async (node: RunningNode, id: Transfer['id']): Promise<TransferFile[]> => (await node.api.call('transfers.files', { id, limit: 1000 })).files;

/** The first look at a transfer, now or with one of its events, that is as wished. */
function until(node: RunningNode, id: Transfer['id'], isSo: (detail: TransferDetail, files: readonly TransferFile[]) => boolean): Promise<TransferDetail> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      const detail = await node.api.call('transfers.get', { id });
      if (!isSo(detail, await filesOf(node, id))) return;
      stop();
      resolve(detail);
    };
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.id === id) look().catch(reject); });
    look().catch(reject);
  });
}

it('after a kill with its source away a download shows what its journals say, and fetches none of it again', async () => {
  const source = await PatientSource.start({ a: 8 * MiB, b: 3 * MiB }, 'a');
  const folder = await emptyFolder();
  const node = await nodeIn(folder, 'data');
  await node.api.call('peers.connect', { address: source.address });
  const { id } = await start(node);
  source.give(5 * MiB);
  await until(node, id, ({ transfer }) => transfer.doneBytes === 5 * MiB);
  const there = (await filesOf(node, id)).map(({ doneBytes }) => doneBytes);

  const after = await nodeIn(folder, await killed(node, folder));
  const seen = await until(after, id, ({ transfer }) => transfer.doneBytes === 5 * MiB);
  expect(seen.transfer).toMatchObject({ state: 'waiting', reason: { code: 'no-sources' }, rate: 0 });
  expect((await filesOf(after, id)).map(({ doneBytes }) => doneBytes)).toEqual(there);

  source.forget();
  source.giveAll();
  await after.api.call('peers.connect', { address: source.address });
  const { transfer } = await until(after, id, ({ transfer: { state } }) => state === 'done');
  expect(transfer).toMatchObject({ bytes: 11 * MiB, doneBytes: 11 * MiB });
  expect(source.asked).toHaveLength(11 - 5);
  for (const { name, data } of source.files) expect(Buffer.compare(await readFile(join(folder, 'to', 'Folder', name)), data)).toBe(0);
});

it('what turns out to be complete is done without its source', async () => {
  const source = await PatientSource.start({ a: 3 * MiB });
  const folder = await emptyFolder();
  const node = await nodeIn(folder, 'data');
  await node.api.call('peers.connect', { address: source.address });
  const { id } = await start(node);
  source.give(MiB);
  await until(node, id, ({ transfer }) => transfer.doneBytes === MiB);
  const data = await killed(node, folder);
  await writeFile(join(folder, 'to', 'Folder', 'a'), source.files[0]?.data ?? '');

  const after = await nodeIn(folder, data);
  const { transfer } = await until(after, id, ({ transfer: { state } }) => state === 'done');
  expect(transfer).toMatchObject({ doneBytes: 3 * MiB, doneFiles: 1 });
  expect(await readdir(join(folder, 'to', 'Folder'))).toEqual(['a']);
});

it.each([
  { what: 'all of what is listed is there', lacking: [], done: 2 },
  { what: 'nobody has the rest of what is listed', lacking: ['a'], done: 1 },
])('a download whose source went away before it had listed everything says that it waits: $what', async ({ lacking, done }) => {
  const source = await PatientSource.start({ a: 1000, b: 2000, c: 3000 });
  source.firstPage = 2;
  const other = await source.twin('Other');
  for (const name of lacking) other.lacking.add(name);
  const folder = await emptyFolder();
  const node = await nodeIn(folder, 'data');
  await node.api.call('peers.connect', { address: source.address });
  const { id } = await start(node);
  await source.untilAsked(1);
  await node.api.call('transfers.pause', { id });
  await source.leave();
  await node.api.call('peers.connect', { address: other.address });
  await node.api.call('transfers.resume', { id });
  await other.untilAsked(done);
  other.giveAll();
  const { transfer } = await until(node, id, ({ transfer: { doneFiles, state } }) => doneFiles === done && state === 'waiting');
  expect(transfer).toMatchObject({ reason: { code: 'no-sources', params: { who: 'Patient', n: 0 } } });
});
