import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunningNode } from '#main/node/node.ts';
import { MiB } from '#shared/units.ts';
import { wholeNodes } from '../whole-nodes.ts';
import { PatientSource } from './patient-source.ts';

const nodes = wholeNodes();
const both = (): Promise<readonly [RunningNode, RunningNode]> => Promise.all([nodes.start('Anna'), nodes.start('Ben')]);

/** Far longer than it takes, and shorter than what is waited for would take by itself. */
const soon = { timeout: 20_000 };

it('leaves nothing of the version that a file had when it was begun, when the source has another one in its place', async () => {
  const [anna, ben] = await both();
  const [trip, film] = [join(nodes.folder, 'Trip'), join(nodes.folder, 'Trip/film')];
  const now = randomBytes(2.5 * MiB);
  await mkdir(trip);
  await writeFile(film, randomBytes(4 * MiB));
  await writeFile(join(nodes.folder, 'next'), now);
  const { id: share } = await anna.api.call('shares.add', { path: trip, audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id: share });
  await anna.api.call('settings.set', { patch: { uploadLimit: 2 * MiB } });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  await expect.poll(async () => (await ben.api.call('transfers.get', { id })).transfer.doneBytes, soon).toBeGreaterThan(0);
  await ben.api.call('transfers.pause', { id });
  expect((await stat(join(nodes.folder, 'Ben downloads/Trip/film.part'))).isFile()).toBe(true);
  await rename(join(nodes.folder, 'next'), film);
  await anna.api.call('shares.rescan', { share });
  await anna.api.call('shares.whenHashed', { id: share });
  await anna.api.call('settings.set', { patch: { uploadLimit: 'off' } });
  await ben.api.call('transfers.resume', { id });
  await expect.poll(async () => (await ben.api.call('transfers.get', { id })).transfer.state, soon).toBe('done');
  expect(now.equals(await readFile(join(nodes.folder, 'Ben downloads/Trip/film')))).toBe(true);
  expect(await readdir(join(nodes.folder, 'Ben downloads/Trip'))).toEqual(['film']);
});

it('lists what is done as done while a larger file still comes', async () => {
  const [anna, ben] = await both();
  const trip = join(nodes.folder, 'Trip');
  await mkdir(trip);
  for (const name of ['a', 'b', 'c']) await writeFile(join(trip, name), randomBytes(100_000));
  await writeFile(join(trip, 'film'), randomBytes(12 * MiB));
  const { id: share } = await anna.api.call('shares.add', { path: trip, audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id: share });
  await anna.api.call('settings.set', { patch: { uploadLimit: 0.25 * MiB } });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  const done = async (): Promise<string[]> => (await ben.api.call('transfers.files', { id, limit: 10 })).files.filter(({ state }) => state === 'done').map(({ path }) => path);
  await expect.poll(done, soon).toEqual(['a', 'b', 'c']);
  expect((await ben.api.call('transfers.get', { id })).transfer.state).toBe('running');
});

it('shows a folder that is a file by the time it is listed as that file', async () => {
  const ben = await nodes.start('Ben');
  // Asked what `Folder` is, it says a folder; its list is the file itself.
  const source = await PatientSource.start({ '': 100_000 });
  source.giveAll();
  await ben.api.call('peers.connect', { address: source.address });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
  const path = join(nodes.folder, 'Ben downloads/Folder');
  await expect.poll(async () => (await ben.api.call('transfers.get', { id })).transfer, soon).toMatchObject({ state: 'done', kind: 'file', files: 1, path, contentId: source.files[0]?.id });
  expect(Buffer.compare(await readFile(path), source.files[0]?.data ?? new Uint8Array())).toBe(0);
});
