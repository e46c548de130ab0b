import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createHasher } from '#main/disk/hash/hasher.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { createLibrary, type LibraryOptions, type LibraryService } from '#main/node/library/library.ts';
import type { Hasher } from '#main/node/ports/hasher.ts';
import type { Viewer } from '#main/node/ports/library.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { PathKind, Trust } from '#shared/model/peer.ts';
import type { Audience, Share } from '#shared/model/share.ts';

export const self: Viewer = { kind: 'self' };
export const device = (trust: Trust = 'seen', path: PathKind = 'lan', number = 1): Viewer => ({ kind: 'device', id: deviceIdOf(new Uint8Array(32).fill(number)), trust, path, rooms: new Set() });
export const everyone: Audience = { kind: 'everyone' };

/** A hasher that remembers what it was asked to read. */
export interface CountingHasher extends Hasher {
  readonly read: string[];
}

function counting(inner: Hasher): CountingHasher {
  const read: string[] = [];
  return {
    read,
    hashFile: (path, options) => (read.push(path), inner.hashFile(path, options)),
    hashFiles: (paths, options) => (read.push(...paths), inner.hashFiles(paths, options)),
    hashPiece: (data, pieceBytes, wholeFile) => inner.hashPiece(data, pieceBytes, wholeFile),
    readSmall: (reads) => inner.readSmall(reads),
    close: () => inner.close(),
  };
}

/** A folder of its own for each test, and libraries on a store in it that are closed afterwards. */
export function libraryFixture() {
  const state = { base: '', closers: [] as (() => Promise<void>)[] };
  beforeEach(async () => {
    state.base = await realpath(await mkdtemp(join(tmpdir(), 'library-')));
  });
  afterEach(async () => {
    for (const close of state.closers.splice(0).reverse()) await close();
    await rm(state.base, { recursive: true, force: true });
  });

  const at = (...path: string[]): string => join(state.base, ...path);
  return {
    at,
    /** Writes files given as path → content; a path that ends in `/` is an empty folder. */
    async disk(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
      const folders = new Set<string>();
      for (const [path, content] of Object.entries(files)) {
        const folder = path.endsWith('/') ? at(path) : dirname(at(path));
        if (!folders.has(folder)) await mkdir(folder, { recursive: true });
        folders.add(folder);
        if (!path.endsWith('/')) writeFileSync(at(path), content);
      }
    },
    /** Starts a library on the store of this test; `stop` closes it and all it stands on. */
    async start(options: Partial<LibraryOptions> = {}): Promise<{ library: LibraryService; hasher: CountingHasher; store: Store; errors: unknown[]; stop: () => Promise<void> }> {
      const { store, recovery } = await openStore(at('data', 'store'));
      const hasher = counting(createHasher({ workers: 1 }));
      const errors: unknown[] = [];
      const library = await createLibrary({
        store, hasher, now: Date.now, random: Math.random, recovery, onError: (error) => errors.push(error), ...options,
      });
      const stop = async (): Promise<void> => {
        state.closers = state.closers.filter((closer) => closer !== stop);
        await library.close();
        await hasher.close();
        await store.close();
      };
      state.closers.push(stop);
      return { library, hasher, store, errors, stop };
    },
  };
}

/** A wait ends with what it waits for, or with the test: how long a loaded machine may take is nobody's to say. */
export const withoutEnd = (): AbortSignal => new AbortController().signal;

/** Shares and waits until everything is hashed. */
export async function shareAll(library: LibraryService, path: string, audience: Audience = everyone, name?: string): Promise<Share> {
  const share = await library.add(path, audience, name);
  return library.whenHashed(share.id, withoutEnd());
}

/** Resolves when the condition holds; looked at whenever the library tells of something. */
export async function until<Result>(library: LibraryService, condition: () => Promise<Result | null | undefined | false>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      condition().then((result) => {
        if (result !== null && result !== undefined && result !== false) resolve(result);
      }, reject);
    };
    library.onShare(look);
    look();
  });
}

/** All of a page-by-page answer. */
export async function allPages<Entry>(page: (cursor: string | undefined) => Promise<{ entries: readonly Entry[]; next: string | null }>): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor: string | undefined;
  for (;;) {
    const answer = await page(cursor);
    entries.push(...answer.entries);
    if (answer.next === null) return entries;
    cursor = answer.next;
  }
}
