import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { partialEntries } from '#main/node/servers/partial-entries.ts';
import { PublicEntries, type PublicLibrary } from '#main/node/servers/public-entries.ts';
import type { UnderWay } from '#main/node/transfers/passing-on/shared-downloads.ts';
import { AppError } from '#shared/errors.ts';
import { contentIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { shareSchema, type Share } from '#shared/model/share.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const fileNamed = (name: string): Share => shareSchema.parse({
  id: Buffer.from(name.padEnd(16)).toString('hex'), name, path: `/home/${name}`, kind: 'file', audience: { kind: 'public' }, state: 'ready', files: 1, folders: 0, bytes: 1, hashedFiles: 1, hashedBytes: 1,
  etaSeconds: null, contentId: contentIdOf(Buffer.from(name.padEnd(32))), problems: { count: 0, first: [] }, addedAt: 0,
});

/** A library whose shares are there when a test says so. */
class LateLibrary implements PublicLibrary {
  readonly readings: { answer(shares: readonly Share[]): void; fail(): void }[] = [];
  #changed: () => void = () => undefined;

  shares(): Promise<readonly Share[]> {
    return new Promise((resolve, reject) => { this.readings.push({ answer: resolve, fail: () => { reject(new Error('the disk is gone')); } }); });
  }

  walk: PublicLibrary['walk'] = () => Promise.resolve({ entries: [], next: null, total: 0 });

  onShare(listener: (share: Share) => void): void {
    this.#changed = () => { listener(fileNamed('changed')); };
  }

  onShareGone(): void { /* Nothing goes. */ }
  onListing(): void { /* Nothing is listed. */ }

  change(): void {
    this.#changed();
  }
}

function announce(underWay: () => readonly UnderWay[] = () => []) {
  const library = new LateLibrary();
  const failed: unknown[] = [];
  const entries = new PublicEntries({ library, underWay, onChange: () => undefined, background: (work) => { work.catch((error: unknown) => failed.push(error)); } });
  return { library, failed, names: () => entries.list.entries.map(({ name }) => name), list: () => entries.list };
}

it('reads again what changed while it was reading, and never twice at once', async () => {
  const { library, names } = announce();
  await vi.advanceTimersByTimeAsync(2000);
  library.change();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(library.readings).toHaveLength(1);
  library.readings[0]?.answer([fileNamed('before')]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(names()).toEqual(['before']);
  library.readings[1]?.answer([fileNamed('before'), fileNamed('since')]);
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(['before', 'since']);
});

it.each<[string, PublicLibrary['walk']]>([
  ['is not there any more', () => Promise.reject(new AppError('not-found', { name: 'Films' }))],
  ['is another share by then', () => Promise.resolve({ entries: [{ path: 'diary', entry: { name: 'diary', kind: 'file', bytes: limits.servers.fileBytes, files: 1, modifiedAt: 0, contentId: contentIdOf(Buffer.from('diary'.padEnd(32))), haveBytes: null }, executable: false }], next: null, total: 1 }) ],
])('tells nothing of a folder whose name %s, and reads again', async (_, walk) => {
  const { library, names, failed } = announce();
  library.walk = walk;
  const films: Share = { ...fileNamed('Films'), kind: 'folder' };
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[0]?.answer([films]);
  await vi.advanceTimersByTimeAsync(0);
  library.readings[1]?.answer([{ ...films, name: 'Old films' }, { ...fileNamed('Secrets'), kind: 'folder', name: 'Films', audience: { kind: 'nobody' } }]);
  await vi.advanceTimersByTimeAsync(0);
  expect([names(), failed]).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[2]?.answer([fileNamed('now')]);
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(['now']);
});

it('tells of the other shares while one is not looked at yet', async () => {
  const { library, names, failed } = announce();
  library.walk = () => Promise.reject(new AppError('not-found', { name: 'Films' }));
  const shares: readonly Share[] = [fileNamed('a song'), { ...fileNamed('Films'), kind: 'folder', contentId: null }];
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[0]?.answer(shares);
  await vi.advanceTimersByTimeAsync(0);
  library.readings[1]?.answer(shares);
  await vi.advanceTimersByTimeAsync(0);
  expect([names(), failed]).toEqual([['a song'], []]);
});

it('reads what is published at once, and reads a folder that changes without end every two seconds', async () => {
  const { library, names } = announce();
  await vi.advanceTimersByTimeAsync(200);
  library.readings[0]?.answer([]);
  await vi.advanceTimersByTimeAsync(2000);
  library.change();
  await vi.advanceTimersByTimeAsync(200);
  library.readings[1]?.answer([fileNamed('new')]);
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(['new']);
  for (let at = 0; at < 600; at++) {
    library.change();
    await vi.advanceTimersByTimeAsync(100);
    library.readings.at(-1)?.answer([fileNamed(`version ${at}`)]);
  }
  expect(library.readings.length).toBeGreaterThan(30);
  expect(library.readings.length).toBeLessThan(36);
});

it('goes on after a reading that failed', async () => {
  const { library, failed, names } = announce();
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[0]?.fail();
  await vi.advanceTimersByTimeAsync(0);
  expect(failed).toHaveLength(1);
  library.change();
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[1]?.answer([fileNamed('later')]);
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(['later']);
});

const folderAt = (path: string, audience: Share['audience'] = { kind: 'public' }): Share => shareSchema.parse({ ...fileNamed('Films'), kind: 'folder', path, audience });
const film = (share: number, change: Partial<UnderWay> = {}): UnderWay => ({ contentId: contentIdOf(Buffer.alloc(32, 7)), name: 'Trains/film.mp4', inside: '/home/films/Trains', bytes: 1e9, audience: { kind: 'public' }, share, ...change });

it('tells how far a download has come that everybody may have, into a folder that everybody may see, in steps', async () => {
  let share = 0.05;
  const { library, list } = announce(() => [film(share)]);
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[0]?.answer([folderAt('/home/films')]);
  await vi.advanceTimersByTimeAsync(0);
  const told = () => list().entries.filter(({ kind }) => kind === 'file').map(({ name, have }) => [name, have]);
  expect(told()).toEqual([['film.mp4', 0]]);
  const before = list().revision;
  share = 0.09;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(list().revision).toBe(before);
  for (const [next, said] of [[0.35, 30], [0.999, 90], [1, 90]] as const) {
    share = next;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told()).toEqual([['film.mp4', said]]);
  }
});

it('tells of a content once: as complete where it is', async () => {
  const complete = fileNamed('complete');
  const { library, list } = announce(() => (complete.contentId === null ? [] : [film(0.5, { contentId: complete.contentId })]));
  await vi.advanceTimersByTimeAsync(2000);
  library.readings[0]?.answer([complete, shareSchema.parse({ ...folderAt('/home/films'), contentId: null })]);
  await vi.advanceTimersByTimeAsync(0);
  expect(list().entries).toMatchObject([{ name: 'complete' }]);
  expect(list().entries[0]).not.toHaveProperty('have');
});

it.each<[string, UnderWay, Share]>([
  ['that its origin shares with some only', film(0.5, { audience: { kind: 'everyone' } }), folderAt('/home/films')],
  ['into a folder that is not shared with everybody', film(0.5), folderAt('/home/films', { kind: 'everyone' })],
  ['into another folder', film(0.5, { inside: '/home/films of mine' }), folderAt('/home/films')],
  ['that is small', film(0.5, { bytes: 1000 }), folderAt('/home/films')],
])('keeps a download to itself %s', (_, underWay, share) => {
  expect(partialEntries([film(0.5)], [folderAt('/home/films')])).toHaveLength(1);
  expect(partialEntries([underWay], [share])).toEqual([]);
});
