import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { HashQueue, type HashShare } from '#main/node/library/hash-queue.ts';
import { pathKey, tables } from '#main/node/library/tables.ts';
import type { FileHash, Hasher } from '#main/node/ports/hasher.ts';
import { shareIdSchema } from '#shared/model/ids.ts';
import { MiB } from '#shared/units.ts';

const id = shareIdSchema.parse('0123456789abcdef0123456789abcdef');

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'queue-'));
  ({ store } = await openStore(folder));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A queue over one share, behind those `before`; `looked` is called each time the queue looks whether the share is paused, before it hears. */
function queueOver(looked: (queue: HashQueue, share: { paused: boolean }) => void, writeFails = false, before: readonly HashShare[] = []) {
  const asked: string[] = [];
  const state = { paused: false };
  const hashed = (path: string): Promise<FileHash> => {
    asked.push(path);
    return Promise.resolve({ root: new Uint8Array(32), layer: new Uint8Array(32), pieceBytes: MiB, bytes: 2 * MiB, version: 'one' });
  };
  const hasher: Hasher = {
    hashFile: hashed,
    hashFiles: (paths) => Promise.all(paths.map(hashed)),
    hashPiece: () => Promise.reject(new Error('not used')),
    readSmall: () => Promise.reject(new Error('not used')),
    close: () => Promise.resolve(),
  };
  const share: HashShare = {
    id, available: true, diskPath: (path) => path,
    get paused() {
      const { paused } = state;
      looked(queue, state);
      return paused;
    },
  };
  const failures: unknown[] = [];
  const queue: HashQueue = new HashQueue(store, hasher, () => 1_000_000, {
    share: () => share, shares: () => [...before, share],
    commit: async (_share, changes) => {
      if (writeFails) throw new Error('the disk with the store is full');
      for (const { path } of changes) await store.batch().delete(tables.todo, pathKey(id, path)).write();
      return { stale: [] };
    },
    refresh: () => Promise.resolve(),
    progressed: () => undefined,
    failed: (error) => failures.push(error),
  });
  return { queue, asked, state, failures };
}

/** A promise and what fulfils it. */
function signal(): { promise: Promise<void>; fire: () => void } {
  let fire = (): void => undefined;
  const promise = new Promise<void>((resolve) => { fire = resolve; });
  return { promise, fire: () => fire() };
}

const wanted = (path: string): Promise<void> => store.put(tables.todo, pathKey(id, path), { bytes: 2 * MiB, seenAt: 0 });

describe('what happens while the next file is being chosen', () => {
  test('a pause keeps it from being read', async () => {
    await wanted('film');
    const again = signal();
    let looks = 0;
    const { queue, asked } = queueOver((one, share) => {
      looks++;
      if (looks === 1) {
        share.paused = true;
        one.stop(id);
      } else {
        again.fire();
      }
    });
    queue.wake();
    await again.promise;
    await queue.close();
    expect(asked).toEqual([]);
  });

  test('the end of the node keeps it from being read', async () => {
    await wanted('film');
    const closing: Promise<void>[] = [];
    const looked = signal();
    const { queue, asked } = queueOver((one) => {
      closing.push(one.close());
      looked.fire();
    });
    queue.wake();
    await looked.promise;
    await Promise.all(closing);
    expect(asked).toEqual([]);
  });

  test('what somebody waits for is not forgotten when the choice is made anew', async () => {
    await wanted('film');
    const done = signal();
    const { queue, asked, state } = queueOver(() => { if (asked.length > 0) done.fire(); });
    state.paused = true;
    queue.soon(id, 'film');
    queue.stop(id);
    await done.promise;
    await queue.close();
    expect(asked).toEqual(['film']);
  });
});

test('a hash that cannot be written down is not worked out again at once', async () => {
  await wanted('film');
  const thrice = signal();
  let looks = 0;
  const { queue, asked, failures } = queueOver(() => {
    looks++;
    if (looks === 3) thrice.fire();
  }, true);
  queue.wake();
  await thrice.promise;
  await queue.close();
  expect(asked).toEqual(['film']);
  expect(failures).toEqual([new Error('the disk with the store is full')]);
});

test('a file that was seen by a clock that has been set back since is read all the same', async () => {
  await store.put(tables.todo, pathKey(id, 'film'), { bytes: 2 * MiB, seenAt: 1_000_000 + 86_400_000 });
  const { queue, asked } = queueOver(() => undefined);
  queue.wake();
  while (asked.length === 0) await new Promise(setImmediate);
  await queue.close();
  expect(asked).toEqual(['film']);
});

test('shares that have nothing to hash are looked through once, however often another one changes, and again when they change', async () => {
  const others = Array.from({ length: 50 }, (_, at): HashShare => ({ id: shareIdSchema.parse(String(at).padStart(32, '0')), available: true, paused: false, diskPath: (path) => path }));
  const looks = vi.spyOn(store, 'batches');
  const { queue, asked } = queueOver(() => undefined, false, others);
  for (const name of ['one', 'two', 'three']) {
    await wanted(name);
    queue.wake(id);
    while (asked.at(-1) !== name) await new Promise(setImmediate);
  }
  expect(looks.mock.calls.length).toBeLessThan(others.length + 20);
  const [, other] = others;
  if (other === undefined) throw new Error('no other share');
  await store.put(tables.todo, pathKey(other.id, 'new'), { bytes: 2 * MiB, seenAt: 0 });
  queue.wake(other.id);
  while (asked.at(-1) !== 'new') await new Promise(setImmediate);
  await queue.close();
});
