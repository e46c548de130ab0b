import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';

let folder: string;
const running: RunningNode[] = [];
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'beside-')); });
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
  await rm(folder, { recursive: true });
});

async function start(name: string): Promise<RunningNode> {
  const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  running.push(node);
  return node;
}

it('tells of each file of a folder that had to be put beside the user\'s own under which name it lies', async () => {
  const [anna, ben] = [await start('Anna'), await start('Ben')];
  const large = Buffer.alloc(100_000, 'Anna');
  await mkdir(join(folder, 'Trip/day'), { recursive: true });
  await writeFile(join(folder, 'Trip/notes.txt'), 'Anna\'s notes');
  await writeFile(join(folder, 'Trip/day/film.bin'), large);
  await writeFile(join(folder, 'Trip/day/free.txt'), 'free');
  await mkdir(join(folder, 'to/Trip/day'), { recursive: true });
  await writeFile(join(folder, 'to/Trip/notes.txt'), 'Ben\'s notes');
  await writeFile(join(folder, 'to/Trip/day/film.bin'), 'Ben\'s film');
  const { id: share } = await anna.api.call('shares.add', { path: join(folder, 'Trip'), audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id: share });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const done = new Promise<void>((resolve) => { ben.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.state === 'done') resolve(); }); });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  await done;
  const { files } = await ben.api.call('transfers.files', { id, limit: 10 });
  const places = new Map(files.map(({ path, mappedPath }) => [path, mappedPath]));
  expect(places).toEqual(new Map([['day/film.bin', 'Trip/day/film (2).bin'], ['day/free.txt', null], ['notes.txt', 'Trip/notes (2).txt']]));
  expect(large.equals(await readFile(join(folder, 'to/Trip/day/film (2).bin')))).toBe(true);
  expect(await readFile(join(folder, 'to/Trip/notes.txt'), 'utf8')).toBe('Ben\'s notes');
});
