import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isInside } from '#main/disk/is-inside.ts';
import type { Audience, Entry } from '#shared/model/share.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { KiB, MiB } from '#shared/units.ts';
import { addFile, connectAll, withRights, type Inhabitant, type World } from './world.ts';
import { oddNames, passingName, pathsBelow, underOneName } from './user-files.ts';

/** What somebody does; answers with what of it is worth a line. */
export type Operation = (world: World, who: Inhabitant) => Promise<string> | string;

export interface NamedOperation { readonly name: string; readonly weight: number; readonly does: Operation }

export const pick = (who: Inhabitant, world: World): Inhabitant => who.files.one(world.people.filter((each) => each !== who)) ?? who;

export function audience(who: Inhabitant, world: World): Audience {
  const kind = who.random();
  if (kind < 0.6) return { kind: 'everyone' };
  if (kind < 0.75) return { kind: 'public' };
  if (kind < 0.83) return { kind: 'nobody' };
  if (kind < 0.92) return { kind: 'devices', devices: who.random() < 0.3 ? [] : [pick(who, world).person.id] };
  const room = who.files.one([...who.person.lists.rooms.keys()]);
  return room === undefined ? { kind: 'devices', devices: [] } : { kind: 'room', room };
}

const share: Operation = async (world, who) => {
  const path = who.random() < 0.7 ? who.files.one(who.roots) : who.files.one(who.files.ownBelow(who.roots[0] ?? ''));
  if (path === undefined) return '';
  const name = who.random() < 0.2 ? who.files.one(oddNames) : undefined;
  await who.person.call('shares.add', { path, audience: audience(who, world), ...(name === undefined ? {} : { name }) });
  return `${path} as ${name ?? ''}`;
};

/** Secrets are left to those who look after them. */
const anyShare = (who: Inhabitant): string => who.files.one([...who.person.lists.shares.values()].filter(({ path }) => !isInside(who.secrets, path)).map(({ id }) => id)) ?? 'none';

const unshare: Operation = async (_, who) => {
  const id = anyShare(who);
  await who.person.call('shares.remove', { share: id });
  return id;
};

const updateShare: Operation = async (world, who) => {
  const args = who.random() < 0.5 ? { audience: audience(who, world) } : { name: who.random() < 0.5 ? `share ${Math.floor(who.random() * 9)}` : who.files.one(oddNames) ?? 'x' };
  const id = anyShare(who);
  await who.person.call('shares.update', { share: id, ...args });
  return `${id} ${JSON.stringify(args)}`;
};

const rescan: Operation = async (_, who) => {
  const id = anyShare(who);
  if (who.random() < 0.5) await who.person.call('shares.rescan', { share: id });
  else await who.person.call('shares.pauseHashing', { share: id, paused: who.random() < 0.3 });
  return id;
};

/** In the shared folders, but for what is downloaded there. */
const workInShares: Operation = (_, who) => {
  const { files, random } = who;
  const root = files.one(who.roots) ?? '';
  const kind = random();
  const path = files.one(files.ownBelow(root));
  if (kind < 0.3 || path === undefined) {
    addFile(who, root);
    return `added in ${root}`;
  }
  if (kind < 0.5) files.changeInPlace(path);
  else if (kind < 0.65) files.put(path, files.randomData(2 * MiB));
  else if (kind < 0.75) files.move(path, join(dirname(path), `moved ${Math.floor(random() * 1000)}`));
  else if (kind < 0.82) files.remove(path);
  else if (kind < 0.9) {
    const folder = join(root, `folder ${Math.floor(random() * 4)}`);
    if (!existsSync(folder)) return '';
    files.move(folder, join(root, `folder ${Math.floor(random() * 4)}`));
    return `moved folder ${folder}`;
  } else if (kind < 0.95) {
    files.remove(path);
    files.put(join(path, 'now a folder.bin'), files.randomData(MiB));
  } else {
    const folder = join(root, `folder ${Math.floor(random() * 4)}`);
    files.remove(folder);
    files.put(folder, files.randomData(MiB));
    return `folder became file ${folder}`;
  }
  return `${kind.toFixed(2)} ${path}`;
};

export async function somethingOf(who: Inhabitant, other: Inhabitant): Promise<{ path: string; entry: Entry } | null> {
  let path = '';
  let found: { path: string; entry: Entry } | null = null;
  for (let depth = 0; depth < 4; depth++) {
    const { entries } = await who.person.call('browse.list', { peer: other.person.id, path, limit: 100 });
    const entry = who.files.one(entries);
    if (entry === undefined) return found;
    path = path === '' ? entry.name : `${path}/${entry.name}`;
    found = { path, entry };
    if (entry.kind === 'file' || who.random() < 0.4) return found;
  }
  return found;
}

const download: Operation = async (world, who) => {
  const other = pick(who, world);
  const found = await somethingOf(who, other);
  if (found === null) return 'nothing there';
  const base = who.files.one(who.random() < 0.15 ? who.otherPlaces : who.destinations) ?? '';
  const { contentId } = found.entry;
  const byContent = contentId !== null && who.random() < 0.25;
  const known = who.random() < 0.3 ? { known: { kind: found.entry.kind, contentId } } : {};
  const transfer = await who.person.call('transfers.start', {
    source: byContent ? { kind: 'content', contentId, ...(who.random() < 0.5 ? { name: found.entry.name } : {}) } : { kind: 'path', peer: other.person.id, path: found.path, ...known },
    to: base, inOrder: who.random() < 0.2,
  });
  who.begun.set(transfer.id, { base, from: byContent ? null : { person: other, path: found.path }, transfer });
  return `${transfer.id} ${byContent ? 'content ' : ''}${other.person.name}/${found.path} to ${base}`;
};

export const anyDownload = (who: Inhabitant, fits: (transfer: Transfer) => boolean = () => true): Transfer | undefined =>
  who.files.one([...who.person.lists.transfers.values()].filter((each) => (each.direction === 'down' && fits(each)) || who.random() < 0.02));

const steer: Operation = async (_, who) => {
  const transfer = anyDownload(who);
  if (transfer === undefined) return '';
  const { id } = transfer;
  const { person, random } = who;
  const kind = random();
  const priorities = ['low', 'normal', 'high'] as const;
  if (kind < 0.2) await person.call('transfers.pause', { id });
  else if (kind < 0.45) await person.call('transfers.resume', { id });
  else if (kind < 0.55) await person.call('transfers.setPriority', { id, priority: who.files.one(priorities) ?? 'low' });
  else if (kind < 0.62) await person.call('transfers.setInOrder', { id, inOrder: random() < 0.5 });
  else if (kind < 0.85) {
    const indices = Array.from({ length: transfer.files }, (_, at) => at).filter(() => random() < 0.3);
    await person.call('transfers.setFilePriority', { id, indices, priority: random() < 0.5 ? 'skip' : who.files.one(priorities) ?? 'low' });
  } else if (kind < 0.95) await person.call('transfers.retry', random() < 0.5 ? { id } : {});
  else if (kind < 0.98) await person.call('transfers.pauseAll', { paused: random() < 0.3 });
  else {
    await person.call('transfers.get', { id });
    await person.call('transfers.files', { id, limit: 7 });
  }
  return `${id} ${kind.toFixed(2)}`;
};

const cancel: Operation = async (_, who) => {
  const transfer = anyDownload(who, ({ state }) => state !== 'done');
  if (transfer === undefined) return '';
  const deletePartial = who.random() < 0.6;
  if (!deletePartial && transfer.path !== null) who.abandoned.push(transfer.path);
  await who.person.call('transfers.cancel', { id: transfer.id, deletePartial });
  return `${transfer.id} ${deletePartial ? 'and delete' : ''}`;
};

const forget: Operation = async (_, who) => {
  if (who.random() < 0.1) {
    // Of a file that is not wanted any more what has come stays.
    for (const { path, state, files, doneFiles } of who.person.lists.transfers.values()) if (path !== null && state === 'done' && doneFiles < files) who.abandoned.push(path);
    return JSON.stringify(await who.person.call('transfers.forget', {}));
  }
  const transfer = anyDownload(who);
  if (transfer === undefined) return '';
  const { forgotten } = await who.person.call('transfers.forget', { id: transfer.id });
  if (forgotten > 0 && transfer.path !== null) who.abandoned.push(transfer.path);
  return `${transfer.id} ${forgotten}`;
};

/** Where downloads come in: the user puts own files in their way, changes, moves and deletes what came. */
const workInDestinations: Operation = async (_, who) => {
  const { files, random } = who;
  const folder = files.one(who.destinations) ?? '';
  const kind = random();
  if (kind < 0.35) {
    const transfer = anyDownload(who, ({ state }) => state !== 'done');
    const begun = transfer === undefined ? undefined : who.begun.get(transfer.id);
    if (transfer === undefined || begun === undefined || transfer.path === null) return '';
    const { files: listed } = await who.person.call('transfers.files', { id: transfer.id, limit: 50 });
    const file = files.one(listed);
    const path = underOneName(file === undefined || transfer.kind === 'file' ? transfer.path : join(transfer.path, file.path));
    if (existsSync(path) && !files.own.has(path)) return '';
    if (random() < 0.2) mkdirSync(path, { recursive: true });
    else files.put(path, files.randomData(200 * KiB));
    return `in the way: ${path}`;
  }
  const there = pathsBelow(folder).filter((path) => !passingName.test(path.replace(/\/$/, '')) || files.own.has(join(folder, path)));
  const found = files.one(there);
  if (found === undefined) return '';
  const path = join(folder, found.replace(/\/$/, ''));
  if (found.endsWith('/')) {
    if (kind < 0.8) return '';
    const isUnfinished = pathsBelow(path).some((each) => passingName.test(each));
    if (isUnfinished) who.abandoned.push(path);
    if (kind < 0.9) files.remove(path);
    else {
      const target = join(dirname(path), `moved folder ${Math.floor(random() * 100)}`);
      files.move(path, target);
      // What lay in it is the user's, to keep or to delete.
      if (isUnfinished) who.abandoned.push(target);
    }
  } else if (kind < 0.55) files.changeInPlace(path);
  else if (kind < 0.7) files.remove(path);
  else if (kind < 0.8) {
    files.adopt(path);
    files.move(path, join(dirname(path), `kept ${Math.floor(random() * 1000)}`));
  } else files.put(path, files.randomData(100 * KiB));
  return `${kind.toFixed(2)} ${path}`;
};

/** A whole destination goes away and comes back, as a drive that is pulled out. */
const moveDestination: Operation = (_, who) => {
  const [gone] = who.away;
  if (gone !== undefined) {
    const [path, to] = gone;
    who.away.delete(path);
    if (existsSync(path)) return `stays away: ${path}`;
    who.files.move(to, path);
    return `back: ${path}`;
  }
  const path = who.destinations[who.random() < 0.5 ? 0 : 1] ?? '';
  if (!existsSync(path)) return '';
  const to = `${path} away ${Math.floor(who.random() * 1e6)}`;
  who.away.set(path, to);
  who.files.move(path, to);
  return `away: ${path}`;
};

const push: Operation = async (world, who) => {
  const { files } = who;
  const other = pick(who, world);
  if (who.random() < 0.1) {
    await who.person.call('offers.sendText', { peer: other.person.id, text: 'hello 🎈' });
    return 'text';
  }
  const paths = [files.one(files.ownBelow(who.roots[0] ?? '')), who.random() < 0.3 ? join(who.roots[1] ?? '', 'folder 1') : undefined].flatMap((path) => (path !== undefined && existsSync(path) ? [path] : []));
  if (paths.length === 0) return '';
  const { id } = await who.person.call('offers.send', { peer: other.person.id, paths });
  return `${id} ${paths.join(', ')}`;
};

const answer: Operation = async (_, who) => {
  const offer = who.files.one([...who.person.lists.offers.values()].filter(({ state }) => state === 'asked' || who.random() < 0.05));
  if (offer === undefined) return '';
  const kind = who.random();
  if (offer.direction === 'out') {
    if (kind < 0.3) await who.person.call('offers.cancel', { id: offer.id });
  } else if (kind < 0.2) await who.person.call('offers.decline', { id: offer.id });
  else {
    const base = who.files.one(who.destinations) ?? '';
    const { transfers } = await who.person.call('offers.accept', { id: offer.id, to: base });
    for (const id of transfers) {
      const { transfer } = await who.person.call('transfers.get', { id });
      who.begun.set(id, { base, from: null, transfer });
    }
  }
  return `${offer.id} ${offer.direction} ${kind.toFixed(2)}`;
};

const search: Operation = async (_, who) => {
  const words = who.files.one(['file', 'folder', '日本', 'bin', 'name (2)', '"', 'moved', '%41']) ?? 'x';
  const { id } = await who.person.call('search.start', { words });
  if (who.random() < 0.3) await who.person.call('search.stop', { id });
  else await who.person.call('search.get', { id });
  return words;
};

const limits: Operation = async (_, who) => {
  const limit = (): 'off' | number => (who.random() < 0.6 ? 'off' : Math.floor((0.2 + who.random() * 6) * MiB));
  const patch = {
    downloadLimit: limit(), uploadLimit: limit(), activeTransfers: 1 + Math.floor(who.random() * 6),
    alternativeLimits: who.random() < 0.2, alternativeDownloadLimit: limit(), alternativeUploadLimit: limit(),
    schedule: { on: who.random() < 0.2, days: ['mon', 'sun'] as ('mon' | 'sun')[], from: '00:00', to: '23:59' }, compression: who.random() < 0.5 ? 'auto' as const : 'off' as const,
  };
  await who.person.call('settings.set', { patch });
  return JSON.stringify(patch);
};

const restart: Operation = async (world, who) => {
  if (who.isBusy) return '';
  who.isBusy = true;
  try {
    const signal = who.random() < 0.5 ? 'SIGTERM' : 'SIGKILL';
    await who.person.end(signal);
    await new Promise((resolve) => { setTimeout(resolve, who.random() * 1500); });
    await who.person.start();
    await connectAll(world, who);
    return signal;
  } finally {
    who.isBusy = false;
  }
};

const relate: Operation = async (world, who) => {
  const other = pick(who, world);
  const peer = other.person.id;
  const kind = who.random();
  if (kind < 0.2) await withRights(who, async () => {
    await who.person.call('peers.block', { peer, blocked: true });
    await new Promise((resolve) => { setTimeout(resolve, who.random() * 1500); });
    await who.person.call('peers.block', { peer, blocked: false });
  });
  else if (kind < 0.35) await who.person.call('peers.forget', { peer });
  else if (kind < 0.5) await who.person.call('peers.unpair', { peer });
  else if (kind < 0.8) {
    await who.person.call('pairing.start', { peer });
    await who.person.call('pairing.answer', { peer, same: true });
    await other.person.call('pairing.answer', { peer: who.person.id, same: who.random() < 0.8 });
  } else if (kind < 0.9) await who.person.call('peers.setAutoAccept', { peer, autoAccept: who.random() < 0.5 });
  else await who.person.call('peers.setLimits', { peer, down: who.random() < 0.5 ? 'off' : MiB });
  await connectAll(world, who);
  return `${other.person.name} ${kind.toFixed(2)}`;
};

/** What concerns files and downloads; the rest is in `circles.ts` and `odd-ways.ts`. */
export const basicOperations: readonly NamedOperation[] = [
  { name: 'download', weight: 22, does: download },
  { name: 'steer', weight: 14, does: steer },
  { name: 'cancel', weight: 3, does: cancel },
  { name: 'forget', weight: 3, does: forget },
  { name: 'work in shares', weight: 14, does: workInShares },
  { name: 'work in destinations', weight: 12, does: workInDestinations },
  { name: 'move destination', weight: 2, does: moveDestination },
  { name: 'share', weight: 5, does: share },
  { name: 'unshare', weight: 2, does: unshare },
  { name: 'update share', weight: 3, does: updateShare },
  { name: 'rescan', weight: 2, does: rescan },
  { name: 'push', weight: 4, does: push },
  { name: 'answer', weight: 6, does: answer },
  { name: 'search', weight: 2, does: search },
  { name: 'limits', weight: 2, does: limits },
  { name: 'restart', weight: 2, does: restart },
  { name: 'relate', weight: 3, does: relate },
];
