import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { defaultServeSettings } from '#main/core/serve/events.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { Conduct } from '#main/node/swarm/conduct.ts';
import { ContentDirectory } from '#main/node/transfers/content-directory.ts';
import { EqualFiles } from '#main/node/transfers/copies/equal-files.ts';
import { ExistingFiles } from '#main/node/transfers/small-files/existing-files.ts';
import { downloadsTable, fileKey, filesTable, type DownloadRecord, type FileRecord } from '#main/node/transfers/records.ts';
import { FetchedSmallFiles } from '#main/node/transfers/passing-on/fetched-small-files.ts';
import { ReceivedFiles } from '#main/node/transfers/copies/received-files.ts';
import { SharedDownloads } from '#main/node/transfers/passing-on/shared-downloads.ts';
import { SmallFileBatch } from '#main/node/transfers/small-files/small-file-batch.ts';
import { SwarmDriver } from '#main/node/swarm/swarm-driver.ts';
import { TransfersService } from '#main/node/transfers/transfers-service.ts';
import { LinkWaiter, pause } from '#main/node/waiting.ts';
import type { Library } from '#main/node/ports/library.ts';
import type { Links } from '#main/node/ports/links.ts';
import { straightOut } from '#main/node/ports/outgoing.ts';
import type { Receiver } from '#main/node/ports/receiver.ts';
import { deviceIdOf, type TransferId } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import { defaultSettings } from '#shared/settings.ts';
import { MiB } from '#shared/units.ts';

/** The one download there is. */
export const id = transferIdSchema.parse('0123456789abcdef');
export const record: DownloadRecord = {
  id, number: 1, source: { kind: 'path', peer: deviceIdOf(new Uint8Array(32).fill(1)), path: 'film.bin' }, kind: 'file', name: 'film.bin', bundle: false, base: '/nowhere', mountPoint: null, state: 'active', reason: null,
  priority: 'normal', inOrder: false, ranked: false, contentId: null, offered: null, audience: null, audienceBy: null, listed: true, listCursor: null, files: 1, bytes: 8 * MiB, listedEntries: 1, listedBytes: 0, foldersLeft: [], doneFiles: 0, doneBytes: 0, reusedBytes: 0, partialBytes: 0, failedFiles: 0, path: null, addedAt: 1, finishedAt: null,
};
const unused = (): Promise<never> => Promise.reject(new Error('not used'));
const library: Library = {
  add: unused, update: unused, remove: unused, rescan: unused, pauseHashing: unused, whenHashed: unused, shares: unused, shareAt: unused, share: unused, browse: unused, stat: unused, walk: unused, findFile: unused, fileToRead: unused,
  wasChanged: () => undefined, pieceLayer: unused, resolve: unused, among: unused, manifest: unused, search: unused, hashSoon: () => undefined, learned: unused, isPrivate: () => false, onShare: () => undefined, onShareGone: () => undefined, onListing: () => undefined, onRights: () => undefined, close: unused,
};
const noLinks: Links = { listen: unused, dial: unused, adopt: unused, get: () => undefined, all: () => [], onLink: () => undefined, networksChanged: () => undefined, close: unused };

export const film: FileRecord = { remotePath: '', path: ['film.bin'], mapped: false, bytes: 8 * MiB, modifiedAt: 1, executable: false, contentId: null, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' };

export interface OneDownload {
  /** Of the running test. */
  readonly store: Store;
  open(discarding: (transfers: TransfersService) => void, files?: readonly FileRecord[], about?: Partial<DownloadRecord>, writing?: (transfers: TransfersService) => void, onGone?: (ids: readonly TransferId[]) => void): Promise<TransfersService>;
}

/** For the tests of a file: the downloads of a node that has one, which waits for its source or ended. */
export function oneDownload(): OneDownload {
  let folder = '';
  let store: Store | null = null;
  const opened = (): Store => store ?? expect.fail('no test runs');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'transfers-'));
    ({ store } = await openStore(folder));
  });
  afterEach(async () => {
    await opened().close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get store() { return opened(); },
    open: (discarding, files = [film], about = {}, writing = () => expect.fail('nothing is written'), onGone = () => undefined) => openOne({ folder, store: opened() }, { discarding, writing, onGone }, files, about),
  };
}

/** `discarding` runs while its parts are deleted, `writing` when small files of it are written. */
async function openOne({ folder, store }: { folder: string; store: Store }, { discarding, writing, onGone }: Record<'discarding' | 'writing', (transfers: TransfersService) => void> & { readonly onGone: (ids: readonly TransferId[]) => void }, files: readonly FileRecord[], about: Partial<DownloadRecord>): Promise<TransfersService> {
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
    settings: () => ({ ...defaultSettings, name: 'Me', downloadDir: folder }), pace: { brakeOfDownload: () => null, sourcesOf: () => new Map() }, newId: () => id, onChange: () => undefined, onGone, onDone: () => undefined,
  });
  await store.put(downloadsTable, id, { ...record, ...about });
  for (const [index, file] of files.entries()) await store.put(filesTable, fileKey(id, index), file);
  await transfers.open();
  expect(transfers.active).toHaveLength((about.state ?? 'active') === 'active' ? 1 : 0);
  return transfers;
}
