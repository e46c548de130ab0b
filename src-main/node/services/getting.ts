import { randomBytes } from 'node:crypto';
import { AppError } from '#shared/errors.ts';
import { isOfferId, isTransferId, type OfferId, type TransferId } from '#shared/ids.ts';
import type { Direction } from '#shared/model/limit.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { tellEveryMs, Throttle } from '../events.ts';
import { dataPaths } from '../data-dir.ts';
import { Offers } from '../offers/offers.ts';
import { discardStaged } from '../offers/staged-files.ts';
import { MachineMeter } from '../pace/machine-meter.ts';
import { PaceWatch } from '../pace/pace-watch.ts';
import { Holders } from '../servers/holders.ts';
import { SearchService } from '../search/search-service.ts';
import { ControlServer } from '../serving/control-server.ts';
import { ContentDirectory } from '../transfers/content-directory.ts';
import { EqualFiles } from '../transfers/copies/equal-files.ts';
import { ExistingFiles } from '../transfers/small-files/existing-files.ts';
import { OwnCopies } from '../transfers/copies/own-copies.ts';
import { ReceivedFiles } from '../transfers/copies/received-files.ts';
import { SmallFileBatch } from '../transfers/small-files/small-file-batch.ts';
import type { SharedDownloads } from '../transfers/passing-on/shared-downloads.ts';
import { TransfersService } from '../transfers/transfers-service.ts';
import { LinkWaiter, pause } from '../waiting.ts';
import type { Giving } from './giving.ts';
import type { People } from './people.ts';
import type { Surroundings } from './surroundings.ts';

/** What the user wants of others, or for them, and what tells how it goes. */
export interface Getting {
  readonly pace: PaceWatch;
  readonly ownCopies: OwnCopies;
  readonly waiter: LinkWaiter;
  readonly transfers: TransfersService;
  readonly offers: Offers;
  readonly control: ControlServer;
  readonly search: SearchService;
  readonly holders: Holders;
}

export interface GettingPorts {
  readonly people: Pick<People, 'conduct' | 'devices' | 'pairing' | 'reach' | 'servers'>;
  readonly giving: Giving;
  readonly fetched: SharedDownloads;
  /** What is told of a download; `onDone`: the last of it. */
  readonly onChange: (transfer: Transfer) => void;
  readonly onDone: (transfer: Transfer) => void;
  readonly onGone: (direction: Direction, ids: readonly TransferId[]) => void;
}

/** A download that the user has taken from the list needs no end. */
function unlessForgotten(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'transfer-unknown')) throw error;
}

export function createGetting({ foundation, ways: { links }, events, background, closers }: Surroundings, { people, giving, fetched, onChange, onDone, onGone }: GettingPorts): Getting {
  const { settings, store, receiver, library, now, onError } = foundation;
  const { conduct, devices, pairing, reach, servers } = people;
  const { blocks, fetchedSmall, speed, swarm, uploads } = giving;
  const offerEvents = new Throttle<OfferId, Offer>(tellEveryMs, (offer) => { events.emit({ type: 'offer', offer }); });
  closers.push(() => { offerEvents.close(); });
  const introduce = (node: BootstrapNode): boolean => reach.wanted(node, false);

  const pace: PaceWatch = new PaceWatch({
    now: () => performance.now(), clock: now, swarm, links, machine: new MachineMeter(), reading: () => blocks.reading,
    downloads: () => transfers.running, uploads: () => uploads.running, boundBy: (direction, id) => speed.boundBy(direction, id),
  });
  closers.push(() => { pace.close(); });
  const directory = new ContentDirectory();
  const equal = new EqualFiles();
  const received = new ReceivedFiles(store);
  const ownCopies = new OwnCopies({ library, received, equal });
  const waiter = new LinkWaiter(links, directory);
  const transfers: TransfersService = new TransfersService({
    context: {
      links, swarm, conduct, receiver, library, store, directory, now, pause,
      smallFiles: new SmallFileBatch(receiver), existing: new ExistingFiles(receiver), equal,
      fetched, fetchedSmall, received, nextFileNumber: giving.nextNumber,
      nameOf: (id) => devices.get(id)?.name,
      linkTo: (id, signal) => waiter.linkTo(id, signal),
      withSources: (...what) => waiter.withSources(...what),
    },
    settings: () => settings.get(),
    pace,
    newId: newTransferId,
    onChange: (transfer) => {
      onChange(transfer);
      offers.transferChanged(transfer);
    },
    onGone: (ids) => { onGone('down', ids); },
    onDone: (transfer) => {
      onDone(transfer);
      if (transfer.contentId !== null) search.arrived(transfer.contentId);
    },
  });
  const offers: Offers = new Offers({
    store, now, newId: newOfferId,
    linkTo: (id) => links().get(id),
    isPaired: (id) => devices.trustOf(id) === 'paired',
    isPrivate: (path) => library.isPrivate(path),
    acceptsByItself: (id) => devices.acceptsByItself(id),
    downloadDir: () => settings.get().downloadDir,
    startDownload: (wanted) => transfers.start(wanted),
    cancelDownload: (id) => transfers.cancel(id, false).then(() => undefined, unlessForgotten),
    onOver: (paths, inUse) => {
      background((async () => {
        const shared = (await library.shares()).map(({ path }) => path);
        await discardStaged(dataPaths(foundation.dataDir).outbox, paths, [...inUse, ...shared]);
      })());
    },
    onRights: () => { blocks.forgetRights(); },
    onChange: (offer) => {
      offerEvents.push(offer.id, offer);
      uploads.offerChanged(offer);
    },
    onGone: (id) => {
      offerEvents.drop(id);
      events.emit({ type: 'offer-gone', id });
    },
    onError,
  });
  const closing = new AbortController();
  closers.push(() => { closing.abort(); });
  const control = new ControlServer({
    library, offers, pairing, blocks, fetched, fetchedSmall, excuse: (id) => pace.excuse(id), viewerOf: (link) => devices.viewerOf(link), now, pause: (ms) => pause(ms, closing.signal),
  });
  const search: SearchService = new SearchService({
    links, now,
    elsewhere: (words, filter, signal) => (servers.areOnline ? servers.search(words, filter, signal).then((nodes) => nodes.filter(introduce).length) : null),
    whichAreHere: async (ids) => [...(await ownCopies.complete(ids))],
    onChange: (state) => { events.emit({ type: 'search', search: state }); },
  });
  closers.push(() => { search.close(); });
  const holders = new Holders({ servers, waiter, introduce, downloads: () => transfers.sought, now, background });
  closers.push(() => { holders.close(); });
  return { pace, ownCopies, waiter, transfers, offers, control, search, holders };
}

function newTransferId(): TransferId {
  const id = randomBytes(8).toString('hex');
  if (!isTransferId(id)) throw new Error('eight bytes are sixteen digits');
  return id;
}

function newOfferId(): OfferId {
  const id = randomBytes(16).toString('hex');
  if (!isOfferId(id)) throw new Error('sixteen bytes are thirty-two digits');
  return id;
}
