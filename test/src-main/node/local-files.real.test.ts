import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listLocal } from '#main/node/local-files.ts';

it('lists a folder of this machine in the order of names as people sort them, folders first and hidden ones left out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['Disc 10', 'Disc 2', '.hidden']) await mkdir(join(folder, name));
  for (const name of ['track 10.flac', 'track 9.flac']) await writeFile(join(folder, name), 'x');
  const { entries } = await listLocal(folder, true);
  expect(entries.map(({ name, bytes }) => `${name} ${bytes}`)).toEqual(['Disc 2 0', 'Disc 10 0', 'track 9.flac 1', 'track 10.flac 1']);
  expect((await listLocal(folder, false)).entries.map(({ name }) => name)).toEqual(['Disc 2', 'Disc 10']);
});
