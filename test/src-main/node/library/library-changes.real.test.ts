import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startWatch } from '#main/disk/watch/start-watch.ts';
import type { WatchEvents } from '#main/disk/watch/watch.ts';
import type { LibraryService } from '#main/node/library/library.ts';
import { tables } from '#main/node/library/tables.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Share } from '#shared/model/share.ts';
import { safePath } from '#shared/names.ts';
import { minute } from '#shared/units.ts';
import { device, everyone, libraryFixture, self, shareAll, until, withoutEnd } from './library-fixture.ts';

const { at, disk, start } = libraryFixture();

const names = async (library: LibraryService, path: string): Promise<string[]> => (await library.browse(self, path, undefined, 1000)).entries.map((entry) => entry.name);
const contentId = async (library: LibraryService, path: string) => (await library.stat(self, path)).entry.contentId;
/** The share once it is ready with another content than before. */
const readyAnew = (library: LibraryService, before: Share): Promise<Share> =>
  until(library, async () => (await library.shares()).find((share) => share.id === before.id && share.contentId !== null && share.contentId !== before.contentId));

describe('changes on disk', () => {
  test('new, changed, moved and deleted files and folders show by themselves', async () => {
    await disk({ 's/keep': 'keep', 's/change': 'before', 's/gone': 'gone', 's/old/f': 'f' });
    const { library } = await start();
    const before = await shareAll(library, at('s'));
    await disk({ 's/new/deep/file': 'new', 's/change': 'after!' });
    await unlink(at('s/gone'));
    await rename(at('s/old'), at('s/moved'));
    await until(library, async () => (await names(library, 's')).join() === 'change,keep,moved,new');
    const after = await readyAnew(library, before);
    expect(after).toMatchObject({ files: 4, folders: 3, bytes: 4 + 6 + 1 + 3 });
    expect(await names(library, 's/moved')).toEqual(['f']);
    expect(await names(library, 's/new/deep')).toEqual(['file']);
    expect((await library.search(self, 'gone', { type: 'any' })).hits).toEqual([]);
    expect((await library.search(self, 'deep file', { type: 'any' })).hits.map((hit) => hit.path)).toEqual(['s/new/deep/file']);
  });

  test('so do those in folders that came with the one they lie in, and in renamed ones', async () => {
    await disk({ 's/old/down/below/f': 'f', 'elsewhere/down/below/f': 'f' });
    const { library } = await start();
    await shareAll(library, at('s'));
    await disk({ 's/made/down/below/f': 'f' });
    await rename(at('s/old'), at('s/renamed'));
    await rename(at('elsewhere'), at('s/moved'));
    const tops = ['made', 'moved', 'renamed'];
    await until(library, async () => (await names(library, 's')).join() === tops.join());
    for (const top of tops) await disk({ [`s/${top}/down/below/later`]: 'later' });
    for (const top of tops) await until(library, async () => (await names(library, `s/${top}/down/below`)).join() === 'f,later');
  });

  test('listeners hear of a change', async () => {
    await disk({ 's/a': 'a' });
    const { library } = await start();
    await shareAll(library, at('s'));
    const heard = new Promise<Share>((resolve) => library.onListing((share) => (share.files === 2 ? resolve(share) : undefined)));
    await disk({ 's/b': 'b' });
    expect((await heard).name).toBe('s');
  });

  test('a changed file is never found under its old id, whether or not the change was noticed', async () => {
    await disk({ 's/f': 'before' });
    const { library } = await start();
    await shareAll(library, at('s'));
    const id = await contentId(library, 's/f') ?? expect.fail('no id');
    await writeFile(at('s/f'), 'after!');
    expect(await library.findFile(device(), id)).toBeNull();
    const { entry, file } = await library.stat(device(), 's/f');
    expect(entry.contentId).not.toBe(id);
    expect(file?.contentId).not.toBe(id);
    expect(await library.resolve(device(), id)).toBeNull();
  });

  test('a file put in place of another with the same size and time is noticed', async () => {
    await disk({ 's/f': 'before', 'other': 'after!' });
    const { library } = await start();
    await shareAll(library, at('s'));
    const id = await contentId(library, 's/f') ?? expect.fail('no id');
    const { atime, mtime } = await stat(at('s/f'));
    await utimes(at('other'), atime, mtime);
    await rename(at('other'), at('s/f'));
    expect(await library.findFile(device(), id)).toBeNull();
    await until(library, async () => { const now = await contentId(library, 's/f'); return now !== null && now !== id; });
  });

  test('a file that becomes a link out of the share is gone', async () => {
    await disk({ 's/f': 'inside', 's/d/f': 'inside', 'outside/f': 'inside' });
    const { library } = await start();
    await shareAll(library, at('s'));
    const id = await contentId(library, 's/d/f') ?? expect.fail('no id');
    await unlink(at('s/f'));
    await symlink(at('outside/f'), at('s/f'));
    await rename(at('s/d'), at('away'));
    await symlink(at('outside'), at('s/d'));
    expect(await library.findFile(self, id)).toBeNull();
    await until(library, async () => (await names(library, 's')).length === 0);
  });

  test('a folder in place of a file and the other way round', async () => {
    await disk({ 's/x': 'file', 's/y/1': '1', 's/y/2': '2' });
    const { library } = await start();
    const before = await shareAll(library, at('s'));
    await rm(at('s/y'), { recursive: true });
    await unlink(at('s/x'));
    await disk({ 's/x/inside': 'abc', 's/y': 'file' });
    const after = await until(library, async () => (await library.shares()).find((share) => share.state === 'ready' && share.bytes === 7 && share.contentId !== before.contentId));
    expect(after).toMatchObject({ files: 2, folders: 1, hashedFiles: 2, hashedBytes: 7 });
    expect(await names(library, 's/x')).toEqual(['inside']);
    await expect(library.stat(self, 's/y/1')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('downloads of ours that are not finished are not shared until they are', async () => {
    await disk({ 's/film.mkv.part': 'half', 's/film.mkv.progress': 'journal', 's/film.mkv.progress.lock': '', 's/small.txt.0123456789abcdef.part': 'x', 's/story.part': 'a file of that name', 's/new.part': 'x', 's/new.progress.lock': '' });
    const { library } = await start();
    const before = await shareAll(library, at('s'));
    expect(await names(library, 's')).toEqual(['story.part']);
    await rename(at('s/film.mkv.part'), at('s/film.mkv'));
    await unlink(at('s/film.mkv.progress'));
    await unlink(at('s/film.mkv.progress.lock'));
    await readyAnew(library, before);
    expect(await names(library, 's')).toEqual(['film.mkv', 'story.part']);
  });

  test('a single shared file is followed when a program replaces it', async () => {
    await disk({ 'notes.txt': 'one', 'next': 'two!' });
    const { library } = await start();
    const before = await shareAll(library, at('notes.txt'));
    await rename(at('next'), at('notes.txt'));
    expect(await readyAnew(library, before)).toMatchObject({ bytes: 4, files: 1 });
  });

  test('a file written to while it is being hashed ends up with the id of what it is', async () => {
    await disk({ 's/log': new Uint8Array(3_000_000) });
    const { library } = await start();
    const share = await library.add(at('s'), everyone);
    for (let round = 0; round < 10; round++) await appendFile(at('s/log'), 'line\n');
    const ready = await library.whenHashed(share.id, withoutEnd());
    expect(ready.bytes).toBe(3_000_050);
    const { file } = await library.stat(self, 's/log');
    expect((await readFile(file?.diskPath ?? '')).length).toBe(file?.bytes);
  });
});

describe('what cannot be shared', () => {
  test('links are left out; other things that are no files are told of', async () => {
    await disk({ 's/file': 'file', 'outside/secret': 'secret' });
    await symlink(at('outside'), at('s/link'));
    await symlink(at('outside/secret'), at('s/link2'));
    execFileSync('mkfifo', [at('s/pipe')]);
    const { library } = await start();
    const share = await shareAll(library, at('s'));
    expect(await names(library, 's')).toEqual(['file']);
    expect(share.problems).toEqual({ count: 1, first: [{ path: 'pipe', error: { code: 'not-shareable', params: { name: 'pipe' } } }] });
  });

  test.runIf(process.platform === 'linux')('a name that is not text is told of, and the rest is shared', async () => {
    await mkdir(at('s'));
    await writeFile(Buffer.concat([Buffer.from(`${at('s')}/bad`), Buffer.from([0xff, 0xfe])]), 'x');
    await disk({ 's/\ufffd real': 'a name that only looks broken', 's/\ufeffbom': 'b' });
    const { library } = await start();
    const share = await shareAll(library, at('s'));
    expect(share.state).toBe('ready');
    expect(await names(library, 's')).toEqual(['\ufeffbom', '\ufffd real']);
    expect(share.problems.count).toBe(1);
    expect(share.problems.first[0]?.error.code).toBe('name-not-shareable');
    execFileSync('sh', ['-c', 'rm bad*'], { cwd: at('s') });
    await until(library, async () => (await library.shares())[0]?.problems.count === 0);
  });

  test('what lies too deep to be fetched with its share is told of, and the rest is shared', async () => {
    const deep = (folders: number): string => `${'d/'.repeat(folders)}f`;
    await disk({ [`s/${deep(limits.content.folderDepth)}`]: 'too deep', [`s/${deep(limits.content.folderDepth - 2)}`]: 'deep' });
    const { library } = await start();
    const share = await shareAll(library, at('s'));
    // The share's own name is a folder, too, where it is fetched to.
    const tooDeep = Array.from({ length: limits.content.folderDepth }, () => 'd').join('/');
    expect(share).toMatchObject({ files: 1, state: 'ready', problems: { count: 1, first: [{ path: tooDeep, error: { code: 'too-deep', params: { name: 'd' } } }] } });
    expect(safePath(['s', ...deep(limits.content.folderDepth - 2).split('/')]).path).toHaveLength(limits.content.folderDepth);
  });

  test('a file the system will not let us read is a problem, not an obstacle', async () => {
    await disk({ 's/good': 'good', 's/locked': 'locked', 's/also/locked too': 'x' });
    const refuse = new Set([at('s/locked'), at('s/also/locked too')]);
    const { library } = await start({ hasher: refusing(refuse) });
    const share = await shareAll(library, at('s'));
    expect(share).toMatchObject({ files: 1, state: 'ready', problems: { count: 2 } });
    expect(share.problems.first.map((problem) => [problem.path, problem.error.code])).toEqual([['locked', 'no-permission'], ['also/locked too', 'no-permission']]);
    expect(await names(library, 's')).toEqual(['also', 'good']);
    refuse.clear();
    const quiet = await library.rescan('s').then(() => library.settled()).then(() => names(library, 's'));
    expect(quiet).toEqual(['also', 'good']);
    await utimes(at('s/locked'), 1, 1);
    await until(library, async () => (await names(library, 's')).includes('locked'));
    await until(library, async () => (await library.shares())[0]?.problems.count === 1);
  });
});

/** A hasher that the system refuses some files. Contents do not matter here. */
function refusing(paths: ReadonlySet<string>) {
  const hash = async (path: string) => {
    const state = await stat(path, { bigint: true });
    const { fileVersion } = await import('#main/disk/file-version.ts');
    return { root: new Uint8Array(32).fill(path.length), layer: new Uint8Array(32), pieceBytes: 1 << 20, bytes: Number(state.size), version: fileVersion(state, 'other') };
  };
  return {
    hashFile: async (path: string) => {
      const { AppError } = await import('#shared/errors.ts');
      if (paths.has(path)) throw new AppError('no-permission', { path });
      return hash(path);
    },
    hashFiles: (all: readonly string[]) => Promise.all(all.map(async (path) => (paths.has(path) ? { error: 'no-permission' as const } : hash(path)))),
    hashPiece: () => Promise.reject(new Error('not used')),
    readSmall: () => Promise.reject(new Error('not used')),
    close: () => Promise.resolve(),
  };
}

describe('without a watcher', () => {
  test('the share says so, and rescans find what changed', async () => {
    await disk({ 's/a': 'a' });
    const { library } = await start({ watch: (path) => Promise.reject(new AppError('watch-failed', { path })) });
    const share = await shareAll(library, at('s'));
    expect(share).toMatchObject({ state: 'ready', problems: { count: 1, first: [{ path: '', error: { code: 'watch-failed', params: { path: at('s') } } }] } });
    await disk({ 's/b': 'b' });
    await library.rescan('s');
    await readyAnew(library, share);
    expect(await names(library, 's')).toEqual(['a', 'b']);
  });

  test('a watcher that fails later is started again', async () => {
    await disk({ 's/a': 'a' });
    const started: WatchEvents[] = [];
    const { library } = await start({
      watch: (path, kind, events) => {
        started.push(events);
        return startWatch(path, kind, events);
      },
    });
    await shareAll(library, at('s'));
    started[0]?.failed(new AppError('watch-failed', { path: at('s') }));
    await disk({ 's/b': 'b' });
    await until(library, async () => (await names(library, 's')).length === 2);
    await disk({ 's/c': 'c' });
    await until(library, async () => (await names(library, 's')).length === 3);
    expect(started).toHaveLength(2);
    expect((await library.shares())[0]?.problems.count).toBe(0);
  });
});

describe('a store that fails for a moment', () => {
  afterEach(() => { vi.useRealTimers(); });

  test('loses no change: others are listed at once, what failed a little later', async () => {
    await disk({ 's/a': 'a' });
    const watchers: WatchEvents[] = [];
    const { library, store, errors } = await start({
      watch: (_path, _kind, events) => {
        watchers.push(events);
        return Promise.resolve({ close: () => Promise.resolve() });
      },
    });
    await shareAll(library, at('s'));
    await library.settled();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await disk({ 's/b': 'b', 's/c': 'c' });
    vi.spyOn(store, 'getMany').mockImplementationOnce(() => {
      watchers[0]?.changed([at('s/c')]);
      return Promise.reject(new Error('the disk with the store is full'));
    });
    watchers[0]?.changed([at('s/b')]);
    await library.settled();
    expect(await names(library, 's')).toEqual(['a', 'c']);
    expect(errors).toEqual([new Error('the disk with the store is full')]);
    await vi.advanceTimersByTimeAsync(minute);
    await library.settled();
    expect(await names(library, 's')).toEqual(['a', 'b', 'c']);
  });
});

describe('a store that cannot be read for a moment', () => {
  afterEach(() => { vi.useRealTimers(); });

  test('delays the content ids of folders, no more', async () => {
    await disk({ 's/a': 'a' });
    const { library, store, errors } = await start();
    const { id } = await library.add(at('s'), everyone);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const keyBatches = store.keyBatches.bind(store);
    let failures = 0;
    vi.spyOn(store, 'keyBatches').mockImplementation((table, range) => {
      if (failures > 0 || table.name !== tables.due.name) return keyBatches(table, range);
      failures++;
      throw new Error('no such luck');
    });
    while (failures === 0) await vi.advanceTimersByTimeAsync(10);
    await library.settled();
    expect(errors).toEqual([new Error('no such luck')]);
    expect((await library.shares())[0]?.contentId).toBeNull();
    await vi.advanceTimersByTimeAsync(minute);
    expect((await library.whenHashed(id, withoutEnd())).contentId).not.toBeNull();
  });
});

describe('the root of a share', () => {
  test('that is gone makes it missing, with everything kept; it comes back by itself', async () => {
    await disk({ 's/a': 'a', 's/d/b': 'b' });
    const { library, hasher } = await start();
    const before = await shareAll(library, at('s'));
    const id = await contentId(library, 's/a') ?? expect.fail('no id');
    await rename(at('s'), at('elsewhere'));
    const missing = await until(library, async () => (await library.shares()).find((share) => share.state === 'missing'));
    expect(missing).toMatchObject({ files: 2, contentId: before.contentId, problems: { count: 1, first: [{ path: '', error: { code: 'folder-gone' } }] } });
    expect(await library.findFile(self, id)).toBeNull();
    await expect(library.whenHashed(before.id, withoutEnd())).rejects.toMatchObject({ code: 'folder-gone' });
    hasher.read.length = 0;
    await rename(at('elsewhere'), at('s'));
    const back = await until(library, async () => (await library.shares()).find((share) => share.state === 'ready'));
    expect(back.contentId).toBe(before.contentId);
    expect(hasher.read).toEqual([]);
    await disk({ 's/new': 'new' });
    await until(library, async () => (await names(library, 's')).includes('new'));
  });

  test('that was deleted and made again at once is watched again, also where the new one takes its inode', async () => {
    await disk({ 's/a': 'a' });
    const { library } = await start({
      watch: (path, kind, events) => startWatch(path, kind, {
        failed: (error) => events.failed(error),
        changed: (paths) => {
          if (paths.includes(at('s'))) mkdirSync(at('s'), { recursive: true });
          events.changed(paths);
        },
      }),
    });
    await shareAll(library, at('s'));
    await rm(at('s'), { recursive: true });
    await until(library, async () => (await names(library, 's')).length === 0);
    await disk({ 's/b': 'b' });
    await until(library, async () => (await names(library, 's')).join() === 'b');
  });

  test('another folder in its place is what is shared then', async () => {
    await disk({ 's/a': 'a', 't/b': 'b' });
    const { library } = await start();
    await shareAll(library, at('s'));
    await rename(at('s'), at('old'));
    await rename(at('t'), at('s'));
    await until(library, async () => (await names(library, 's')).join() === 'b');
    await disk({ 's/c': 'c' });
    await until(library, async () => (await names(library, 's')).join() === 'b,c');
  });
});
