import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultServeSettings } from '#main/core/serve/events.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { Conduct } from '#main/node/swarm/conduct.ts';
import { ContentDirectory } from '#main/node/transfers/content-directory.ts';
import { EqualFiles } from '#main/node/transfers/equal-files.ts';
import { ExistingFiles } from '#main/node/transfers/existing-files.ts';
import { downloadsTable, fileKey, filesTable, type DownloadRecord, type FileRecord } from '#main/node/transfers/records.ts';
import { FetchedSmallFiles } from '#main/node/transfers/fetched-small-files.ts';
import { ReceivedFiles } from '#main/node/transfers/received-files.ts';
import { SharedDownloads } from '#main/node/transfers/shared-downloads.ts';
import { SmallFileBatch } from '#main/node/transfers/small-file-batch.ts';
import { SwarmDriver } from '#main/node/swarm/swarm-driver.ts';
import { TransfersService } from '#main/node/transfers/transfers-service.ts';
import { LinkWaiter, pause } from '#main/node/waiting.ts';
import type { Library } from '#main/node/ports/library.ts';
import type { Links } from '#main/node/ports/links.ts';
import { straightOut } from '#main/node/ports/outgoing.ts';
import type { Receiver } from '#main/node/ports/receiver.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import { defaultSettings } from '#shared/settings.ts';
import { MiB } from '#shared/units.ts';

const id = transferIdSchema.parse('0123456789abcdef');
const record: DownloadRecord = {
  id, number: 1, source: { kind: 'path', peer: deviceIdOf(new Uint8Array(32).fill(1)), path: 'film.bin' }, kind: 'file', name: 'film.bin', bundle: false, base: '/nowhere', mountPoint: null, state: 'active', reason: null,
  priority: 'normal', inOrder: false, ranked: false, contentId: null, offered: null, audience: null, audienceBy: null, listed: true, listCursor: null, files: 1, bytes: 8 * MiB, listedEntries: 1, listedBytes: 0, doneFiles: 0, doneBytes: 0, reusedBytes: 0, partialBytes: 0, failedFiles: 0, path: null, addedAt: 1, finishedAt: null,
};
const unused = (): Promise<never> => Promise.reject(new Error('not used'));
const library: Library = {
  add: unused, update: unused, remove: unused, rescan: unused, pauseHashing: unused, whenHashed: unused, shares: unused, browse: unused, stat: unused, walk: unused, findFile: unused, fileToRead: unused,
  wasChanged: () => undefined, pieceLayer: unused, resolve: unused, manifest: unused, search: unused, hashSoon: () => undefined, learned: unused, isPrivate: () => false, onShare: () => undefined, onShareGone: () => undefined, onListing: () => undefined, onRights: () => undefined, close: unused,
};
const noLinks: Links = { listen: unused, dial: unused, adopt: unused, get: () => undefined, all: () => [], onLink: () => undefined, networksChanged: () => undefined, close: unused };

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transfers-'));
  ({ store } = await openStore(folder));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const film: FileRecord = { remotePath: '', path: ['film.bin'], mapped: false, bytes: 8 * MiB, modifiedAt: 1, executable: false, contentId: null, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' };

/** One download that waits for its source; `discarding` runs while its parts are deleted. */
async function oneDownload(discarding: (transfers: TransfersService) => void, files: readonly FileRecord[] = [film], about: Partial<DownloadRecord> = {}, writing: (transfers: TransfersService) => void = () => expect.fail('nothing is written')): Promise<TransfersService> {
  const receiver: Receiver = {
    open: unused, look: unused, write: unused, bindRoot: unused, finish: unused, close: unused, discard: unused,
    writeSmall: (batch) => {
      writing(transfers);
      return Promise.resolve(batch.map(({ target }) => ({ kind: 'done', path: join(target.base, ...target.path), existed: false })));
    },
    existing: unused, makeFolder: unused, isThere: unused,
    discardPartial: () => {
      discarding(transfers);
      return Promise.resolve();
    },
    volume: () => Promise.reject(new Error('no disk here')), setMount: () => undefined, flush: () => Promise.resolve(), shutdown: unused,
  };
  const now = (): number => 1;
  const conduct = new Conduct({ now, elapsed: now, onChange: () => undefined, save: () => undefined });
  const directory = new ContentDirectory();
  const waiter = new LinkWaiter(() => noLinks, directory);
  const transfers = new TransfersService({
    context: {
      links: () => noLinks, conduct, receiver, library, store, directory, now, pause, nextFileNumber: () => 1, nameOf: () => undefined,
      swarm: new SwarmDriver({ receiveBudgetBytes: 32 * MiB, requestWindowBytes: 32 * MiB, conduct, outgoing: straightOut, serving: defaultServeSettings, now, nextNumber: () => 1, takesCompressed: () => true }),
      smallFiles: new SmallFileBatch(receiver), existing: new ExistingFiles(receiver), equal: new EqualFiles(), fetched: new SharedDownloads(now, () => undefined), fetchedSmall: new FetchedSmallFiles(store, now, now), received: new ReceivedFiles(store),
      linkTo: (device, signal) => waiter.linkTo(device, signal), withSources: (content, preferred, signal, work) => waiter.withSources(content, preferred, signal, work),
    },
    settings: () => ({ ...defaultSettings, name: 'Me', downloadDir: folder }), pace: { brakeOfDownload: () => null, sourcesOf: () => new Map() }, newId: () => id, onChange: () => undefined, onGone: () => undefined, onDone: () => undefined,
  });
  await store.put(downloadsTable, id, { ...record, ...about });
  for (const [index, file] of files.entries()) await store.put(filesTable, fileKey(id, index), file);
  await transfers.open();
  expect(transfers.active).toHaveLength(1);
  return transfers;
}

it('a download is not started again between its stop and the end of its cancelling, whatever makes the others start', async () => {
  const running: number[] = [];
  const transfers = await oneDownload((all) => {
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
  const transfers = await oneDownload(() => expect.fail('nothing is deleted'));
  const choosing = transfers.setFilePriority(id, [0], 'skip');
  transfers.settingsChanged();
  await choosing;
  await expect.poll(async () => (await transfers.get(id)).state).toBe('done');
  await transfers.close();
});

it('a download whose source is away says what it waits for', async () => {
  const transfers = await oneDownload(() => expect.fail('nothing is deleted'));
  expect(await transfers.get(id)).toMatchObject({ state: 'waiting', reason: { code: 'no-sources' } });
  await transfers.close();
});

it('servers may be asked for a download as a whole and for the large files of it that are being fetched', async () => {
  const [whole, large, small] = [1, 2, 3].map((byte) => contentIdOf(new Uint8Array(32).fill(byte)));
  const files = [{ ...film, contentId: large ?? null, bytes: 16 * MiB }, { ...film, path: ['notes.txt'], contentId: small ?? null, bytes: 8 * MiB }];
  const transfers = await oneDownload(() => expect.fail('nothing is deleted'), files, { kind: 'folder', files: 2, contentId: whole ?? null, audience: { kind: 'public' } });
  await expect.poll(() => transfers.sought[0]?.contents).toEqual([whole, large]);
  expect(transfers.sought).toMatchObject([{ id, isWaiting: true, etaSeconds: null, brake: null, feeding: 0, audience: { kind: 'public' } }]);
  await transfers.pause(id);
  expect(transfers.sought).toEqual([]);
  await transfers.close();
});

it('what was noted of files counts while nobody gives them, also of those that are not open now', async () => {
  const files = Array.from({ length: 9 }, (_, at): FileRecord => ({ ...film, remotePath: `part ${at}`, path: ['film', `part ${at}`], partialBytes: at * MiB, selected: at !== 8 }));
  const transfers = await oneDownload(() => expect.fail('nothing is deleted'), files, { kind: 'folder', files: 9, bytes: 64 * MiB, partialBytes: 28 * MiB });
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
    const transfers = await oneDownload(() => expect.fail('nothing is deleted'), [empty], { bytes: 0 }, (all) => { stopped.push(stop(all)); });
    await expect.poll(() => stopped.length).toBe(1);
    expect(await stopped[0]).toMatchObject({ state: 'done', doneFiles: 1 });
    expect(await store.get(downloadsTable, id)).toMatchObject({ state: 'done' });
    await transfers.close();
  });

  it.each(stops)('is done, not %s, when its end was being noted', async (_, stop) => {
    const stopped: Promise<{ state: string }>[] = [];
    const put = store.put.bind(store);
    const transfers = await oneDownload(() => expect.fail('nothing is deleted'), [empty], { bytes: 0 }, (all) => {
      vi.spyOn(store, 'put').mockImplementation((table, key, value) => {
        if (table === downloadsTable && stopped.length === 0) stopped.push(stop(all));
        return put(table, key, value);
      });
    });
    await expect.poll(() => stopped.length).toBe(1);
    expect(await stopped[0]).toMatchObject({ state: 'done', doneFiles: 1 });
    expect(await store.get(downloadsTable, id)).toMatchObject({ state: 'done' });
    await transfers.close();
  });

  it('is paused when something of it is missing', async () => {
    const transfers = await oneDownload(() => expect.fail('nothing is deleted'), [empty, { ...film, path: ['other'] }], { kind: 'folder', files: 2 }, () => undefined);
    expect(await transfers.pause(id)).toMatchObject({ state: 'paused' });
    await transfers.close();
  });
});
