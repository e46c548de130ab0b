import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findLocal, listLocal } from '#main/node/local-files.ts';

it('lists a folder of this machine in the order of names as people sort them, folders first and hidden ones left out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['Disc 10', 'Disc 2', '.hidden']) await mkdir(join(folder, name));
  for (const name of ['track 10.flac', 'track 9.flac']) await writeFile(join(folder, name), 'x');
  const { entries } = await listLocal(folder, true);
  expect(entries.map(({ name, bytes }) => `${name} ${bytes}`)).toEqual(['Disc 2 0', 'Disc 10 0', 'track 9.flac 1', 'track 10.flac 1']);
  expect((await listLocal(folder, false)).entries.map(({ name }) => name)).toEqual(['Disc 2', 'Disc 10']);
});

it('finds what somebody types: whole, beneath the home folder, or with ~ for that', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'local-')));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'film'), 'x');
  expect(await findLocal(`${folder}/`)).toEqual({ path: folder, kind: 'folder' });
  expect(await findLocal(join(folder, '..', basename(folder), 'film'))).toEqual({ path: join(folder, 'film'), kind: 'file' });
  for (const home of ['~', '~/', '.']) expect(await findLocal(home)).toEqual({ path: homedir(), kind: 'folder' });
  expect((await listLocal('~', false)).path).toBe(homedir());
});

it.each([
  ['nothing there', 'nothing', 'file-missing'], ['something beneath a file', 'film/scene', 'file-missing'],
])('says why it does not find %s', async (_what, name, code) => {
  const folder = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'film'), 'x');
  await expect(findLocal(join(folder, name))).rejects.toMatchObject({ code, params: { path: join(folder, name) } });
  await expect(listLocal(join(folder, 'film'), true)).rejects.toMatchObject({ code: 'not-a-folder' });
});

it.runIf(process.platform !== 'win32')('takes neither a device nor what is like it', async () => {
  await expect(findLocal('/dev/null')).rejects.toMatchObject({ code: 'not-a-folder' });
});
