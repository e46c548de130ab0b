import { randomBytes } from 'node:crypto';
import { formatAddress, parseAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { isOfferId, isTransferId, type DeviceId, type OfferId, type RoomId, type ShareId, type TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer, Trust } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { minute } from '#shared/units.ts';
import type { Store } from '../disk/store/store.ts';
import { createMembership, type Membership } from '../discovery/membership.ts';
import { NodeEvents, Throttle } from './events.ts';
import type { Closers, Foundation } from './foundation.ts';
import { dataPaths } from './data-dir.ts';
import { Offers } from './offers/offers.ts';
import { discardStaged } from './offers/staged-files.ts';
import { knownDevicesTable } from './peers/device-records.ts';
import { Devices } from './peers/devices.ts';
import { Welcome } from './peers/welcome.ts';
import { Servers } from '../net/servers/servers.ts';
import { isBeside } from '../net/path-kind.ts';
import { MachineMeter } from './pace/machine-meter.ts';
import { PaceWatch } from './pace/pace-watch.ts';
import { PairingService } from './peers/pairing.ts';
import { Rooms } from './rooms/rooms.ts';
import { Holders } from './servers/holders.ts';
import { PublicEntries } from './servers/public-entries.ts';
import { Reach } from './servers/reach.ts';
import { AlternativeSchedule } from './rates/alternative-schedule.ts';
import { PingProtection } from './rates/ping-protection.ts';
import { SpeedLimits } from './rates/speed-limits.ts';
import type { Library } from './ports/library.ts';
import type { Link, Links } from './ports/links.ts';
import type { Outgoing } from './ports/outgoing.ts';
import { SearchService } from './search/search-service.ts';
import { BlockCompressor } from './serving/block-compressor.ts';
import { BlockServer } from './serving/block-server.ts';
import { ControlServer } from './serving/control-server.ts';
import { serveSettingsOf } from './serving/serve-settings.ts';
import { Uploads } from './serving/uploads.ts';
import { Conduct, conductTable } from './swarm/conduct.ts';
import { SwarmDriver } from './swarm/swarm-driver.ts';
import { ContentDirectory } from './transfers/content-directory.ts';
import { EqualFiles } from './transfers/copies/equal-files.ts';
import { ExistingFiles } from './transfers/small-files/existing-files.ts';
import { OwnCopies } from './transfers/copies/own-copies.ts';
import { ReceivedFiles } from './transfers/copies/received-files.ts';
import { SmallFileBatch } from './transfers/small-files/small-file-batch.ts';
import { FetchedSmallFiles } from './transfers/passing-on/fetched-small-files.ts';
import { SharedDownloads } from './transfers/passing-on/shared-downloads.ts';
import { TransfersService } from './transfers/transfers-service.ts';
import { LinkWaiter, pause } from './waiting.ts';

/** A thing that changes all the time is told this often. */
const tellEveryMs = 500;
const forgetRightsEveryMs = 1 * minute;
/** Where devices were last is kept this often, for a start after a crash. */
const saveKnownEveryMs = 1 * minute;

/** What a user thinks in, and what answers other devices. */
export interface Services {
  readonly foundation: Foundation;
  readonly events: NodeEvents;
  readonly devices: Devices;
  readonly welcome: Welcome;
  readonly membership: Membership;
  readonly pairing: PairingService;
  readonly rooms: Rooms;
  readonly servers: Servers;
  readonly reach: Reach;
  readonly holders: Holders;
  readonly transfers: TransfersService;
  readonly ownCopies: OwnCopies;
  readonly offers: Offers;
  readonly search: SearchService;
  readonly uploads: Uploads;
  readonly blocks: BlockServer;
  readonly control: ControlServer;
  readonly swarm: SwarmDriver;
  readonly speed: SpeedLimits;
  readonly waiter: LinkWaiter;
  /** Names of the shares, for telling others what changed. */
  readonly shareNames: Map<ShareId, string>;
  /** There from the moment the node links. */
  readonly links: () => Links;
  setTrust(peer: string, trust: Trust): Promise<Peer>;
  /** Work nobody waits for; its failure goes to the log. */
  background(work: Promise<unknown>): void;
}

/** How a node reaches others, and they it. */
export interface Ways {
  /** What this start of the node announces. */
  readonly nonce: string;
  readonly links: () => Links;
  readonly outgoing: Outgoing;
  /** Where it takes links, also from outside. */
  readonly ownAddresses: () => readonly SocketAddress[];
  /** It is in more or fewer rooms than before. */
  readonly onRooms: () => void;
}

export async function createServices(foundation: Foundation, ways: Ways, closers: Closers): Promise<Services> {
  const { nonce, links, outgoing } = ways;
  const { identity, settings, store, hasher, receiver, library, now, elapsed, onError } = foundation;
  const background = (work: Promise<unknown>): void => { work.catch(onError); };
  const events = new NodeEvents(onError);
  const transferEvents = new Throttle<TransferId, Transfer>(tellEveryMs, (transfer) => { events.emit({ type: 'transfer', transfer }); });
  const peerEvents = new Throttle<DeviceId, Peer>(tellEveryMs, (peer) => { events.emit({ type: 'peer', peer }); });
  const offerEvents = new Throttle<OfferId, Offer>(tellEveryMs, (offer) => { events.emit({ type: 'offer', offer }); });
  const transferGone = (id: TransferId): void => {
    transferEvents.drop(id);
    events.emit({ type: 'transfer-gone', id });
  };
  closers.push(() => { for (const throttle of [transferEvents, peerEvents, offerEvents]) throttle.close(); });

  const known = await store.rows(knownDevicesTable);
  const membership: Membership = createMembership({
    nonce, now, random: Math.random, visibility: settings.get().visibility,
    known: known.map(([, device]) => device),
    dial: async (address, { expect, isAsked }, signal) => (await links().dial(address, { signal, isBetter: true, isAsked, ...(expect === null ? {} : { expect }) })).remote.id,
    isBeside: (host) => isBeside(host, settings.get().unusedNetworks),
    onChange: (id) => { devices.touch(id); },
  });
  const saving = setInterval(() => { background(saveKnownDevices(store, membership)); }, saveKnownEveryMs);
  closers.push(async () => {
    clearInterval(saving);
    await saveKnownDevices(store, membership);
    await membership.close();
  });
  const conduct = new Conduct({
    now, elapsed,
    onChange: (id) => { devices.touch(id); },
    save: (id, held) => { background(held === null ? store.delete(conductTable, id) : store.put(conductTable, id, held)); },
  }, await store.rows(conductTable));
  const devices: Devices = new Devices({
    store, now, links,
    roomsOf: (link) => rooms.roomsOf(link),
    badPiecesOf: (id) => conduct.of(id),
    sourcesOf: (id) => membership.peer(id)?.sources ?? [],
    onChange: (peer) => { peerEvents.push(peer.id, peer); },
    onGone: (id) => {
      peerEvents.drop(id);
      events.emit({ type: 'peer-gone', id });
    },
  });
  const rightsChanged = (link: Link): void => {
    link.notify({ kind: 'listing', share: '' });
    welcome.showOut([link]);
  };
  const setTrust = async (text: string, trust: Trust): Promise<Peer> => {
    const { id } = devices.find(text);
    const kept = devices.setTrust(id, trust);
    // It holds from now on, whatever the disk makes of it.
    membership.setTrust(id, trust);
    blocks.forgetRights();
    const link = links().get(id);
    if (trust === 'blocked') link?.close({ code: 'blocked' });
    else if (link !== undefined) rightsChanged(link);
    const peer = await kept;
    return devices.get(id) ?? peer;
  };
  const pairing = new PairingService({
    ownId: identity.id, now, elapsed,
    onChange: (state) => { events.emit({ type: 'pairing', pairing: state }); },
    onPaired: async (id) => { await setTrust(id, 'paired'); },
  });

  const roomEvents = new Throttle<RoomId, Room>(tellEveryMs, (room) => { events.emit({ type: 'room', room }); });
  closers.push(() => { roomEvents.close(); });
  const rooms: Rooms = new Rooms({
    identity, store, links, now, elapsed, background,
    ownAddresses: ways.ownAddresses,
    introduce: (id, address) => { membership.introduced(id, address, 'room'); },
    onTags: () => {
      servers.news();
      ways.onRooms();
    },
    onChange: (room) => { roomEvents.push(room.id, room); },
    onGone: (gone) => {
      roomEvents.drop(gone.id);
      events.emit({ type: 'room-gone', ...gone });
      background(hideWhatItSaw(library, gone.id));
    },
    onRights: (id) => {
      blocks.forgetRights();
      const link = links().get(id);
      if (link !== undefined) rightsChanged(link);
    },
    onInvitingOver: () => { welcome.showOut(links().all()); },
  });
  closers.push(() => rooms.close());
  const fetched = new SharedDownloads(elapsed, () => { blocks.forgetRights(); });
  const announced = new PublicEntries({ library, background, underWay: () => fetched.underWay(), onChange: () => { servers.news(); } });
  closers.push(() => { announced.close(); });
  const servers: Servers = new Servers({
    identity, now, onError, random: Math.random,
    registration: () => ({ addresses: ways.ownAddresses().map(formatAddress), rooms: rooms.tags(), announced: announced.list }),
    onNode: (node) => { reach.wanted(node, true); },
    onGone: (id) => { reach.gone(id); },
    onSignal: (from, data) => { reach.hear(from, data); },
    onRelay: (from, ticket, by) => { reach.met(from, ticket, by); },
  });
  closers.push(() => servers.close());
  const welcome: Welcome = new Welcome({ visibility: () => settings.get().visibility, trustOf: (id) => devices.trustOf(id), rooms });
  const reach: Reach = new Reach({
    self: identity.id, servers, links, now, background, random: Math.random, ownAddresses: ways.ownAddresses,
    knownAddresses: (id) => (membership.peer(id)?.sources ?? []).flatMap(({ address }) => parseAddress(address) ?? []),
    introduce: (id, address) => { membership.introduced(id, address, 'server'); },
    isBlocked: (id) => devices.isBlocked(id),
    welcome,
  });
  closers.push(() => { reach.close(); });
  const introduceFromServer = (node: BootstrapNode): boolean => reach.wanted(node, false);

  const shareNames = new Map<ShareId, string>();
  const uploads: Uploads = new Uploads({
    now, shareName: (id) => shareNames.get(id),
    brakeOf: (peer) => pace.brakeOfUpload(peer),
    onChange: (transfer) => {
      pace.wake();
      transferEvents.push(transfer.id, transfer);
    },
    onGone: transferGone,
  });
  closers.push(() => { uploads.close(); });
  let numbers = 0;
  const nextNumber = (): number => ++numbers;
  const mayCompress = (): boolean => settings.get().compression === 'auto';
  const swarm: SwarmDriver = new SwarmDriver({ receiveBudgetBytes: settings.get().receiveBudget, requestWindowBytes: limits.transfer.requestWindowBytes, serving: serveSettingsOf(() => settings.get()), conduct, outgoing, now: () => performance.now(), nextNumber, takesCompressed: mayCompress });
  closers.push(() => { swarm.close(); });
  const schedule = new AlternativeSchedule({ settings, wall: () => new Date(), background });
  closers.push(() => { schedule.close(); });
  const ping = new PingProtection({ links: () => links().all(), swarm, now: () => performance.now() });
  closers.push(() => { ping.close(); });
  const speed = new SpeedLimits({ settings: () => settings.get(), limitsOf: (id) => devices.limitsOf(id), swarm, schedule, ping });
  const fetchedSmall = new FetchedSmallFiles(store, now, elapsed);
  const blocks: BlockServer = new BlockServer({
    hasher, now, turns: swarm, outgoing,
    compressor: new BlockCompressor({ isOn: mayCompress, limitTo: (id) => swarm.limitOf('up', id), now: () => performance.now() }),
    findFile: async (link, id) => {
      const viewer = devices.viewerOf(link);
      return (await fetchedSmall.find(viewer, id)) ?? (await library.fileToRead(viewer, id)) ?? fetched.find(viewer, id);
    },
    changed: (file) => { if (file.share !== null) library.wasChanged(file); },
    learned: (file, contentId, layer) => { if (file.share !== null) background(library.learned(file, contentId, layer)); },
    sent: (link, file, bytes, wireBytes) => { uploads.sent(link, file, bytes, wireBytes); },
  });
  closers.push(() => blocks.close());
  // What is passed on for a while only ends without a word.
  const forgetting = setInterval(() => { blocks.forgetRights(); }, forgetRightsEveryMs);
  closers.push(() => { clearInterval(forgetting); });
  swarm.serveWith(blocks);
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
      fetched, fetchedSmall, received, nextFileNumber: nextNumber,
      nameOf: (id) => devices.get(id)?.name,
      linkTo: (id, signal) => waiter.linkTo(id, signal),
      withSources: (...what) => waiter.withSources(...what),
    },
    settings: () => settings.get(),
    pace,
    newId: newTransferId,
    onChange: (transfer) => {
      pace.wake();
      transferEvents.push(transfer.id, transfer);
      offers.transferChanged(transfer);
    },
    onGone: transferGone,
    onDone: (transfer) => {
      transferEvents.flush(transfer.id, transfer);
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
    cancelDownload: async (id) => { await transfers.cancel(id, false); },
    onOver: (paths, inUse) => {
      background((async () => {
        const shared = (await library.shares()).map(({ path }) => path);
        await discardStaged(dataPaths(foundation.dataDir).outbox, paths, [...inUse, ...shared]);
      })());
    },
    onRights: () => { blocks.forgetRights(); },
    onChange: (offer) => { offerEvents.push(offer.id, offer); },
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
    elsewhere: (words, filter, signal) => (servers.areOnline ? servers.search(words, filter, signal).then((nodes) => nodes.filter(introduceFromServer).length) : null),
    whichAreHere: async (ids) => [...(await ownCopies.complete(ids))],
    onChange: (state) => { events.emit({ type: 'search', search: state }); },
  });
  closers.push(() => { search.close(); });
  const holders = new Holders({ servers, waiter, introduce: introduceFromServer, downloads: () => transfers.sought, now, background });
  closers.push(() => { holders.close(); });
  return { foundation, events, devices, welcome, membership, pairing, rooms, servers, reach, holders, transfers, ownCopies, offers, search, uploads, blocks, control, swarm, speed, waiter, shareNames, links, setTrust, background };
}

/** What was shared with a room that is gone is shared with nobody, also when the room should come back. */
async function hideWhatItSaw(library: Library, room: RoomId): Promise<void> {
  for (const { id, audience } of await library.shares()) if (audience.kind === 'room' && audience.room === room) await library.update(id, { audience: { kind: 'nobody' } });
}

/** A device that is trusted no more, blocked or forgotten, is chosen for nothing; a list without anybody would mean all that are paired. */
export async function chooseNoMore(library: Pick<Library, 'shares' | 'update'>, device: DeviceId): Promise<void> {
  for (const { id, audience } of await library.shares()) {
    if (audience.kind !== 'devices' || !audience.devices.includes(device)) continue;
    const devices = audience.devices.filter((other) => other !== device);
    await library.update(id, { audience: devices.length === 0 ? { kind: 'nobody' } : { kind: 'devices', devices } });
  }
}

/** Also removes the rows of forgotten devices. */
async function saveKnownDevices(store: Store, membership: Membership): Promise<void> {
  const known = membership.snapshot();
  const ids = new Set<string>(known.map(({ id }) => id));
  const batch = store.batch();
  for (const key of await store.keys(knownDevicesTable)) if (!ids.has(key)) batch.delete(knownDevicesTable, key);
  for (const device of known) batch.put(knownDevicesTable, device.id, device);
  await batch.write();
}

/** Before the node links there is nothing to ask. */
export function laterLinks(): { readonly links: () => Links; set(links: Links): void } {
  let there: Links | null = null;
  return {
    links: () => {
      if (there === null) throw new AppError('internal', { detail: 'links are not there yet' });
      return there;
    },
    set: (links) => { there = links; },
  };
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
