import { describe, expect, test, vi } from 'vitest';
import { limits } from '#shared/limits.ts';
import { shareIdSchema } from '#shared/model/ids.ts';
import { keyTable } from '#main/disk/store/store.ts';
import { tables, tokenKey } from '#main/node/library/tables.ts';
import { device, everyone, libraryFixture, self, shareAll } from './library-fixture.ts';

const { at, disk, start } = libraryFixture();
const any = { type: 'any' as const };

async function music() {
  await disk({
    'Music/Björk/Jóga.flac': 'x'.repeat(300), 'Music/Björk/cover.jpg': 'x', 'Music/Joga warmup.mp3': 'xx', 'Music/joga/notes.txt': 'n', 'Music/Straße nach Süden.mp3': 'yy',
    'Other/joga': 'z',
  });
  const { library } = await start();
  await shareAll(library, at('Music'));
  await shareAll(library, at('Other'), { kind: 'nobody' });
  const paths = async (words: string, filter: Parameters<typeof library.search>[2] = any, viewer = self) => (await library.search(viewer, words, filter)).hits.map((hit) => hit.path);
  return { library, paths };
}

describe('searching', () => {
  test('finds whatever the order, case and accents, best first', async () => {
    const { paths } = await music();
    expect(await paths('JOGA')).toEqual(['Music/joga', 'Other/joga', 'Music/Björk/Jóga.flac', 'Music/Joga warmup.mp3']);
    for (const words of ['bjork joga', 'Jóga BJÖRK', 'jog bjo', 'music björk flac']) expect(await paths(words)).toEqual(['Music/Björk/Jóga.flac']);
    expect(await paths('sueden')).toEqual([]);
    expect(await paths('STRASSE suden')).toEqual(['Music/Straße nach Süden.mp3']);
    expect(await paths('joga nothing')).toEqual([]);
    expect(await paths('   ... ')).toEqual([]);
  });

  test('finds folders and shares by name, and what lies in them by name and folder', async () => {
    const { paths } = await music();
    expect((await paths('music'))[0]).toBe('Music');
    expect(await paths('joga notes')).toEqual(['Music/joga/notes.txt']);
    expect(await paths('björk', { type: 'folder' })).toEqual(['Music/Björk']);
  });

  test('keeps to the filter and to what the viewer may see', async () => {
    const { library, paths } = await music();
    expect(await paths('joga', { type: 'audio' })).toEqual(['Music/Björk/Jóga.flac', 'Music/Joga warmup.mp3']);
    expect(await paths('joga', { type: 'any', minBytes: 2, maxBytes: 10 })).toEqual(['Music/Joga warmup.mp3']);
    expect(await paths('joga', any, device())).not.toContain('Other/joga');
    await library.update('Music', { name: 'Lieder' });
    expect(await paths('lieder flac')).toEqual(['Lieder/Björk/Jóga.flac']);
    expect(await paths('music')).toEqual([]);
  });

  test('gives no more than an answer holds', async () => {
    await disk(Object.fromEntries(Array.from({ length: 700 }, (_, number) => [`long/${'very '.repeat(20)}long name ${number}`, '1'])));
    const { library } = await start();
    await shareAll(library, at('long'));
    const { hits, truncated } = await library.search(self, 'very', any);
    expect(truncated).toBe(true);
    expect(hits.length).toBeGreaterThan(50);
    expect(hits.length).toBeLessThanOrEqual(limits.search.results);
    expect(JSON.stringify(hits).length).toBeLessThanOrEqual(limits.search.answerBytes + 2);
    expect(await library.search(self, 'very 611', any)).toMatchObject({ hits: [{ name: `${'very '.repeat(20)}long name 611` }], truncated: false });
  });
});

test('ten thousand files are listed, hashed, found and removed', async () => {
  await disk({ ...Object.fromEntries(Array.from({ length: 10_000 }, (_, number) => [`big/${number % 100}/IMG_${number}.jpg`, `${number}`])), 'big/img last.mp3': 'sound' });
  const { library, store, hasher } = await start();
  const share = await shareAll(library, at('big'), everyone);
  expect(share).toMatchObject({ files: 10_001, folders: 100, hashedFiles: 10_001, state: 'ready' });
  expect(new Set(hasher.read).size).toBe(10_001);
  expect(await library.search(self, '4711', any)).toMatchObject({ hits: [{ path: 'big/11/IMG_4711.jpg' }], truncated: false });
  const common = await library.search(self, 'img', any);
  expect([common.hits.length, common.truncated]).toEqual([limits.search.results, true]);
  // More files are called so than are looked at: the search says that it may have missed some, and another word finds them.
  expect(await library.search(self, 'img', { type: 'audio' })).toEqual({ hits: [], truncated: true });
  expect(await library.search(self, 'img last', { type: 'audio' })).toMatchObject({ hits: [{ path: 'big/img last.mp3' }], truncated: false });
  await library.remove(share.id);
  expect(await store.keys(keyTable('token'), { limit: 5 })).toEqual([]);
});

describe('what others may not see', () => {
  /** A share of one file beside so many entries of a share that is for nobody, as they stand in the index. */
  async function besideHidden(entries: number) {
    await disk({ 'open/img 1.jpg': 'x', 'open/text.txt': 'y' });
    const { library, store } = await start();
    await shareAll(library, at('open'));
    const hidden = shareIdSchema.parse('0'.repeat(32));
    const batch = store.batch();
    for (let number = 0; number < entries; number++) batch.put(tables.token, tokenKey('img', hidden, `IMG ${number}.jpg`), 'file');
    await batch.write();
    return { library, entries: vi.spyOn(store, 'keyBatches') };
  }

  test('is not looked through for whoever may see nothing', async () => {
    await disk({ 'mine/img 1.jpg': 'x' });
    const { library, store } = await start();
    await shareAll(library, at('mine'), { kind: 'nobody' });
    const [index, words] = [vi.spyOn(store, 'batches'), vi.spyOn(store, 'keys')];
    for (const asked of ['img', 'img jpg']) expect(await library.search(device(), asked, any)).toEqual({ hits: [], truncated: false });
    expect([index.mock.calls.length, words.mock.calls.length]).toEqual([0, 0]);
  });

  test('costs a search no more than looking through what they may see', async () => {
    const { library, entries } = await besideHidden(11_000);
    expect((await library.search(device(), 'img', any)).hits.map(({ path }) => path)).toEqual(['open/img 1.jpg']);
    expect(entries).toHaveBeenCalled();
    expect((await library.search(device(), 'open img', any)).hits.map(({ path }) => path)).toEqual(['open/img 1.jpg']);
  });
});
