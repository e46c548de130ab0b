import { formatAddress, parseAddress } from '#shared/address.ts';
import type { DeviceId, RoomId } from '#shared/ids.ts';
import type { Peer, Trust } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import { minute } from '#shared/units.ts';
import type { Row, Store } from '../../disk/store/store.ts';
import type { KnownDevice } from '../../core/membership/membership-events.ts';
import { createMembership, type Membership } from '../../discovery/membership.ts';
import { tellEveryMs, Throttle } from '../events.ts';
import { knownDevicesTable } from '../peers/device-records.ts';
import { Devices } from '../peers/devices.ts';
import { Welcome } from '../peers/welcome.ts';
import { Servers } from '../../net/servers/servers.ts';
import { isBeside } from '../../net/path-kind.ts';
import { PairingService } from '../peers/pairing.ts';
import { Rooms } from '../rooms/rooms.ts';
import { PublicEntries } from '../servers/public-entries.ts';
import { Reach } from '../servers/reach.ts';
import type { Library } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import { Conduct, conductTable, type HeldRecord } from '../swarm/conduct.ts';
import type { SharedDownloads } from '../transfers/passing-on/shared-downloads.ts';
import type { Surroundings } from './surroundings.ts';

/** Where devices were last is kept this often, for a start after a crash. */
const saveKnownEveryMs = 1 * minute;

/** Who is there, by which ways, and who is let in. */
export interface People {
  readonly devices: Devices;
  readonly membership: Membership;
  /** Who sent what was wrong. */
  readonly conduct: Conduct;
  readonly pairing: PairingService;
  readonly rooms: Rooms;
  readonly servers: Servers;
  readonly welcome: Welcome;
  readonly reach: Reach;
  setTrust(peer: string, trust: Trust): Promise<Peer>;
}

/** What the other services have to do with them. */
export interface PeoplePorts {
  /** What is being fetched, and may be announced. */
  readonly fetched: SharedDownloads;
  /** Who may have what has changed: it is looked up anew. */
  readonly forgetRights: () => void;
}

/** What earlier starts kept of them. */
export interface KeptPeople {
  readonly known: readonly Row<KnownDevice>[];
  readonly conduct: readonly Row<HeldRecord>[];
}

export const readPeople = async (store: Store): Promise<KeptPeople> => ({ known: await store.rows(knownDevicesTable), conduct: await store.rows(conductTable) });

export function createPeople({ foundation, ways, events, background, closers }: Surroundings, { fetched, forgetRights }: PeoplePorts, kept: KeptPeople): People {
  const { nonce, links } = ways;
  const { identity, settings, store, library, now, elapsed, onError } = foundation;
  const peerEvents = new Throttle<DeviceId, Peer>(tellEveryMs, (peer) => { events.emit({ type: 'peer', peer }); });
  closers.push(() => { peerEvents.close(); });

  const membership: Membership = createMembership({
    nonce, now, random: Math.random, visibility: settings.get().visibility,
    known: kept.known.map(([, device]) => device),
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
  }, kept.conduct);
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
    forgetRights();
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
      forgetRights();
      const link = links().get(id);
      if (link !== undefined) rightsChanged(link);
    },
    onInvitingOver: () => { welcome.showOut(links().all()); },
  });
  closers.push(() => rooms.close());
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
  return { devices, membership, conduct, pairing, rooms, servers, welcome, reach, setTrust };
}

/** What was shared with a room that is gone is shared with nobody, also when the room should come back. */
async function hideWhatItSaw(library: Library, room: RoomId): Promise<void> {
  for (const { id, audience } of await library.shares()) if (audience.kind === 'room' && audience.room === room) await library.update(id, { audience: { kind: 'nobody' } });
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
