import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#shared/errors.ts';
import type { ContentId, TransferId } from '#shared/ids.ts';
import type { Share } from '#shared/model/share.ts';
import { KiB, MiB, second } from '#shared/units.ts';
import { pick, type NamedOperation, type Operation } from './operations.ts';
import { connectAll, withRights, type Inhabitant, type World } from './world.ts';

/** Not those of secrets: who is in them is what is tested. */
const anyRoom = (who: Inhabitant, isMine?: boolean): string | undefined => who.files.one([...who.person.lists.rooms.values()].filter((room) => !room.name.startsWith('secret') && (isMine === undefined || room.isMine === isMine)).map(({ id }) => id));

const rooms: Operation = async (world, who) => {
  const { person, random, files } = who;
  const kind = random();
  const room = anyRoom(who);
  if (kind < 0.3 || room === undefined) {
    const made = await person.call('rooms.create', { name: `room ${Math.floor(random() * 9)}`, lastsMs: random() < 0.2 ? 20 * second : null });
    return `made ${made.id} ${made.name}`;
  }
  const other = pick(who, world);
  if (kind < 0.6) {
    who.hasInvited = true;
    const { words, link } = await person.call('rooms.invite', { room, language: random() < 0.5 ? 'en' : 'es' });
    const joined = await other.person.call('rooms.join', { invitation: random() < 0.5 ? words : link });
    return `${other.person.name} joins ${room} as ${joined.id}`;
  }
  if (kind < 0.7) await person.call('rooms.update', { room, name: files.one(['other', 'ünïcødé 🎈', 'x'.repeat(60)]) ?? 'x' });
  else if (kind < 0.85) await person.call('rooms.removeMember', { room, member: other.person.id });
  else await person.call('rooms.leave', { room });
  return `${room} ${kind.toFixed(2)} ${other.person.name}`;
};

/** What somebody has of a secret, and a download of it that began while it was allowed. */
interface Secret {
  readonly owner: Inhabitant;
  readonly looker: Inhabitant;
  readonly share: Share;
  readonly word: string;
  readonly download: TransferId | null;
  readonly contentId: ContentId | null;
}

const isError = (error: unknown): boolean => error instanceof AppError || (error instanceof Error && error.message.endsWith(' hangs'));
const quietly = <T>(work: Promise<T>): Promise<T | null> => work.catch((error: unknown) => {
  if (!isError(error)) throw error;
  return null;
});

/** Ways in which a secret stops to be for somebody. Each answers with the way back, or with null where it could not be done. */
type Way = (world: World, secret: Secret) => Promise<(() => Promise<unknown>) | null>;
const isStranger = (who: Inhabitant, other: Inhabitant): boolean => {
  const trust = who.person.lists.peers.get(other.person.id)?.trust;
  return (trust === 'seen' || trust === undefined) && !who.askedFor.has(other.person.id) && !who.hasInvited && who.person.lists.rooms.size === 0;
};
const ways: Readonly<Record<string, Way>> = {
  nobody: async (_, { owner, share }) => {
    await owner.person.call('shares.update', { share: share.id, audience: { kind: 'nobody' } });
    return () => owner.person.call('shares.update', { share: share.id, audience: { kind: 'everyone' } });
  },
  others: async (world, { owner, looker, share }) => {
    const third = world.people.find((each) => each !== owner && each !== looker);
    await owner.person.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: third === undefined ? [] : [third.person.id] } });
    return () => owner.person.call('shares.update', { share: share.id, audience: { kind: 'everyone' } });
  },
  unshare: async (_, { owner, share }) => {
    await owner.person.call('shares.remove', { share: share.id });
    return () => owner.person.call('shares.add', { path: share.path, name: share.name, audience: { kind: 'everyone' } });
  },
  block: async (_, { owner, looker }) => {
    await owner.person.call('peers.block', { peer: looker.person.id, blocked: true });
    return () => owner.person.call('peers.block', { peer: looker.person.id, blocked: false });
  },
  visibility: async (_, { owner, looker }) => {
    // It forgets who was asked for, too.
    await owner.person.call('peers.forget', { peer: looker.person.id });
    owner.askedFor.delete(looker.person.id);
    await quietly(looker.person.call('peers.connect', { address: `127.0.0.1:${owner.person.port}` }));
    if (!isStranger(owner, looker)) return null;
    await owner.person.call('settings.set', { patch: { visibility: 'paired' } });
    return () => owner.person.call('settings.set', { patch: { visibility: 'everyone' } });
  },
};

/** A share that only some may see: who may not, from the answer on neither lists it, nor finds it, nor gets a byte of it. */
let number = 0;
const secret: Operation = (world, owner) => withRights(owner, async () => {
  const { files, person, random } = owner;
  const looker = pick(owner, world);
  const word = `secret${number++}z${Math.floor(random() * 1e9)}`;
  const folder = join(owner.secrets, word);
  files.put(join(folder, `${word}.bin`), files.noise(10 * MiB));
  files.put(join(folder, `${word} small`), files.noise(3 * KiB));
  const isInRoom = random() < 0.35;
  const room = isInRoom ? await person.call('rooms.create', { name: word, lastsMs: null }) : null;
  const share = await person.call('shares.add', { path: folder, name: word, audience: room === null ? { kind: 'everyone' } : { kind: 'room', room: room.id } });
  const lookerUp = looker.person;
  try {
    if (room !== null) {
      const third = world.people.find((each) => each !== owner && each !== looker);
      owner.hasInvited = true;
      const { words } = await person.call('rooms.invite', { room: room.id, language: 'en' });
      await quietly(lookerUp.call('rooms.join', { invitation: words }));
      for (let tries = 0; tries < 20 && (await quietly(lookerUp.call('browse.list', { peer: person.id, path: word, limit: 10 }))) === null; tries++) await sleep(200);
      if (third !== undefined) await mustNotSee(world, { owner, looker: third, share, word, download: null, contentId: null }, 'is in no room of it');
    }
    await quietly(person.call('peers.setLimits', { peer: looker.person.id, up: 1 * MiB }));
    const base = looker.destinations[0] ?? '';
    const begun = await quietly(lookerUp.call('transfers.start', { source: { kind: 'path', peer: person.id, path: word }, to: base }));
    if (begun !== null) looker.begun.set(begun.id, { base, from: { person: owner, path: word }, transfer: begun });
    await sleep(800 + random() * 1500);
    const entries = (await quietly(person.call('shares.browse', { path: word, limit: 10 })))?.entries;
    const about: Secret = { owner, looker, share, word, download: begun?.id ?? null, contentId: entries?.find(({ name }) => name === `${word}.bin`)?.contentId ?? null };
    const chosen = files.one(Object.keys(ways)) ?? 'nobody';
    let back: (() => Promise<unknown>) | null;
    if (room !== null) {
      const kind = random();
      if (kind < 0.6) await person.call('rooms.removeMember', { room: room.id, member: looker.person.id });
      else await person.call('rooms.leave', { room: room.id });
      back = () => person.call('shares.update', { share: share.id, audience: { kind: 'everyone' } });
    } else back = (await ways[chosen]?.(world, about)) ?? null;
    const how = room === null ? chosen : 'room';
    world.log(`${person.name} takes ${word} from ${looker.person.name}: ${how}${back === null ? ' not' : ''}`);
    if (back !== null) {
      const stranger = how !== 'visibility' || isStranger(owner, looker);
      if (stranger) await mustNotSee(world, about, how);
      await back();
    }
    return `${word} ${how} ${begun?.id ?? ''}`;
  } finally {
    await quietly(person.call('peers.setLimits', { peer: looker.person.id, up: 'off' }));
    await connectAll(world, looker).catch(() => undefined);
  }
});

async function mustNotSee(world: World, { owner, looker, share, word, download, contentId }: Secret, how: string): Promise<void> {
  const { person } = looker;
  const say = (what: string): void => { world.wrong.push(`${person.name} ${what} ${word} of ${owner.person.name}, which was taken away: ${how}`); };
  const isTrusted = (): boolean => how === 'visibility' && !isStranger(owner, looker);
  const peer = owner.person.id;
  const list = await quietly(person.call('browse.list', { peer, path: '', limit: 200 }));
  if (list?.entries.some(({ name }) => name === share.name) === true && !isTrusted()) say('lists');
  const inside = await quietly(person.call('browse.list', { peer, path: share.name, limit: 10 }));
  if (inside !== null && !isTrusted()) say('looks into');
  const found = await quietly(person.call('search.start', { words: word }));
  if (found !== null) {
    await sleep(500);
    const state = await quietly(person.call('search.get', { id: found.id }));
    if (state?.hits.some(({ sources }) => sources.some((source) => source.peer === peer)) === true && !isTrusted()) say('finds');
  }
  const started = contentId === null ? null : await quietly(person.call('transfers.start', { source: { kind: 'content', contentId, name: `${word} again` }, to: looker.destinations[1] ?? '' }));
  if (started !== null) looker.begun.set(started.id, { base: looker.destinations[1] ?? '', from: null, transfer: started });
  const given = async (): Promise<number | null> => {
    const transfers = [download, started?.id ?? null].filter((id) => id !== null);
    let sum = 0;
    for (const id of transfers) {
      const detail = await quietly(person.call('transfers.get', { id }));
      if (detail === null) return null;
      sum += detail.sources.reduce((bytes, source) => bytes + (source.peer === peer ? source.bytes : 0), 0);
    }
    return sum;
  };
  // What had gone out by then arrives.
  await sleep(1 * second);
  const [before, pid] = [await given(), person.pid];
  await sleep(2.5 * second);
  const after = await given();
  if (before !== null && after !== null && pid === person.pid && after > before && !isTrusted()) say(`gets ${after - before} bytes more`);
}

export const circleOperations: readonly NamedOperation[] = [
  { name: 'rooms', weight: 5, does: rooms },
  { name: 'secret', weight: 2.5, does: secret },
];
