import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TransferId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { connectLocal } from '#main/local/connect-local.ts';
import { Stage, type ServedNode } from './programs.ts';
import { snapshot, writeRandom } from './trees.ts';
import { untilBytes, untilDone, untilTransfer } from './until.ts';

const stage = new Stage();
afterAll(() => stage.close());

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
/** The least there is: what may be asked for and not recorded when a source goes away. */
const windowBytes = 4 * MiB;

const connect = (from: ServedNode, to: ServedNode) => from.call('peers.connect', { address: `127.0.0.1:${to.ready.port}` });

async function share(node: ServedNode, path: string): Promise<void> {
  const { id } = await node.call('shares.add', { path, audience: { kind: 'everyone' } });
  await node.call('shares.whenHashed', { id });
}

/** Tells how much a node has given to another one from now on. What it shows of that itself goes away after some seconds. */
async function countGiven(node: ServedNode, to: ServedNode): Promise<() => Promise<Bytes>> {
  const given = new Map<TransferId, Bytes>();
  const note = ({ id, direction, peers, bytes, finishedAt }: Transfer): void => { if (direction === 'up' && finishedAt === null && peers.some((peer) => peer === to.ready.deviceId)) given.set(id, bytes); };
  const client = await connectLocal(node.dataDir);
  client.subscribe((event) => { if (event.type === 'transfer') note(event.transfer); });
  return async () => {
    for (const transfer of (await client.call('transfers.list', { finished: false })).transfers) note(transfer);
    return [...given.values()].reduce((sum, bytes) => sum + bytes, 0);
  };
}

/** Resolves when nobody gives anything any more, or it has all: what is there then is recorded, and nothing is on its way. */
const untilIdle = (node: ServedNode, id: TransferId): Promise<Transfer> =>
  untilTransfer(node, id, 'the end, or a reason to wait', ({ state, reason }) => state === 'done' || (state === 'waiting' && reason !== null));

it('sources die, leave, and return with other parts under other names, and nothing that is recorded is fetched again', async () => {
  const dataDir = await stage.folder();
  const before = await stage.serve(['--name', 'Receiver', ...quiet], undefined, dataDir);
  // The budget is read at the start.
  await before.call('settings.set', { patch: { receiveBudget: windowBytes } });
  await before.kill('SIGTERM');
  const [receiver, album, other, part] = await Promise.all([stage.serve(['--name', 'Receiver', ...quiet], undefined, dataDir), ...['Album', 'Other', 'Part'].map((name) => stage.serve(['--name', name, ...quiet]))]);
  if (album === undefined || other === undefined || part === undefined) throw new Error('nodes are missing');

  const original = join(await stage.folder(), 'Album');
  await mkdir(original);
  await writeRandom(join(original, 'film.bin'), 32 * MiB);
  await writeRandom(join(original, 'song.bin'), 5 * MiB);
  await writeFile(join(original, 'note.txt'), 'small');
  const total = 37 * MiB + 5;
  const renamed = join(await stage.folder(), 'another film.bin');
  await copyFile(join(original, 'film.bin'), renamed);
  await Promise.all([share(album, original), share(other, renamed)]);
  for (const node of [album, other]) await node.call('settings.set', { patch: { uploadLimit: 6 * MiB } });
  // However slow the disk is: when the other one leaves, this one lacks most of the film.
  await part.call('settings.set', { patch: { downloadLimit: 2 * MiB } });
  await connect(part, other);
  for (const node of [album, other]) await connect(receiver, node);
  const [givenByAlbum, givenByOther] = [await countGiven(album, receiver), await countGiven(other, receiver)];
  // One more fetches the film from the other source only: it will have a part of it.
  const { id: partial } = await part.call('transfers.start', { source: { kind: 'path', peer: 'Other', path: 'another film.bin' }, to: await stage.folder() });
  const to = await stage.folder();
  const { id } = await receiver.call('transfers.start', { source: { kind: 'path', peer: 'Album', path: 'Album' }, to });

  // The origin dies, with the names of everything.
  await untilBytes(receiver, id, 8 * MiB);
  let fetched = await givenByAlbum();
  await album.kill('SIGKILL');
  // The other one has the film under another name, and says goodbye in the middle of it.
  await untilBytes(receiver, id, 16 * MiB);
  await untilBytes(part, partial, 2 * MiB);
  fetched += await givenByOther();
  await other.kill('SIGTERM');
  const alone = await untilIdle(receiver, id);
  expect(alone.doneBytes).toBeLessThan(total);
  // What came and was not recorded: at most what was asked for when each of them went.
  expect(fetched).toBeLessThanOrEqual(alone.doneBytes + 2 * windowBytes);

  // Whoever has but some pieces gives them, takes what it lacks, and leaves.
  const { doneBytes: ownPart } = await untilIdle(part, partial);
  expect(ownPart).toBeLessThan(32 * MiB);
  await part.call('settings.set', { patch: { downloadLimit: 'off' } });
  await connect(receiver, part);
  await untilBytes(part, partial, ownPart + 1);
  await untilIdle(part, partial);
  await part.kill('SIGKILL');
  const { doneBytes: recorded } = await untilIdle(receiver, id);

  // The origin is back with a song and a note only, elsewhere and under other names; the other one with its film under a third name.
  const folder = join(await stage.folder(), 'Things');
  await mkdir(folder);
  await Promise.all([copyFile(join(original, 'song.bin'), join(folder, 'melody.bin')), copyFile(join(original, 'note.txt'), join(folder, 'reminder.txt'))]);
  await rename(original, `${original} is elsewhere`);
  await rename(renamed, `${renamed}.bak`);
  const [albumBack, otherBack] = await Promise.all([album, other].map((node, at) => stage.serve(['--name', at === 0 ? 'Album' : 'Other', ...quiet], undefined, node.dataDir)));
  if (albumBack === undefined || otherBack === undefined) throw new Error('nodes are missing');
  const givenSinceBy = [await countGiven(albumBack, receiver), await countGiven(otherBack, receiver)];
  for (const node of [albumBack, otherBack]) await node.call('settings.set', { patch: { uploadLimit: 'off' } });
  await Promise.all([share(albumBack, folder), share(otherBack, `${renamed}.bak`)]);
  for (const node of [albumBack, otherBack]) await connect(receiver, node);
  await untilDone(receiver, id);
  // Nobody left since. What was missing was given once, but for a piece taken back from one source because another one was faster,
  // and for what had come of pieces that the last source was giving when it was killed.
  const [sinceByAlbum = 0, sinceByOther = 0] = await Promise.all(givenSinceBy.map((count) => count()));
  const givenSince = sinceByAlbum + sinceByOther;
  expect(givenSince).toBeGreaterThanOrEqual(total - recorded - windowBytes);
  expect(givenSince).toBeLessThanOrEqual(total - recorded + windowBytes);
  const expected = await snapshot(`${original} is elsewhere`);
  expect(await snapshot(join(to, 'Album'))).toEqual(expected);
});
