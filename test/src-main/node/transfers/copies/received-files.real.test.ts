import { appendFile, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { ReceivedFiles } from '#main/node/transfers/copies/received-files.ts';
import { contentIdOf, type ContentId } from '#shared/ids.ts';
import { day } from '#shared/units.ts';

const [a, b] = [1, 2].map((fill) => contentIdOf(new Uint8Array(32).fill(fill))) as [ContentId, ContentId];
let folder: string;
let store: Store;
let received: ReceivedFiles;
const pathOf = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'received-'));
  ({ store } = await openStore(join(folder, 'store')));
  received = new ReceivedFiles(store);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function receive(id: ContentId, name: string, at = Date.now()): Promise<void> {
  await writeFile(pathOf(name), 'bytes');
  // The time of its origin, as every file that arrives has it.
  await utimes(pathOf(name), 1_600_000_000, 1_600_000_000);
  const batch = store.batch();
  received.note(batch, id, pathOf(name), 5, at);
  await batch.write();
}

it('knows what was received, also after a restart, and nothing else', async () => {
  await receive(a, 'one');
  expect(await received.here([b, a])).toEqual(new Set([a]));
  await store.close();
  ({ store } = await openStore(join(folder, 'store')));
  expect(await new ReceivedFiles(store).here([a])).toEqual(new Set([a]));
});

it('believes in no file that was changed, and in none that is gone, also when something comes back under its name', async () => {
  await receive(a, 'grown');
  await appendFile(pathOf('grown'), ' more');
  // Changed in place a day after it came: as long as before, and with its old time.
  await receive(b, 'edited', Date.now() - day);
  expect(await received.here([a, b])).toEqual(new Set());

  await receive(a, 'taken');
  await rename(pathOf('taken'), pathOf('elsewhere'));
  expect(await received.here([a])).toEqual(new Set());
  await rename(pathOf('elsewhere'), pathOf('taken'));
  expect(await received.here([a])).toEqual(new Set());
});

it('knows the place where it was put last', async () => {
  await receive(a, 'first');
  await receive(a, 'second');
  await rm(pathOf('first'));
  expect(await received.here([a])).toEqual(new Set([a]));
});
