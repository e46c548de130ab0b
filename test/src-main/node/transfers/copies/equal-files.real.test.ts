import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Transfer, TransferFile } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { PatientSource } from '../patient-source.ts';

interface Here { readonly node: RunningNode; readonly folder: string }
let me: Here;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'equal-files-'));
  me = { folder, node: await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } }) };
});
afterAll(async () => {
  await me.node.close();
  await rm(me.folder, { recursive: true });
});
/** Nothing of one test lies where another one puts its files. */
let tests = 0;
beforeEach(() => { tests++; });

const link = async (source: PatientSource): Promise<DeviceId> => (await me.node.api.call('peers.connect', { address: source.address })).id;
const place = (to: string): string => join(me.folder, String(tests), to);
const start = (peer: DeviceId, to: string): Promise<Transfer> => me.node.api.call('transfers.start', { source: { kind: 'path', peer, path: 'Folder' }, to: place(to) });
const filesOf = async ({ id }: Transfer): Promise<TransferFile[]> => (await me.node.api.call('transfers.files', { id, limit: 100 })).files;

/** The first look at a transfer, now or with any event, that is as wished. */
function until({ id }: Transfer, isSo: (transfer: Transfer) => boolean): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      const { transfer } = await me.node.api.call('transfers.get', { id });
      if (!isSo(transfer)) return;
      stop();
      resolve(transfer);
    };
    const stop = me.node.api.subscribe((event) => { if (event.type === 'transfer') look().catch(reject); });
    look().catch(reject);
  });
}
const isDone = ({ state }: Transfer): boolean => state === 'done';
const isWhole = async (to: string, { name, data }: PatientSource['files'][number]): Promise<boolean> => Buffer.compare(await readFile(join(place(to), 'Folder', name)), data) === 0;

it('a content that is fetched to several places at once comes once', async () => {
  const source = await PatientSource.start({ a: 6 * MiB, b: 6 * MiB });
  source.copy('a', 'b');
  const peer = await link(source);
  const first = await start(peer, 'one');
  source.give(2 * MiB);
  await until(first, ({ doneBytes }) => doneBytes === 4 * MiB);
  const second = await start(peer, 'two');
  // What is there already is there at once; the rest comes piece by piece.
  await until(second, ({ doneBytes }) => doneBytes === 4 * MiB);
  source.give(MiB);
  await until(second, ({ doneBytes }) => doneBytes === 6 * MiB);
  expect((await me.node.api.call('transfers.get', { id: second.id })).brake).toEqual({ by: 'copied' });
  source.giveAll();
  for (const transfer of [first, second]) expect(await until(transfer, isDone)).toMatchObject({ doneBytes: 12 * MiB, doneFiles: 2 });
  for (const to of ['one', 'two']) for (const file of source.files) expect(await isWhole(to, file)).toBe(true);
  expect(source.sent).toBe(6 * MiB);
  // Once more: it was here a moment ago.
  await until(await start(peer, 'three'), isDone);
  for (const file of source.files) expect(await isWhole('three', file)).toBe(true);
  expect(source.sent).toBe(6 * MiB);
});

it('when the first of two is cancelled with all it has, the second goes on with what came so far', async () => {
  const source = await PatientSource.start({ a: 6 * MiB });
  const peer = await link(source);
  const first = await start(peer, 'one');
  await source.untilAsked(1);
  const second = await start(peer, 'two');
  source.give(2 * MiB);
  await until(second, ({ doneBytes }) => doneBytes === 2 * MiB);
  source.forget();
  await me.node.api.call('transfers.cancel', { id: first.id, deletePartial: true });
  source.giveAll();
  await until(second, isDone);
  expect(await isWhole('two', source.files[0] ?? expect.fail('no file'))).toBe(true);
  expect(source.asked.toSorted()).toEqual(['a/2', 'a/3', 'a/4', 'a/5']);
});

it('when the second is cancelled the first goes on, and it may come back', async () => {
  const source = await PatientSource.start({ a: 6 * MiB });
  const peer = await link(source);
  const first = await start(peer, 'one');
  await source.untilAsked(1);
  const second = await start(peer, 'two');
  source.give(2 * MiB);
  await until(second, ({ doneBytes }) => doneBytes === 2 * MiB);
  await me.node.api.call('transfers.pause', { id: second.id });
  source.give(2 * MiB);
  await until(first, ({ doneBytes }) => doneBytes === 4 * MiB);
  expect((await filesOf(second))[0]).toMatchObject({ doneBytes: 2 * MiB });
  await me.node.api.call('transfers.resume', { id: second.id });
  await until(second, ({ doneBytes }) => doneBytes === 4 * MiB);
  source.giveAll();
  for (const transfer of [first, second]) await until(transfer, isDone);
  for (const to of ['one', 'two']) expect(await isWhole(to, source.files[0] ?? expect.fail('no file'))).toBe(true);
  expect(source.sent).toBe(6 * MiB);
});

it('whoever has it for the second gives it to both, when the source of the first is away', async () => {
  const [gone, there] = [await PatientSource.start({ a: 3 * MiB }), await PatientSource.start({ a: 3 * MiB })];
  there.files = gone.files;
  const first = await start(await link(gone), 'one');
  await gone.untilAsked(1);
  gone.unplug();
  expect(await until(first, ({ state }) => state === 'waiting')).toMatchObject({ reason: { code: 'no-sources' } });
  const second = await start(await link(there), 'two');
  there.giveAll();
  for (const transfer of [first, second]) await until(transfer, isDone);
  expect(there.sent).toBe(3 * MiB);
  for (const to of ['one', 'two']) expect(await isWhole(to, there.files[0] ?? expect.fail('no file'))).toBe(true);
});

it('both wait when nobody gives it any more, and say so', async () => {
  const source = await PatientSource.start({ a: 4 * MiB });
  const peer = await link(source);
  const first = await start(peer, 'one');
  await source.untilAsked(1);
  const second = await start(peer, 'two');
  source.give(MiB);
  await until(second, ({ doneBytes }) => doneBytes === MiB);
  source.unplug();
  for (const transfer of [first, second]) expect(await until(transfer, ({ state }) => state === 'waiting')).toMatchObject({ reason: { code: 'no-sources' }, doneBytes: MiB });
  await link(source);
  source.giveAll();
  for (const transfer of [first, second]) await until(transfer, isDone);
  expect(source.sent).toBe(4 * MiB);
});
