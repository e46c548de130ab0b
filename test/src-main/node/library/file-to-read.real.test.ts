import { writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import type { LibraryService } from '#main/node/library/library.ts';
import type { FileRef } from '#main/node/ports/library.ts';
import { device, everyone, libraryFixture, self, shareAll } from './library-fixture.ts';

const { at, disk, start } = libraryFixture();

const idOf = async (library: LibraryService, path: string) => (await library.stat(self, path)).entry.contentId ?? expect.fail('no id');

/** Shares 40 files of one folder and gives their ids in the order of the listing. */
async function shareMany(library: LibraryService) {
  const names = Array.from({ length: 40 }, (_, number) => `f${String(number).padStart(2, '0')}`);
  await disk(Object.fromEntries(names.map((name) => [`s/d/${name}`, `content of ${name}`])));
  const share = await shareAll(library, at('s'));
  return { share, ids: await Promise.all(names.map((name) => idOf(library, `s/d/${name}`))) };
}

describe('files to read', () => {
  test('are those of the listing, whatever the order and however many at once', async () => {
    const { library } = await start();
    const { ids } = await shareMany(library);
    const paths = (files: readonly (FileRef | null)[]) => files.map((file) => file?.diskPath);
    const expected = ids.map((_, number) => at(`s/d/f${String(number).padStart(2, '0')}`));
    expect(paths(await Promise.all(ids.map((id) => library.fileToRead(device(), id))))).toEqual(expected);
    expect(paths(await Promise.all(ids.toReversed().map((id) => library.fileToRead(device(), id))))).toEqual(expected.toReversed());
  });

  test('are known without a look at the listing when they were listed for a device', async () => {
    const { library, store } = await start();
    const { ids } = await shareMany(library);
    const { entries } = await library.walk(device(), 's', undefined, 100);
    const looks = vi.spyOn(store, 'keys');
    const found = await Promise.all(ids.map((id) => library.fileToRead(device(), id)));
    expect(found.map((file) => file?.diskPath)).toEqual(entries.map(({ path }) => at(`s/${path}`)));
    expect(looks).not.toHaveBeenCalled();
    looks.mockRestore();
  });

  test('are nobody\'s whom the share is not for, whoever asked before', async () => {
    const { library } = await start();
    const { ids, share } = await shareMany(library);
    await library.walk(device(), 's', undefined, 100);
    await Promise.all(ids.map((id) => library.fileToRead(self, id)));
    await library.update(share.id, { audience: { kind: 'devices', devices: [] } });
    expect(await Promise.all(ids.map((id) => library.fileToRead(device(), id)))).toEqual(ids.map(() => null));
    expect(await library.fileToRead(self, ids[3] ?? expect.fail())).not.toBeNull();
    await library.update(share.id, { audience: everyone });
    await library.remove(share.id);
    expect(await Promise.all(ids.map((id) => library.fileToRead(self, id)))).toEqual(ids.map(() => null));
  });

  test('are looked for on disk again after one was said to have changed', async () => {
    const { library } = await start();
    const { ids } = await shareMany(library);
    const [first, , third] = await Promise.all(ids.map((id) => library.fileToRead(device(), id)));
    await writeFile(at('s/d/f02'), 'something else');
    library.wasChanged(third ?? expect.fail());
    expect(await library.fileToRead(device(), ids[2] ?? expect.fail())).toBeNull();
    expect(await library.fileToRead(device(), ids[0] ?? expect.fail())).toEqual(first);
  });
});
