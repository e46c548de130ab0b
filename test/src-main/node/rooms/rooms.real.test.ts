import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { hour } from '#shared/units.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { Room } from '#shared/model/room.ts';
import type { Share } from '#shared/model/share.ts';
import { parseAddress } from '#shared/address.ts';
import type { Settings } from '#shared/settings.ts';
import { invitationLink, readInvitation } from '#shared/room-invitation.ts';

let folder: string;
const running = new Map<string, RunningNode>();

beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'rooms-')); });
afterEach(async () => {
  await Promise.all([...running.values()].map((node) => node.close()));
  running.clear();
  await rm(folder, { recursive: true });
});

async function start(name: string, visibility: Settings['visibility'] = 'everyone'): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, visibility, port: 0, multicast: false, mdns: false, downloadDir: join(folder, `${name} downloads`) } });
  running.set(name, node);
  return node;
}

async function stop(name: string): Promise<void> {
  await running.get(name)?.close();
  running.delete(name);
}

/** Resolves when a look gives something; looks again at every event. */
function when<T>(node: RunningNode, look: () => Promise<T | null | undefined | false>): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      look().then((found) => {
        if (found === null || found === undefined || found === false) return;
        unsubscribe();
        resolve(found);
      }, reject);
    };
    const unsubscribe = node.api.subscribe(check);
    check();
  });
}

const event = <Type extends NodeEvent['type']>(node: RunningNode, type: Type): Promise<Extract<NodeEvent, { type: Type }>> => new Promise((resolve) => {
  const unsubscribe = node.api.subscribe((each) => {
    if (each.type !== type) return;
    unsubscribe();
    resolve(each as Extract<NodeEvent, { type: Type }>);
  });
});

const roomOf = async (node: RunningNode): Promise<Room | undefined> => (await node.api.call('rooms.list', {}))[0];
const online = (node: RunningNode, ...names: string[]): Promise<Room> =>
  when(node, async () => {
    const room = await roomOf(node);
    return room !== undefined && room.members.filter((member) => member.online).map(({ name }) => name).sort().join() === names.sort().join() && room;
  });
const seenBy = async (node: RunningNode, peer: string): Promise<string[]> => (await node.api.call('browse.list', { peer, path: '', limit: 10 })).entries.map(({ name }) => name);
const sees = (node: RunningNode, peer: string, ...names: string[]): Promise<true> => when(node, async () => (await seenBy(node, peer)).join() === names.join());

/** Anna's room with Ben in it, who came by her link: nothing announces anything here. */
async function annaAndBen(): Promise<{ anna: RunningNode; ben: RunningNode; room: Room; share: Share }> {
  const [anna, ben] = [await start('Anna'), await start('Ben')];
  const room = await anna.api.call('rooms.create', { name: 'Reading circle', lastsMs: null });
  const path = join(folder, 'Books');
  await mkdir(path);
  await writeFile(join(path, 'one.txt'), 'a book');
  const share = await anna.api.call('shares.add', { path, audience: { kind: 'room', room: 'reading circle' } });
  const { link } = await anna.api.call('rooms.invite', { room: room.id, language: 'en' });
  expect(await ben.api.call('rooms.join', { invitation: link })).toMatchObject({ id: room.id, name: 'Reading circle', state: 'looking', isMine: false });
  await online(ben, 'Anna');
  return { anna, ben, room, share };
}

describe('a room', () => {
  it('is joined by a link, without anything that announces devices, and what is shared with it is seen by its members alone', async () => {
    const { anna, ben, room, share } = await annaAndBen();
    expect(share.audience).toEqual({ kind: 'room', room: room.id });
    await online(anna, 'Ben');
    await sees(ben, 'Anna', 'Books');
    const stranger = await start('Stranger');
    await stranger.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
    expect(await seenBy(stranger, 'Anna')).toEqual([]);
    await expect(stranger.api.call('browse.list', { peer: 'Anna', path: 'Books', limit: 10 })).rejects.toMatchObject({ code: 'not-found' });
    // Who comes later by words alone is met through nobody but a link that is there already.
    const { words } = await ben.api.call('rooms.invite', { room: 'Reading circle', language: 'es' });
    await stranger.api.call('rooms.join', { invitation: words });
    expect(await when(stranger, async () => (await roomOf(stranger))?.state === 'ready' && roomOf(stranger))).toMatchObject({ id: room.id, name: 'Reading circle' });
    await sees(stranger, 'Anna', 'Books');
    // Ben and the stranger find each other through Anna.
    await online(ben, 'Anna', 'Stranger');
  });

  it('brings its members together though all of them show themselves to trusted ones only', async () => {
    const [anna, ben, cleo] = [await start('Anna', 'paired'), await start('Ben', 'paired'), await start('Cleo', 'paired')];
    const room = await anna.api.call('rooms.create', { name: 'Reading circle', lastsMs: null });
    const { link } = await anna.api.call('rooms.invite', { room: room.id, language: 'en' });
    await ben.api.call('rooms.join', { invitation: link });
    await cleo.api.call('rooms.join', { invitation: link });
    await Promise.all([online(anna, 'Ben', 'Cleo'), online(ben, 'Anna', 'Cleo'), online(cleo, 'Anna', 'Ben')]);
    // Whoever has left is a stranger again.
    await ben.api.call('rooms.leave', { room: room.id });
    const isAlone = async (): Promise<boolean> => (await ben.api.call('peers.list', {})).every((peer) => !peer.online);
    await when(ben, isAlone);
    await Promise.all([online(anna, 'Cleo'), online(cleo, 'Anna')]);
  });

  it('is still there after both programs ended', async () => {
    const { room } = await annaAndBen();
    await stop('Anna');
    await stop('Ben');
    const [anna, ben] = [await start('Anna'), await start('Ben')];
    expect(await roomOf(ben)).toMatchObject({ id: room.id, name: 'Reading circle', members: [{ name: 'Anna', online: false, isOwner: true }] });
    await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
    await online(ben, 'Anna');
    await sees(ben, 'Anna', 'Books');
  });

  it('is over for whoever is removed: at once, and for what they shared', async () => {
    const { anna, ben, room } = await annaAndBen();
    await online(anna, 'Ben');
    await sees(ben, 'Anna', 'Books');
    const path = join(folder, 'poem.txt');
    await writeFile(path, 'a poem');
    await ben.api.call('shares.add', { path, audience: { kind: 'room', room: room.id } });
    await sees(anna, 'Ben', 'poem.txt');
    const gone = event(ben, 'room-gone');
    expect(await anna.api.call('rooms.removeMember', { room: room.id, member: 'Ben' })).toMatchObject({ members: [] });
    expect(await gone).toEqual({ type: 'room-gone', id: room.id, name: 'Reading circle', why: 'removed', became: null });
    await sees(ben, 'Anna');
    await sees(anna, 'Ben');
    await when(ben, async () => (await ben.api.call('shares.list', {}))[0]?.audience.kind === 'nobody');
    await expect(ben.api.call('rooms.update', { room: room.id, name: 'Mine' })).rejects.toMatchObject({ code: 'room-unknown' });
  });

  it('is left, and then nothing of it is seen any more', async () => {
    const { anna, ben, room } = await annaAndBen();
    await online(anna, 'Ben');
    await sees(ben, 'Anna', 'Books');
    await expect(ben.api.call('rooms.update', { room: room.id, name: 'Mine' })).rejects.toMatchObject({ code: 'room-not-yours' });
    await anna.api.call('rooms.leave', { room: room.id });
    expect(await anna.api.call('rooms.list', {})).toEqual([]);
    await sees(ben, 'Anna');
    await online(ben);
    await when(anna, async () => (await anna.api.call('shares.list', {}))[0]?.audience.kind === 'nobody');
  });

  it('says what is wrong with an invitation', async () => {
    const node = await start('Ben');
    const join = (invitation: string) => node.api.call('rooms.join', { invitation });
    await expect(join('legal winner thank year wave sausage worth useful legal winner thank yelow')).rejects.toMatchObject({ code: 'invitation-unreadable', params: { place: 12, word: 'yelow' } });
    await expect(join('distrishare:room/12')).rejects.toMatchObject({ code: 'invitation-unreadable' });
    const room = await node.api.call('rooms.create', { name: 'Short', lastsMs: hour });
    const { link } = await node.api.call('rooms.invite', { room: 'Short', language: 'en' });
    const read = readInvitation(link);
    if (read?.hints == null) throw new Error('a link tells all');
    expect(read.hints).toMatchObject({ id: room.id, name: 'Short', endsAt: room.endsAt, addresses: [parseAddress(`127.0.0.1:${node.port}`)] });
    await expect(join(invitationLink(new Uint8Array(16), { ...read.hints, endsAt: 1 }))).rejects.toMatchObject({ code: 'room-over' });
    const looking = await join('legal winner thank year wave sausage worth useful legal winner thank yellow');
    expect(looking).toMatchObject({ name: '', state: 'looking' });
    await expect(node.api.call('shares.add', { path: folder, audience: { kind: 'room', room: looking.id } })).rejects.toMatchObject({ code: 'room-not-met' });
    await expect(node.api.call('shares.add', { path: folder, audience: { kind: 'room', room: 'none' } })).rejects.toMatchObject({ code: 'room-unknown' });
  });
});
