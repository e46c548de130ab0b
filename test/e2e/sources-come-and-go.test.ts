import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TransferId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { Stage, type ServedNode } from './programs.ts';
import { snapshot, writeRandom } from './trees.ts';

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

/** Bytes a node has given to another one since it started. */
async function given(node: ServedNode, to: ServedNode): Promise<Bytes> {
  const { transfers } = await node.call('transfers.list', {});
  return transfers.filter(({ direction, peers }) => direction === 'up' && peers.some((peer) => peer === to.ready.deviceId)).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function until(node: ServedNode, id: TransferId, fits: (transfer: Transfer) => boolean): Promise<Transfer> {
  for (;;) {
    const { transfer } = await node.call('transfers.get', { id });
    if (fits(transfer)) return transfer;
    await node.event((event) => event.type === 'status' || (event.type === 'transfer' && event.transfer.id === id));
  }
}

/** Resolves when nobody gives anything any more, or it has all: what is there then is recorded, and nothing is on its way. */
const untilIdle = (node: ServedNode, id: TransferId): Promise<Transfer> => until(node, id, ({ state, reason }) => state === 'done' || (state === 'waiting' && reason !== null));

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
  await connect(part, other);
  for (const node of [album, other]) await connect(receiver, node);
  // One more fetches the film from the other source only: it will have a part of it.
  const { id: partial } = await part.call('transfers.start', { source: { kind: 'path', peer: 'Other', path: 'another film.bin' }, to: await stage.folder() });
  const to = await stage.folder();
  const { id } = await receiver.call('transfers.start', { source: { kind: 'path', peer: 'Album', path: 'Album' }, to });

  // The origin dies, with the names of everything.
  await until(receiver, id, ({ doneBytes }) => doneBytes >= 8 * MiB);
  let fetched = await given(album, receiver);
  await album.kill('SIGKILL');
  // The other one has the film under another name, and says goodbye in the middle of it.
  await until(receiver, id, ({ doneBytes }) => doneBytes >= 16 * MiB);
  await until(part, partial, ({ doneBytes }) => doneBytes >= 2 * MiB);
  fetched += await given(other, receiver);
  await other.kill('SIGTERM');
  const alone = await untilIdle(receiver, id);
  expect(alone.doneBytes).toBeLessThan(total);
  // What came and was not recorded: at most what was asked for when each of them went.
  expect(fetched).toBeLessThanOrEqual(alone.doneBytes + 2 * windowBytes);

  // Whoever has but some pieces gives them, takes what it lacks, and leaves.
  const { doneBytes: ownPart } = await untilIdle(part, partial);
  await connect(receiver, part);
  await until(part, partial, ({ doneBytes }) => doneBytes > ownPart);
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
  for (const node of [albumBack, otherBack]) await node.call('settings.set', { patch: { uploadLimit: 'off' } });
  await Promise.all([share(albumBack, folder), share(otherBack, `${renamed}.bak`)]);
  for (const node of [albumBack, otherBack]) await connect(receiver, node);
  await until(receiver, id, ({ state }) => state === 'done');
  // Nobody left since. What was missing was given once, but for a piece taken back from one source because another one was faster.
  const givenSince = (await given(albumBack, receiver)) + (await given(otherBack, receiver));
  expect(givenSince).toBeGreaterThanOrEqual(total - recorded);
  expect(givenSince).toBeLessThanOrEqual(total - recorded + windowBytes);
  const expected = await snapshot(`${original} is elsewhere`);
  expect(await snapshot(join(to, 'Album'))).toEqual(expected);
});
