import { afterEach, expect, test, vi } from 'vitest';
import { createOwnHasher } from '#main/disk/hash/own-hasher.ts';
import { libraryFixture, self, shareAll, until } from './library-fixture.ts';
import type { VolumeKind } from '#main/disk/files.ts';

/** What the system says of every file and volume here: numbers of files move on by so much with each mount of FAT. */
const mount = vi.hoisted(() => ({ kind: 'other' as VolumeKind, numbers: 0n }));

vi.mock('#main/disk/volume/volume-kind.ts', () => ({ volumeKindOf: () => Promise.resolve(mount.kind), volumeKindNow: () => mount.kind, volumeKindFrom: () => mount.kind }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, lstat: async (path: string, options: { bigint: true }) => Object.assign(await real.lstat(path, options), { ino: 1_000n + mount.numbers }) };
});
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, fstatSync: (fd: number, options: { bigint: true }) => Object.assign(real.fstatSync(fd, options), { ino: 1_000n + mount.numbers }) };
});

const { at, disk, start } = libraryFixture();
afterEach(() => { mount.numbers = 0n; });

/** Everything in this thread, where the numbers are those of the test; each file that is read is noted. */
function readingHere() {
  const inner = createOwnHasher();
  const read: string[] = [];
  return {
    read,
    hashFile: (path: string, options?: Parameters<typeof inner.hashFile>[1]) => (read.push(path), inner.hashFile(path, options)),
    hashFiles: (paths: readonly string[], options?: Parameters<typeof inner.hashFiles>[1]) => (read.push(...paths), inner.hashFiles(paths, options)),
    hashPiece: () => Promise.reject(new Error('not used')),
    readSmall: () => Promise.reject(new Error('not used')),
    close: () => inner.close(),
  };
}

async function sharedBeforeTheNextMount(kind: VolumeKind) {
  mount.kind = kind;
  await disk({ 's/film': new Uint8Array(2_000_000).fill(3), 's/photos/1': 'one', 's/photos/2': 'two' });
  const hasher = readingHere();
  const { library, stop } = await start({ hasher });
  const share = await shareAll(library, at('s'));
  expect(hasher.read.splice(0).sort()).toEqual([at('s/film'), at('s/photos/1'), at('s/photos/2')]);
  await stop();
  mount.numbers = 500n;
  return { hasher, share, library: (await start({ hasher })).library };
}

test('files with other numbers since the last mount are not hashed again where numbers are loose, and are given', async () => {
  const { hasher, share, library } = await sharedBeforeTheNextMount('loose-inodes');
  await library.settled();
  expect(await library.shares()).toMatchObject([{ state: 'ready', contentId: share.contentId, hashedFiles: 3 }]);
  const { entry: { contentId } } = await library.stat(self, 's/film');
  expect(await library.findFile(self, contentId ?? expect.fail('not hashed'))).toMatchObject({ path: 'film' });
  await disk({ 's/photos/2': 'TWO' });
  await library.rescan(share.id);
  await until(library, async () => (await library.shares()).some((now) => now.state === 'ready' && now.contentId !== share.contentId));
  expect(hasher.read).toEqual([at('s/photos/2')]);
});

test('elsewhere a file with another number is another file', async () => {
  const { hasher, library } = await sharedBeforeTheNextMount('other');
  await until(library, async () => hasher.read.length === 3 && (await library.shares())[0]?.state === 'ready');
});
