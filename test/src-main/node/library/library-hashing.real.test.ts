import { stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { fileVersion } from '#main/disk/file-version.ts';
import type { FileHash, Hasher } from '#main/node/ports/hasher.ts';
import { AppError } from '#shared/errors.ts';
import { MiB } from '#shared/units.ts';
import { everyone, libraryFixture, self, shareAll, until, withoutEnd } from './library-fixture.ts';

const { at, disk, start } = libraryFixture();

/** A hasher that answers when the test lets it; contents do not matter. */
function gatedHasher() {
  const asked: { paths: readonly string[]; signal: AbortSignal | undefined; progress: (bytes: number) => void; open: () => void }[] = [];
  const waiters = new Set<() => void>();
  let isOpen = false;
  const gate = (paths: readonly string[], signal: AbortSignal | undefined, progress: (bytes: number) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      asked.push({ paths, signal, progress, open: resolve });
      for (const waiter of waiters) waiter();
      if (isOpen) resolve();
      signal?.addEventListener('abort', () => reject(new AppError('cancelled')));
    });
  const hash = async (path: string): Promise<FileHash> => {
    const stats = await stat(path, { bigint: true });
    const pieces = Math.max(1, Math.ceil(Number(stats.size) / MiB));
    return { root: new Uint8Array(32).fill(7), layer: new Uint8Array(32 * pieces), pieceBytes: MiB, bytes: Number(stats.size), version: fileVersion(stats, 'other') };
  };
  const hasher: Hasher = {
    hashFile: (path, { signal, onProgress = () => undefined } = {}) => gate([path], signal, onProgress).then(() => hash(path)),
    hashFiles: (paths, { signal } = {}) => gate(paths, signal, () => undefined).then(() => Promise.all(paths.map(hash))),
    hashPiece: () => Promise.reject(new Error('not used')),
    readSmall: () => Promise.reject(new Error('not used')),
    close: () => Promise.resolve(),
  };
  return {
    hasher, asked,
    /** Resolves when the hasher has been asked so many times. */
    askedTimes: (times: number): Promise<void> => new Promise((resolve) => {
      const look = (): void => { if (asked.length >= times) resolve(); };
      waiters.add(look);
      look();
    }),
    openAll() {
      isOpen = true;
      for (const one of asked) one.open();
    },
  };
}

const big = (extra = 0) => new Uint8Array(2 * MiB + extra);

describe('hashing in the background', () => {
  test('shows how far it is and how long it takes', async () => {
    const { hasher, asked, askedTimes, openAll } = gatedHasher();
    await disk({ 's/big': big(), 's/bigger': big(1), 's/small': 'small' });
    const { library } = await start({ hasher });
    const { id } = await library.add(at('s'), everyone);
    await askedTimes(2);
    asked[0]?.progress(MiB);
    const running = await until(library, async () => (await library.shares()).find((share) => share.hashedBytes === MiB));
    expect(running).toMatchObject({ state: 'hashing', hashedFiles: 0, etaSeconds: null });
    asked[0]?.open();
    const next = await until(library, async () => (await library.shares()).find((share) => share.hashedFiles >= 1));
    expect(next.etaSeconds).not.toBeNull();
    openAll();
    expect((await library.whenHashed(id, withoutEnd())).etaSeconds).toBeNull();
    // Whoever has no more patience made no mistake that a log would have to tell of.
    await expect(library.whenHashed(id, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('what somebody waits for does not queue behind large files', async () => {
    const { hasher, asked, askedTimes, openAll } = gatedHasher();
    await disk({ 's/1': big(1), 's/2': big(2), 's/3': big(3), 's/4': big(4), 's/wanted': big(5) });
    const { library } = await start({ hasher });
    await library.add(at('s'), everyone);
    await askedTimes(2);
    library.hashSoon((await library.stat(self, 's/wanted')).file ?? expect.fail('no file'));
    await askedTimes(3);
    // Which two came first is not said: files that were written when a second began rest longer.
    expect(asked.map(({ paths: [path] }) => path === at('s/wanted'))).toEqual([false, false, true]);
    openAll();
    await until(library, async () => (await library.stat(self, 's/wanted')).entry.contentId !== null);
  });

  test('ends at once for a share that is paused or removed', async () => {
    const { hasher, asked, askedTimes, openAll } = gatedHasher();
    await disk({ 's/1': big(), 't/1': big() });
    const { library } = await start({ hasher });
    const { id } = await library.add(at('s'), everyone);
    await askedTimes(1);
    const paused = await library.pauseHashing(id, true);
    expect(paused.state).toBe('paused');
    expect(asked[0]?.signal?.aborted).toBe(true);
    await library.pauseHashing(id, false);
    await askedTimes(2);
    await library.remove(id);
    expect(asked[1]?.signal?.aborted).toBe(true);
    openAll();
    await shareAll(library, at('t'));
    expect(asked.map((one) => one.paths)).toEqual([[at('s/1')], [at('s/1')], [at('t/1')]]);
  });

  test('goes on after a worker failed', async () => {
    const { hasher, openAll } = gatedHasher();
    openAll();
    let failures = 1;
    const failing: Hasher = { ...hasher, hashFile: (path, options) => (failures-- > 0 ? Promise.reject(new Error('the worker died')) : hasher.hashFile(path, options)) };
    await disk({ 's/1': big() });
    const { library, errors } = await start({ hasher: failing });
    await shareAll(library, at('s'));
    expect(errors).toEqual([new Error('the worker died')]);
  });

  test('many requests for the same file read it once', async () => {
    const { hasher, asked, askedTimes, openAll } = gatedHasher();
    await disk({ 's/1': big() });
    const { library } = await start({ hasher });
    const { id } = await library.add(at('s'), everyone);
    await askedTimes(1);
    const { file } = await library.stat(self, 's/1');
    for (let number = 0; number < 20; number++) library.hashSoon(file ?? expect.fail('no file'));
    openAll();
    await library.whenHashed(id, withoutEnd());
    expect(asked).toHaveLength(1);
  });
});
