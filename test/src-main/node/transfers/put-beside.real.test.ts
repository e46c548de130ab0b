import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunningNode } from '#main/node/node.ts';
import { wholeNodes } from '../whole-nodes.ts';

const nodes = wholeNodes();
const both = (): Promise<readonly [RunningNode, RunningNode]> => Promise.all([nodes.start('Anna'), nodes.start('Ben')]);

it('tells of each file of a folder that had to be put beside the user\'s own under which name it lies', async () => {
  const [anna, ben] = await both();
  const large = Buffer.alloc(100_000, 'Anna');
  await mkdir(join(nodes.folder, 'Trip/day'), { recursive: true });
  await writeFile(join(nodes.folder, 'Trip/notes.txt'), 'Anna\'s notes');
  await writeFile(join(nodes.folder, 'Trip/day/film.bin'), large);
  await writeFile(join(nodes.folder, 'Trip/day/free.txt'), 'free');
  await mkdir(join(nodes.folder, 'Ben downloads/Trip/day'), { recursive: true });
  await writeFile(join(nodes.folder, 'Ben downloads/Trip/notes.txt'), 'Ben\'s notes');
  await writeFile(join(nodes.folder, 'Ben downloads/Trip/day/film.bin'), 'Ben\'s film');
  const { id: share } = await anna.api.call('shares.add', { path: join(nodes.folder, 'Trip'), audience: { kind: 'everyone' } });
  await anna.api.call('shares.whenHashed', { id: share });
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const done = new Promise<void>((resolve) => { ben.api.subscribe((event) => { if (event.type === 'transfer' && event.transfer.state === 'done') resolve(); }); });
  const { id } = await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  await done;
  const { files } = await ben.api.call('transfers.files', { id, limit: 10 });
  const places = new Map(files.map(({ path, mappedPath }) => [path, mappedPath]));
  expect(places).toEqual(new Map([['day/film.bin', 'Trip/day/film (2).bin'], ['day/free.txt', null], ['notes.txt', 'Trip/notes (2).txt']]));
  expect(large.equals(await readFile(join(nodes.folder, 'Ben downloads/Trip/day/film (2).bin')))).toBe(true);
  expect(await readFile(join(nodes.folder, 'Ben downloads/Trip/notes.txt'), 'utf8')).toBe('Ben\'s notes');
});
