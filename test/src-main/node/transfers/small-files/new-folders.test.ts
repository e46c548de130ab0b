import { expect, it } from 'vitest';
import { NewFolders } from '#main/node/transfers/small-files/new-folders.ts';

/** A disk with these names; every question to it is noted. */
function disk(there: Set<string>): { folders: NewFolders; asked: string[] } {
  const asked: string[] = [];
  const isThere = (folder: string, name: string): Promise<boolean> => {
    asked.push(`${folder}/${name}`);
    return name === 'broken' ? Promise.reject(new Error('EIO')) : Promise.resolve(there.has(name));
  };
  return { folders: new NewFolders({ isThere }), asked };
}

it('a folder that was not there when the run asked first stays new to it, whatever comes into it', async () => {
  const there = new Set<string>();
  const { folders, asked } = disk(there);
  expect(await folders.holdAll('/to', [['Folder', 'a'], ['Folder', 'below', 'b']])).toBe(true);
  there.add('Folder');
  expect(await folders.holdAll('/to', [['Folder', 'c']])).toBe(true);
  expect(asked).toEqual(['/to/Folder']);
});

it('to the next run it is not new any more', async () => {
  const there = new Set<string>();
  const { folders } = disk(there);
  await folders.isNew('/to', 'Folder');
  there.add('Folder');
  folders.forget();
  expect(await folders.holdAll('/to', [['Folder', 'a']])).toBe(false);
});

it.each([
  ['one of them was there', [['new', 'a'], ['old', 'b']]],
  ['one of them lies in no folder', [['new', 'a'], ['b']]],
  ['the disk does not say', [['broken', 'a']]],
])('files have to be looked for when %s', async (_why, paths) => {
  expect(await disk(new Set(['old'])).folders.holdAll('/to', paths)).toBe(false);
});
