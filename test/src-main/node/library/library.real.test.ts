import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { contentIdSchema } from '#shared/model/ids.ts';
import { describe, expect, test, vi } from 'vitest';
import { decodeNode, decodePage, decodeAttributes } from '#shared/protocol/manifest.ts';
import { keyTable } from '#main/disk/store/store.ts';
import { entryKey } from '#main/node/library/tables.ts';
import { fromHex, toHex } from '#shared/ids.ts';
import { allPages, device, everyone, libraryFixture, self, shareAll } from './library-fixture.ts';

const fixture = libraryFixture();
const { at, disk, start } = fixture;

describe('listing', () => {
  test('a folder with everything a folder can hold', async () => {
    await disk({ 'Music/b.mp3': 'bb', 'Music/Ünï/日本.txt': 'x', 'Music/Ünï/empty.bin': '', 'Music/nothing/': '', 'Music/a.mp3': 'aaa' });
    const { library } = await start();
    const share = await shareAll(library, at('Music'));
    expect(share).toMatchObject({ name: 'Music', kind: 'folder', state: 'ready', files: 4, folders: 2, bytes: 6, hashedFiles: 4, hashedBytes: 6, problems: { count: 0, first: [] } });
    const root = await library.browse(self, 'Music', undefined, 100);
    expect(root.entries.map(({ name, kind, bytes, files }) => [name, kind, bytes, files])).toEqual([
      ['a.mp3', 'file', 3, 1], ['b.mp3', 'file', 2, 1], ['nothing', 'folder', 0, 0], ['Ünï', 'folder', 1, 2],
    ]);
    expect(root).toMatchObject({ total: 4, next: null });
    const inner = await library.browse(device(), 'Music/Ünï', undefined, 100);
    expect(inner.entries.map(({ name, haveBytes }) => [name, haveBytes])).toEqual([['empty.bin', null], ['日本.txt', null]]);
    expect((await library.browse(self, '', undefined, 10)).entries).toMatchObject([{ name: 'Music', kind: 'folder', bytes: 6, files: 4, contentId: share.contentId }]);
  });

  test('pages do not overlap and miss nothing', async () => {
    await disk(Object.fromEntries(Array.from({ length: 250 }, (_, number) => [`many/${number % 3}/file ${number}`, String(number)])));
    const { library } = await start();
    await shareAll(library, at('many'));
    const names = (await allPages((cursor) => library.browse(self, 'many/1', cursor, 7))).map((entry) => entry.name);
    expect(names).toHaveLength(83);
    expect(names).toEqual([...new Set(names)].sort());
    const walked = await allPages((cursor) => library.walk(self, 'many', cursor, 11));
    expect(walked.map((one) => one.path)).toHaveLength(250);
    expect(new Set(walked.map((one) => one.path)).size).toBe(250);
  });

  test('walking gives files in listing order and folders that hold nothing', async () => {
    await disk({ 'w/b/2': '2', 'w/b/1': '1', 'w/a.txt': 'a', 'w/b.txt': 'b', 'w/empty/deep/': '', 'w/c/x/y/z': 'z' });
    const { library } = await start();
    await shareAll(library, at('w'));
    const expected = [['a.txt', 'file'], ['b/1', 'file'], ['b/2', 'file'], ['b.txt', 'file'], ['c/x/y/z', 'file'], ['empty/deep', 'folder']];
    for (const limit of [1, 2, 100]) {
      const walked = await allPages((cursor) => library.walk(self, 'w', cursor, limit));
      expect(walked.map(({ path, entry }) => [path, entry.kind])).toEqual(expected.sort((one, other) => Buffer.compare(Buffer.from(order(one[0])), Buffer.from(order(other[0])))));
    }
    expect((await library.walk(self, 'w/c', undefined, 10)).entries.map((one) => one.path)).toEqual(['x/y/z']);
    expect((await library.walk(self, 'w/b/1', undefined, 10)).entries.map((one) => one.path)).toEqual(['']);
  });

  test('a walk goes on after any path that can be listed, and from nowhere deeper', async () => {
    const deepest = [...Array.from({ length: 62 }, () => 'd'), 'file'].join('/');
    await disk({ [`w/${deepest}`]: 'x', 'w/e': 'e' });
    const { library } = await start();
    await shareAll(library, at('w'));
    expect((await library.walk(device(), 'w', deepest, 10)).entries.map(({ path }) => path)).toEqual(['e']);
    // Each level is a look into the store: this one would cost the better part of a second of the processor.
    await expect(library.walk(device(), 'w', 'd/'.repeat(4000), 10)).rejects.toMatchObject({ code: 'bad-argument' });
  });

  test('a single file can be shared', async () => {
    await disk({ 'film.mkv': 'film' });
    const { library } = await start();
    const share = await shareAll(library, at('film.mkv'));
    expect(share).toMatchObject({ name: 'film.mkv', kind: 'file', files: 1, folders: 0, bytes: 4, state: 'ready' });
    const { entry, file } = await library.stat(device(), 'film.mkv');
    expect(entry.contentId).toBe(share.contentId);
    expect(file).toMatchObject({ diskPath: at('film.mkv'), bytes: 4, path: '' });
    await expect(library.browse(self, 'film.mkv', undefined, 10)).rejects.toMatchObject({ code: 'not-found' });
  });
});

test('a content is found where the viewer may see it, however many copies lie where they may not', async () => {
  await disk({ ...Object.fromEntries(Array.from({ length: 70 }, (_, number) => [`mine/${number}`, 'copy'])), 'open/copy': 'copy' });
  let drawn = 0;
  // The 16 bytes of the first share's id come before those of the second.
  const { library } = await start({ random: () => (drawn++ < 16 ? 0 : 0.9) });
  await shareAll(library, at('mine'), { kind: 'nobody' });
  await shareAll(library, at('open'));
  const { contentId } = (await library.stat(device(), 'open/copy')).entry;
  if (contentId === null) throw new Error('it was to be hashed');
  expect(await library.findFile(device(), contentId)).toMatchObject({ diskPath: at('open', 'copy') });
  expect(await library.resolve(device(), contentId)).toMatchObject({ kind: 'file', name: 'copy' });
});

test('of a whole page of contents it tells which lie in a share, for whomever that is', async () => {
  await disk({ 'mine/one': '1', 'mine/two': '2', 'mine/sub/three': '3' });
  const { library } = await start();
  await shareAll(library, at('mine'), { kind: 'nobody' });
  const here = await Promise.all(['mine/one', 'mine/two', 'mine/sub/three', 'mine/sub', 'mine'].map(async (path) => (await library.stat(self, path)).entry.contentId ?? expect.fail('it was to be hashed')));
  const elsewhere = Array.from({ length: 300 }, (_, number) => contentIdSchema.parse(number.toString(16).padStart(2, '0').repeat(32).slice(0, 64)));
  expect(await library.among([...elsewhere, ...here].toSorted())).toEqual(new Set(here));
  expect(await library.among(elsewhere)).toEqual(new Set());
});

/** Order of a depth-first walk: a separator comes before every character. */
const order = (path = ''): string => path.replaceAll('/', '\u0001');

describe('content ids', () => {
  const merkleOfSmall = (content: string): string => createHash('sha256').update(content).digest('hex');

  test('of files are merkle roots, of folders the hash of their manifest, which proves every entry', async () => {
    await disk({ 'f/a': 'hello', 'f/sub/b': 'world', 'f/sub/empty/': '' });
    const { library } = await start();
    const share = await shareAll(library, at('f'));
    const id = share.contentId ?? expect.fail('no content id');
    const node = await library.manifest(device(), id, null) ?? expect.fail('no manifest');
    expect(createHash('sha256').update(node.bytes).digest('hex')).toBe(id);
    const { files, bytes, pages } = decodeNode(node.bytes);
    expect([files, bytes]).toEqual([2, 10]);
    const page = await library.manifest(device(), id, 0) ?? expect.fail('no page');
    expect(createHash('sha256').update(page.bytes).digest('hex')).toBe(toHex(pages));
    const entries = decodePage(page.bytes);
    expect(entries.map(({ name, kind, bytes: size }) => [name, kind, size])).toEqual([['a', 'file', 5], ['sub', 'folder', 5]]);
    expect(toHex(entries[0]?.root ?? new Uint8Array())).toBe(merkleOfSmall('hello'));
    expect(decodeAttributes(page.attributes, 2)[0]?.modifiedAt).toBeGreaterThan(1e12);
    expect(await library.manifest(device(), id, 1)).toBeNull();
    const sub = await library.resolve(device(), (await library.stat(self, 'f/sub')).entry.contentId ?? expect.fail('no id'));
    expect(sub).toMatchObject({ kind: 'folder', name: 'sub', files: 1, bytes: 5 });
  });

  test('do not depend on where a folder lies or what it is called', async () => {
    const content = { 'x': '1', 'y/z': '2', 'e/': '' };
    await disk(Object.fromEntries(['one', 'two'].flatMap((folder) => Object.entries(content).map(([path, text]) => [`${folder}/${path}`, text]))));
    const { library } = await start();
    const [one, two] = [await shareAll(library, at('one')), await shareAll(library, at('two'))];
    expect(one.contentId).toBe(two.contentId);
  });

  test('a folder with more entries than a page', async () => {
    await disk(Object.fromEntries(Array.from({ length: 2300 }, (_, number) => [`p/${String(number).padStart(5, '0')}`, number % 2 === 0 ? '' : 'x'])));
    const { library } = await start();
    const share = await shareAll(library, at('p'));
    const id = share.contentId ?? expect.fail('no content id');
    const { pages } = decodeNode((await library.manifest(self, id, null))?.bytes ?? new Uint8Array());
    expect(pages.length / 32).toBe(3);
    const names: string[] = [];
    for (let number = 0; number < 3; number++) {
      const page = await library.manifest(self, id, number);
      expect(createHash('sha256').update(page?.bytes ?? '').digest('hex')).toBe(toHex(pages.slice(32 * number, 32 * number + 32)));
      names.push(...decodePage(page?.bytes ?? new Uint8Array()).map((entry) => entry.name));
    }
    expect(names).toHaveLength(2300);
  });

  test('files are found by them, with their piece hashes', async () => {
    const large = new Uint8Array(2_500_000).map((_, at) => at * 7);
    await disk({ 'd/large': large, 'd/small': 'small', 'd/none': '' });
    const { library } = await start();
    await shareAll(library, at('d'));
    const idOf = async (path: string) => (await library.stat(self, path)).entry.contentId ?? expect.fail('no id');
    const [largeId, smallId, emptyId] = [await idOf('d/large'), await idOf('d/small'), await idOf('d/none')];
    expect((await library.pieceLayer(device(), largeId))?.length).toBe(3 * 32);
    expect(await library.pieceLayer(device(), smallId)).toEqual(fromHex(smallId));
    expect((await library.pieceLayer(device(), emptyId))?.length).toBe(0);
    expect(await library.findFile(device(), largeId)).toMatchObject({ diskPath: at('d/large'), bytes: 2_500_000, contentId: largeId });
    expect(emptyId).toBe('0'.repeat(64));
  });
});

describe('who sees what', () => {
  test('what one may not see looks exactly like what does not exist', async () => {
    await disk({ 'secret/plan.txt': 'plan', 'open/song.mp3': 'song' });
    const { library } = await start();
    const secret = await shareAll(library, at('secret'), { kind: 'devices', devices: [] });
    await shareAll(library, at('open'), everyone);
    const stranger = device('seen', 'lan');
    const failure = async (call: Promise<unknown>) => call.then(() => 'answered', (error: unknown) => error);
    const fileId = (await library.stat(self, 'secret/plan.txt')).entry.contentId ?? expect.fail('no id');
    const folderId = secret.contentId ?? expect.fail('no id');
    for (const [there, not] of [['secret', 'absent'], ['secret/plan.txt', 'absent/plan.txt'], ['secret/x', 'absent/x']] as const) {
      for (const look of [
        (path: string) => library.browse(stranger, path, undefined, 10), (path: string) => library.stat(stranger, path), (path: string) => library.walk(stranger, path, undefined, 10),
        (path: string) => library.shareAt(stranger, path),
      ]) {
        const [forbidden, absent] = [await failure(look(there)), await failure(look(not))];
        expect(forbidden).toMatchObject({ code: 'not-found', params: { name: there } });
        expect(absent).toMatchObject({ code: 'not-found', params: { name: not } });
      }
    }
    expect((await library.browse(stranger, '', undefined, 10)).entries.map((entry) => entry.name)).toEqual(['open']);
    expect(await library.findFile(stranger, fileId)).toBeNull();
    expect(await library.pieceLayer(stranger, fileId)).toBeNull();
    expect(await library.resolve(stranger, folderId)).toBeNull();
    expect(await library.manifest(stranger, folderId, null)).toBeNull();
    expect((await library.search(stranger, 'plan', { type: 'any' })).hits).toEqual([]);
    const paired = device('paired', 'internet');
    expect(await library.findFile(paired, fileId)).not.toBeNull();
    expect((await library.search(paired, 'plan', { type: 'any' })).hits).toHaveLength(1);
    expect((await library.browse(paired, '', undefined, 10)).entries.map((entry) => entry.name)).toEqual(['secret']);
    expect((await library.browse(device('blocked'), '', undefined, 10)).total).toBe(0);
  });

  test('what is asked of one share reads nothing of others: the time it takes must not tell a stranger how many there are', async () => {
    await disk({ ...Object.fromEntries(Array.from({ length: 8 }, (_, number) => [`secret ${number}/f`, 'f'])), 'open/song.mp3': 'song' });
    const { library, store } = await start();
    for (let number = 0; number < 8; number++) await shareAll(library, at(`secret ${number}`), { kind: 'nobody' });
    const open = await shareAll(library, at('open'), everyone);
    // Only what these two questions read counts: the library goes on telling of the shares in the meantime.
    const asking = new AsyncLocalStorage<true>();
    const reads: string[] = [];
    const [get, rows] = [store.get.bind(store), store.rows.bind(store)];
    vi.spyOn(store, 'get').mockImplementation((table, key) => {
      if (asking.getStore()) reads.push(key);
      return get(table, key);
    });
    vi.spyOn(store, 'rows').mockImplementation((table, range) => {
      if (asking.getStore()) reads.push(JSON.stringify(range));
      return rows(table, range);
    });
    await asking.run(true, async () => {
      expect((await library.shareAt(device(), 'open/song.mp3')).id).toBe(open.id);
      expect((await library.share(open.id))?.audience).toEqual(everyone);
    });
    expect(reads).toEqual([entryKey(open.id, ''), entryKey(open.id, '')]);
  });

  test('a changed audience counts from the next look on', async () => {
    await disk({ 's/f': 'f' });
    const { library } = await start();
    const share = await shareAll(library, at('s'), { kind: 'nobody' });
    expect((await library.browse(device(), '', undefined, 10)).total).toBe(0);
    await library.update(share.id, { audience: everyone });
    expect((await library.browse(device(), '', undefined, 10)).total).toBe(1);
    await library.update('s', { audience: { kind: 'nobody' }, name: 'renamed' });
    await expect(library.stat(device(), 'renamed/f')).rejects.toMatchObject({ code: 'not-found' });
    expect((await library.stat(self, 'renamed/f')).file).not.toBeNull();
    await expect(library.stat(self, 's/f')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('shares', () => {
  test('names are unique, a path is shared once, and bad requests say why', async () => {
    await disk({ 'a/Photos/1': '1', 'b/photos/2': '2', 'data/x': '' });
    const { library } = await start();
    expect((await library.add(at('a/Photos'), everyone)).name).toBe('Photos');
    expect((await library.add(at('b/photos'), everyone)).name).toBe('photos (2)');
    await expect(library.add(at('a/Photos/'), everyone)).rejects.toMatchObject({ code: 'already-exists' });
    await expect(library.add(at('nowhere'), everyone)).rejects.toMatchObject({ code: 'file-missing' });
    await expect(library.add(at('data/store'), everyone)).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(library.add(at('b'), everyone, 'x/y')).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(library.update('Photos', { name: 'PHOTOS (2)' })).rejects.toMatchObject({ code: 'already-exists' });
    await expect(library.remove('what')).rejects.toMatchObject({ code: 'share-unknown', params: { name: 'what' } });
    expect((await library.shares()).map((share) => share.name)).toEqual(['Photos', 'photos (2)']);
  });

  test('the data directory is never shared, not even as part of a folder above it', async () => {
    await disk({ 'data/identity.pem': 'key', 'pictures/1.png': '1' });
    const { library } = await start();
    await shareAll(library, at(), everyone, 'all');
    expect((await library.browse(self, 'all', undefined, 10)).entries.map((entry) => entry.name)).toEqual(['pictures']);
    expect((await library.search(self, 'identity', { type: 'any' })).hits).toEqual([]);
  });

  test('removing one takes everything of it and nothing else', async () => {
    await disk({ 'one/same': 'same', 'one/only': 'only', 'two/same': 'same' });
    const { library, store } = await start();
    const one = await shareAll(library, at('one'));
    await shareAll(library, at('two'));
    const gone: string[] = [];
    library.onShareGone((id) => gone.push(id));
    const onlyId = (await library.stat(self, 'one/only')).entry.contentId ?? expect.fail('no id');
    const sameId = (await library.stat(self, 'one/same')).entry.contentId ?? expect.fail('no id');
    await library.remove('one');
    expect(gone).toEqual([one.id]);
    expect(await library.findFile(self, onlyId)).toBeNull();
    expect(await library.findFile(self, sameId)).toMatchObject({ diskPath: at('two/same') });
    expect((await library.search(self, 'only', { type: 'any' })).hits).toEqual([]);
    for (const name of ['entry', 'token', 'location', 'todo', 'due', 'sweep', 'problem']) {
      const keys = await store.keys(keyTable(name));
      expect(keys.filter((key) => key.includes(one.id))).toEqual([]);
    }
    await library.add(at('one'), everyone);
  });
});
