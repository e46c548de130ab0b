import { describe, expect, it, vi } from 'vitest';
import { downloadsTable, type FileRecord } from '#main/node/transfers/records.ts';
import type { TransfersService } from '#main/node/transfers/transfers-service.ts';
import { contentIdOf } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';
import { film, id, oneDownload } from './one-download.ts';

const one = oneDownload();

it('a download is not started again between its stop and the end of its cancelling, whatever makes the others start', async () => {
  const running: number[] = [];
  const transfers = await one.open((all) => {
    // As the sampler does every second, and every download that ends.
    all.settingsChanged();
    running.push(all.active.length);
  });
  await transfers.cancel(id, true);
  expect(running).toEqual([0]);
  expect(transfers.active).toEqual([]);
  expect((await transfers.get(id)).state).toBe('cancelled');
  await transfers.close();
});

it('a download whose files are chosen goes on afterwards', async () => {
  const transfers = await one.open(() => expect.fail('nothing is deleted'));
  const choosing = transfers.setFilePriority(id, [0], 'skip');
  transfers.settingsChanged();
  await choosing;
  await expect.poll(async () => (await transfers.get(id)).state).toBe('done');
  await transfers.close();
});

it('a download whose source is away says what it waits for', async () => {
  const transfers = await one.open(() => expect.fail('nothing is deleted'));
  expect(await transfers.get(id)).toMatchObject({ state: 'waiting', reason: { code: 'no-sources' } });
  await transfers.close();
});

it('servers may be asked for a download as a whole and for the large files of it that are being fetched', async () => {
  const [whole, large, small] = [1, 2, 3].map((byte) => contentIdOf(new Uint8Array(32).fill(byte)));
  const files = [{ ...film, contentId: large ?? null, bytes: 16 * MiB }, { ...film, path: ['notes.txt'], contentId: small ?? null, bytes: 8 * MiB }];
  const transfers = await one.open(() => expect.fail('nothing is deleted'), files, { kind: 'folder', files: 2, contentId: whole ?? null, audience: { kind: 'public' } });
  await expect.poll(() => transfers.sought[0]?.contents).toEqual([whole, large]);
  expect(transfers.sought).toMatchObject([{ id, isWaiting: true, etaSeconds: null, brake: null, feeding: 0, audience: { kind: 'public' } }]);
  await transfers.pause(id);
  expect(transfers.sought).toEqual([]);
  await transfers.close();
});

it('what was noted of files counts while nobody gives them, also of those that are not open now', async () => {
  const files = Array.from({ length: 9 }, (_, at): FileRecord => ({ ...film, remotePath: `part ${at}`, path: ['film', `part ${at}`], partialBytes: at * MiB, selected: at !== 8 }));
  const transfers = await one.open(() => expect.fail('nothing is deleted'), files, { kind: 'folder', files: 9, bytes: 64 * MiB, partialBytes: 28 * MiB });
  // Four large files are begun: they wait for the source.
  await expect.poll(async () => (await transfers.files(id, undefined, 10)).files.filter(({ state }) => state === 'running')).toHaveLength(4);
  expect(await transfers.get(id)).toMatchObject({ state: 'waiting', doneBytes: 28 * MiB, bytes: 64 * MiB });
  expect((await transfers.files(id, undefined, 10)).files.map(({ doneBytes }) => doneBytes / MiB)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await transfers.setFilePriority(id, [0, 7], 'skip');
  expect(await transfers.get(id)).toMatchObject({ doneBytes: 21 * MiB, bytes: 48 * MiB });
  await transfers.setFilePriority(id, [7, 8], 'high');
  expect(await transfers.get(id)).toMatchObject({ doneBytes: 36 * MiB, bytes: 64 * MiB });
  await transfers.pause(id);
  expect(await transfers.get(id)).toMatchObject({ doneBytes: 36 * MiB, bytes: 64 * MiB });
  await transfers.close();
});

describe('a download that is stopped in the instant it ends', () => {
  const empty: FileRecord = { ...film, bytes: 0 };
  const stops = [['paused', (all: TransfersService) => all.pause(id)], ['cancelled', (all: TransfersService) => all.cancel(id, true)]] as const;

  it.each(stops)('is done, not %s, when its last file was being written', async (_, stop) => {
    const stopped: Promise<{ state: string }>[] = [];
    const transfers = await one.open(() => expect.fail('nothing is deleted'), [empty], { bytes: 0 }, (all) => { stopped.push(stop(all)); });
    await expect.poll(() => stopped.length).toBe(1);
    expect(await stopped[0]).toMatchObject({ state: 'done', doneFiles: 1 });
    expect(await one.store.get(downloadsTable, id)).toMatchObject({ state: 'done' });
    await transfers.close();
  });

  it.each(stops)('is done, not %s, when its end was being noted', async (_, stop) => {
    const stopped: Promise<{ state: string }>[] = [];
    const put = one.store.put.bind(one.store);
    const transfers = await one.open(() => expect.fail('nothing is deleted'), [empty], { bytes: 0 }, (all) => {
      vi.spyOn(one.store, 'put').mockImplementation((table, key, value) => {
        if (table === downloadsTable && stopped.length === 0) stopped.push(stop(all));
        return put(table, key, value);
      });
    });
    await expect.poll(() => stopped.length).toBe(1);
    expect(await stopped[0]).toMatchObject({ state: 'done', doneFiles: 1 });
    expect(await one.store.get(downloadsTable, id)).toMatchObject({ state: 'done' });
    await transfers.close();
  });

  it('is paused when something of it is missing', async () => {
    const transfers = await one.open(() => expect.fail('nothing is deleted'), [empty, { ...film, path: ['other'] }], { kind: 'folder', files: 2 }, () => undefined);
    expect(await transfers.pause(id)).toMatchObject({ state: 'paused' });
    await transfers.close();
  });
});
