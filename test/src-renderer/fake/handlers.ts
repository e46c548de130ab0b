import type { CallName, CallResult, CheckedArgs } from '#shared/api/contract.ts';
import { AppError } from '#shared/errors.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import { readInvitation } from '#shared/room-invitation.ts';
import type { Share } from '#shared/model/share.ts';
import type { FilePriority, Transfer } from '#shared/model/transfer.ts';
import { inventedDiagnosis } from './diagnosis.ts';
import { deviceIdFor, epoch, inventedPeople } from './people.ts';
import { inventRoom, invitationTo } from './rooms.ts';
import { beginSearch } from './search.ts';
import { inventShare, offerIdFor } from './shares.ts';
import { detailOf, filesOf, inventTransfer } from './transfers.ts';
import { entriesOf, sharesAsEntries } from './tree.ts';
import type { World } from './world.ts';

export type Handlers = { [Name in CallName]: (args: CheckedArgs<Name>) => CallResult<Name> };

function page<Item>(items: readonly Item[], cursor: string | undefined, limit: number): { items: Item[]; next: string | null } {
  const from = Number(cursor ?? 0);
  return { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null };
}
const found = <Item>(item: Item | undefined, name: string): Item => {
  if (item === undefined) throw new AppError('not-found', { name });
  return item;
};

/** How the invented node answers each call. */
export function fakeHandlers(world: World): Handlers {
  const peer = (ref: string): Peer => found(world.peers.find((each) => each.id === ref || each.name === ref), ref);
  const changePeer = (ref: string, part: Partial<Peer>): Peer => {
    const next = Object.assign(peer(ref), part);
    world.emit({ type: 'peer', peer: next });
    return next;
  };
  const room = (ref: string): Room => {
    const known = world.rooms.find((each) => each.id === ref);
    if (!known) throw new AppError('room-unknown', { name: ref });
    return known;
  };
  const changeRoom = (ref: string, part: Partial<Room>): Room => {
    const before = room(ref);
    if (!before.isMine) throw new AppError('room-not-yours', { name: before.name });
    const next = { ...before, ...part };
    world.rooms = world.rooms.map((each) => (each.id === ref ? next : each));
    world.emit({ type: 'room', room: next });
    return next;
  };
  const changeTransfer = (id: string, part: Partial<Transfer>): Transfer => {
    const next = { ...found(world.transfers.find((each) => each.id === id), id), ...part };
    world.transfers = world.transfers.map((each) => (each.id === id ? next : each));
    world.emit({ type: 'transfer', transfer: next });
    return next;
  };
  const changeShare = (ref: string, part: Partial<Share>): Share => Object.assign(found(world.shares.find((each) => each.id === ref), ref), part);
  const changeOffer = (id: string, part: Partial<Offer>): Offer => {
    const next = Object.assign(found(world.offers.find((each) => each.id === id), id), part);
    world.emit({ type: 'offer', offer: next });
    return next;
  };
  const offer = (to: string, part: Partial<Offer>): Offer => {
    const made: Offer = { id: offerIdFor(`${to} ${world.offers.length}`), direction: 'out', peer: peer(to).id, state: 'asked', reason: null, text: null, items: [], count: 1, bytes: 12e6, doneBytes: 0, transfers: [], at: epoch, ...part };
    world.offers.push(made);
    return made;
  };
  const isOver = (transfer: Transfer): boolean => transfer.state === 'done' || transfer.state === 'cancelled';

  return {
    'node.status': () => world.status(),
    'doctor.run': ({ peer: about }) => inventedDiagnosis(about ?? null),
    'settings.get': () => world.settings,
    'settings.set': ({ patch }) => {
      world.settings = Object.assign({ ...world.settings }, patch);
      world.emit({ type: 'status', status: world.status() });
      return world.settings;
    },
    'peers.list': () => world.peers,
    'peers.connect': ({ address }) => {
      if (!/^[\w.:[\]-]+$/.test(address) || address.startsWith('10.')) throw new AppError('not-reachable', { address });
      const made = { ...found(inventedPeople()[0], 'person'), id: deviceIdFor(address), name: `Lilac Stoat`, trust: 'seen' as const };
      world.peers.push(made);
      return made;
    },
    'peers.block': ({ peer: ref, blocked }) => changePeer(ref, { trust: blocked ? 'blocked' : 'seen' }),
    'peers.setAutoAccept': ({ peer: ref, autoAccept }) => changePeer(ref, { autoAccept }),
    'peers.setLimits': ({ peer: ref, down, up }) => {
      const before = peer(ref).limits;
      return changePeer(ref, { limits: { down: down ?? before?.down ?? 'off', up: up ?? before?.up ?? 'off' } });
    },
    'peers.unpair': ({ peer: ref }) => changePeer(ref, { trust: 'seen' }),
    'peers.forgive': ({ peer: ref }) => changePeer(ref, { badPieces: undefined }),
    'peers.forget': ({ peer: ref }) => {
      world.peers = world.peers.filter((each) => each.id !== ref);
      return {};
    },
    'pairing.start': ({ peer: ref }) => ({ peer: peer(ref).id, state: 'compare', code: '482 913', startedByUs: true, expiresAt: epoch + 120_000 }),
    'pairing.answer': ({ peer: ref, same }) => {
      if (same) changePeer(ref, { trust: 'paired' });
      return { peer: peer(ref).id, state: same ? 'done' : 'failed', code: null, startedByUs: true, expiresAt: epoch };
    },
    'pairing.list': () => [],
    'rooms.list': () => world.rooms,
    'rooms.create': ({ name, lastsMs }) => {
      const made = inventRoom({ name, isMine: true, endsAt: lastsMs === null ? null : Date.now() + lastsMs, joinedAt: epoch + world.rooms.length });
      world.rooms.push(made);
      return made;
    },
    'rooms.join': ({ invitation }) => {
      const read = readInvitation(invitation);
      if (read === null) throw new AppError('invitation-unreadable', { detail: 'not one' });
      if (read.hints && read.hints.endsAt !== null && read.hints.endsAt <= Date.now()) throw new AppError('room-over', { name: read.hints.name });
      const joined = inventRoom({ name: read.hints?.name ?? '', state: 'looking', endsAt: read.hints?.endsAt ?? null, joinedAt: epoch + world.rooms.length });
      world.rooms.push(joined);
      return joined;
    },
    'rooms.invite': ({ room: ref, language }) => invitationTo(room(ref), language),
    'rooms.update': ({ room: ref, name, lastsMs }) => changeRoom(ref, { ...(name === undefined ? {} : { name }), ...(lastsMs === undefined ? {} : { endsAt: lastsMs === null ? null : Date.now() + lastsMs }) }),
    'rooms.removeMember': ({ room: ref, member }) => changeRoom(ref, { members: room(ref).members.filter((each) => each.id !== member) }),
    'rooms.leave': ({ room: ref }) => {
      const { id, name } = room(ref);
      world.rooms = world.rooms.filter((each) => each.id !== id);
      world.emit({ type: 'room-gone', id, name, why: 'left', became: null });
      return {};
    },
    'shares.list': () => world.shares,
    'shares.add': ({ path, audience }) => {
      const share = inventShare({ name: path.split('/').at(-1) ?? path, path, audience, files: 12, addedAt: epoch + world.shares.length });
      world.shares.push(share);
      return share;
    },
    'shares.update': ({ share, audience, name }) => changeShare(share, { ...(audience ? { audience } : {}), ...(name ? { name } : {}) }),
    'shares.remove': ({ share }) => {
      world.shares = world.shares.filter((each) => each.id !== share);
      return {};
    },
    'shares.rescan': ({ share }) => changeShare(share, {}),
    'shares.pauseHashing': ({ share, paused }) => changeShare(share, { state: paused ? 'paused' : 'hashing' }),
    'shares.whenHashed': ({ id }) => changeShare(id, {}),
    'shares.browse': () => ({ entries: [], total: 0, next: null }),
    'local.find': ({ path }) => {
      if (path.includes('secret')) throw new AppError('no-permission', { path });
      if (path.includes('nothing')) throw new AppError('file-missing', { path });
      return { path: path.replace('~', '/home/jade'), kind: path.includes('.') ? 'file' : 'folder' };
    },
    'local.list': ({ path, files }) => {
      const at = path === '' ? '/home/jade' : path;
      if (at.includes('secret')) throw new AppError('no-permission', { path: at });
      const folders = ['Desktop', 'Documents', 'Downloads', 'Music', 'Pictures', 'Videos'].map((name) => ({ name, path: `${at}/${name}`, kind: 'folder' as const, bytes: 0 }));
      const inside = files ? ['notes.txt', 'Poster_A2_final.pdf'].map((name) => ({ name, path: `${at}/${name}`, kind: 'file' as const, bytes: 84_300 })) : [];
      return { path: at, parent: at === '/' ? null : at.split('/').slice(0, -1).join('/') || '/', entries: [...folders, ...inside], truncated: false };
    },
    'browse.list': ({ peer: ref, path, cursor, limit }) => {
      const owner = peer(ref);
      if (!owner.online) throw new AppError('peer-offline', { name: owner.name });
      const all = path === '' ? sharesAsEntries(owner.shares.names, owner.shares.bytes) : entriesOf(path);
      const { items, next } = page(all, cursor, limit);
      return { entries: items, total: all.length, next };
    },
    'search.start': ({ words }) => {
      world.searchSeconds = 0;
      world.search = beginSearch(`search ${words}`, words, world.peers);
      return world.search;
    },
    'search.get': () => found(world.search ?? undefined, 'search'),
    'search.stop': () => {
      if (world.search) world.search = { ...world.search, finished: true };
      return {};
    },
    'transfers.list': ({ finished = false, direction, cursor, limit = 200 }) => {
      const all = world.transfers.filter((each) => isOver(each) === finished && (direction === undefined || each.direction === direction));
      const { items, next } = page(all, cursor, limit);
      return { transfers: items, total: all.length, next };
    },
    'transfers.get': ({ id }) => detailOf(found(world.transfers.find((each) => each.id === id), id)),
    'transfers.files': ({ id, cursor, limit }) => {
      const chosen = world.filePriorities.get(id);
      const all = filesOf(found(world.transfers.find((each) => each.id === id), id)).map((file) => ({ ...file, priority: chosen?.get(file.index) ?? file.priority }));
      const { items, next } = page(all, cursor, limit);
      return { files: items, total: all.length, next };
    },
    'transfers.start': ({ source }) => {
      const name = source.kind === 'path' ? (source.path.split('/').at(-1) ?? '') : (source.name ?? source.contentId);
      const made = inventTransfer({ name, bytes: 470e6, rate: 40e6, addedAt: epoch + 60_000 + world.transfers.length });
      world.transfers.push(made);
      return made;
    },
    'transfers.pause': ({ id }) => changeTransfer(id, { state: 'paused', rate: 0 }),
    'transfers.resume': ({ id }) => changeTransfer(id, { state: 'running', rate: 20e6 }),
    'transfers.cancel': ({ id }) => changeTransfer(id, { state: 'cancelled', rate: 0, finishedAt: epoch }),
    'transfers.retry': ({ id }) => {
      const wanted = world.transfers.filter((each) => each.state === 'failed' && (id === undefined || each.id === id));
      wanted.forEach((each) => changeTransfer(each.id, { state: 'running', reason: null, rate: 12e6 }));
      return { retried: wanted.length };
    },
    'transfers.pauseAll': ({ paused }) => {
      const wanted = world.transfers.filter((each) => (paused ? each.state === 'running' : each.state === 'paused'));
      wanted.forEach((each) => changeTransfer(each.id, paused ? { state: 'paused', rate: 0 } : { state: 'running', rate: 20e6 }));
      return { changed: wanted.length };
    },
    'transfers.setPriority': ({ id, priority }) => changeTransfer(id, { priority }),
    'transfers.setInOrder': ({ id, inOrder }) => changeTransfer(id, { inOrder }),
    'transfers.setFilePriority': ({ id, indices, priority }) => {
      const chosen = world.filePriorities.get(id) ?? new Map<number, FilePriority>();
      for (const index of indices) chosen.set(index, priority);
      world.filePriorities.set(id, chosen);
      return changeTransfer(id, {});
    },
    'transfers.forget': ({ id, direction }) => {
      const gone = world.transfers.filter((each) => isOver(each) && (id === undefined || each.id === id) && (direction === undefined || each.direction === direction));
      world.transfers = world.transfers.filter((each) => !gone.includes(each));
      for (const each of ['down', 'up'] as const) world.emit({ type: 'transfers-gone', direction: each, ids: gone.filter((one) => one.direction === each).map((one) => one.id) });
      return { forgotten: gone.length };
    },
    'offers.list': () => world.offers,
    'offers.send': ({ peer: to, paths }) => offer(to, { count: paths.length, items: paths.map((path) => ({ name: path.split('/').at(-1) ?? path, kind: 'file', bytes: 12e6, files: 1 })) }),
    'offers.sendText': ({ peer: to, text }) => offer(to, { text, count: 0 }),
    'offers.accept': ({ id }) => changeOffer(id, { state: 'accepted' }),
    'offers.decline': ({ id }) => changeOffer(id, { state: 'declined' }),
    'offers.cancel': ({ id }) => changeOffer(id, { state: 'cancelled' }),
    'demo.start': () => {
      world.demo = 'on';
      world.peers = inventedPeople().slice(0, 1);
      world.peers.forEach((each) => world.emit({ type: 'peer', peer: each }));
      world.emit({ type: 'status', status: world.status() });
      return {};
    },
    'demo.stop': () => {
      world.demo = 'off';
      world.peers.forEach((each) => world.emit({ type: 'peer-gone', id: each.id }));
      world.peers = [];
      world.emit({ type: 'status', status: world.status() });
      return {};
    },
  };
}
