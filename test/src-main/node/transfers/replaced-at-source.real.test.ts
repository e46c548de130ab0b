import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { MiB } from '#shared/units.ts';

let folder: string;
const running: RunningNode[] = [];
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'replaced-')); });
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
  await rm(folder, { recursive: true });
});

async function start(name: string): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  running.push(node);
  return node;
}

/** Far longer than it takes, and shorter than what is waited for would take by itself. */
const soon = { timeout: 20_000 };

it('leaves nothing of the version that a file had when it was begun, when the source has another one in its place', async () => {
  const [anna, ben] = [await start('Anna'), await start('Ben')];
  const [trip, film] = [join(folder, 'Trip'), join(folder, 'Trip/film')];
  const now = randomBytes(2.5 * MiB);
  await mkdir(trip);
  await writeFile(film, randomBytes(4 * MiB));
  await writeFile(join(folder, 'next'), now);
  const { id: share } = await anna.api.call('shares.add', { path: trip, audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id: share });
  await anna.api.call('settings.set', { patch: { uploadLimit: 2 * MiB } });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  await expect.poll(async () => (await ben.api.call('transfers.get', { id })).transfer.doneBytes, soon).toBeGreaterThan(0);
  await ben.api.call('transfers.pause', { id });
  expect((await stat(join(folder, 'to/Trip/film.part'))).isFile()).toBe(true);
  await rename(join(folder, 'next'), film);
  await anna.api.call('shares.rescan', { share });
  await anna.api.call('shares.whenHashed', { id: share });
  await anna.api.call('settings.set', { patch: { uploadLimit: 'off' } });
  await ben.api.call('transfers.resume', { id });
  await expect.poll(async () => (await ben.api.call('transfers.get', { id })).transfer.state, soon).toBe('done');
  expect(now.equals(await readFile(join(folder, 'to/Trip/film')))).toBe(true);
  expect(await readdir(join(folder, 'to/Trip'))).toEqual(['film']);
});

it('lists what is done as done while a larger file still comes', async () => {
  const [anna, ben] = [await start('Anna'), await start('Ben')];
  const trip = join(folder, 'Trip');
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
