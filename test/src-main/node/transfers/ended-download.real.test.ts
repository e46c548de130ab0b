import { expect, it, vi } from 'vitest';
import { downloadsTable, filesTable, type FileRecord } from '#main/node/transfers/records.ts';
import type { TransfersService } from '#main/node/transfers/transfers-service.ts';
import type { TransferId } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import { MiB } from '#shared/units.ts';
import { film, id, oneDownload } from './one-download.ts';

const one = oneDownload();

const skipped = [0, 1, 2, 3].map((at): FileRecord => ({ ...film, remotePath: `part ${at}`, path: ['film', `part ${at}`], selected: false }));
const ended = (state: 'done' | 'cancelled', about = {}): Promise<TransfersService> =>
  one.open(() => expect.fail('nothing is deleted'), skipped, { state, kind: 'folder', files: 4, bytes: 0, finishedAt: 1, ...about });
const listed = async (transfers: TransfersService): Promise<number> => (await transfers.files(id, undefined, 10)).files.length;

it('a download that is taken up again while it is forgotten is either forgotten or whole', async () => {
  const transfers = await ended('done');
  const [forgotten, resumed] = await Promise.allSettled([transfers.forget(undefined), transfers.resume(id)]);
  expect(forgotten).toMatchObject({ value: 1 });
  expect(resumed).toMatchObject({ reason: { code: 'transfer-unknown' } });
  expect((await transfers.list(undefined, undefined, 10)).transfers).toEqual([]);
  await transfers.close();
});

it('a thousand that are forgotten at once are told together, and nothing of them is left', async () => {
  const ids = Array.from({ length: 1000 }, (_, number) => transferIdSchema.parse(number.toString(16).padStart(8, '0').padEnd(16, 'f')));
  const first = await ended('done');
  await first.close();
  const record = (await one.store.get(downloadsTable, id)) ?? expect.fail('it is noted');
  const batch = one.store.batch();
  for (const [at, other] of ids.entries()) batch.put(downloadsTable, other, { ...record, id: other, number: at + 2 });
  await batch.write();
  const told: (readonly TransferId[])[] = [];
  const transfers = await one.open(() => expect.fail('nothing is deleted'), skipped, { state: 'done', kind: 'folder', files: 4, bytes: 0, finishedAt: 1 }, undefined, (gone) => told.push(gone));
  expect(await transfers.forget(undefined)).toBe(1001);
  expect(told.length).toBeLessThan(10);
  expect(new Set(told.flat())).toEqual(new Set([id, ...ids]));
  expect((await transfers.list(undefined, undefined, 10)).total).toBe(0);
  expect([await one.store.keys(downloadsTable), await one.store.keys(filesTable)]).toEqual([[], []]);
  await transfers.close();
});

it('a download that was taken up again just before is not forgotten', async () => {
  const transfers = await ended('done', { bytes: 8 * MiB });
  const [resumed, forgotten] = await Promise.all([transfers.resume(id), transfers.forget(undefined)]);
  expect([resumed.id, forgotten, await listed(transfers)]).toEqual([id, 0, 4]);
  await transfers.close();
});

it('files of a download that ended may be chosen several at once', async () => {
  const transfers = await ended('cancelled');
  await Promise.all([0, 1, 2, 3].map((at) => transfers.setFilePriority(id, [at], 'normal')));
  expect(await transfers.get(id)).toMatchObject({ state: 'cancelled', bytes: 32 * MiB });
  await transfers.close();
});

it('a download that is taken up again while files of it are chosen goes on after a restart', async () => {
  const transfers = await ended('cancelled');
  await Promise.all([transfers.setFilePriority(id, [0], 'normal'), transfers.resume(id), transfers.setFilePriority(id, [1], 'normal')]);
  expect(await one.store.get(downloadsTable, id)).toMatchObject({ state: 'active', bytes: 16 * MiB });
  await transfers.close();
});

it('a download that is taken up again while its cancelling is noted goes on', async () => {
  const transfers = await one.open(() => expect.fail('nothing is deleted'));
  const put = one.store.put.bind(one.store);
  const resumed: Promise<unknown>[] = [];
  vi.spyOn(one.store, 'put').mockImplementation((table, key, value) => {
    const written = put(table, key, value);
    if (table === downloadsTable && resumed.length === 0) resumed.push(Promise.resolve().then(() => transfers.resume(id)));
    return written;
  });
  await transfers.cancel(id, false);
  await Promise.all(resumed);
  expect(transfers.active.map((each) => each.id)).toEqual([id]);
  await transfers.close();
});
