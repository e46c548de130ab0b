import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PublicEntries, type PublicLibrary } from '#main/node/servers/public-entries.ts';
import { contentIdOf } from '#shared/ids.ts';
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

  walk(): Promise<never> {
    throw new Error('there are no folders');
  }

  onShare(listener: (share: Share) => void): void {
    this.#changed = () => { listener(fileNamed('changed')); };
  }

  onShareGone(): void { /* Nothing goes. */ }
  onListing(): void { /* Nothing is listed. */ }

  change(): void {
    this.#changed();
  }
}

function announce() {
  const library = new LateLibrary();
  const failed: unknown[] = [];
  const entries = new PublicEntries({ library, onChange: () => undefined, background: (work) => { work.catch((error: unknown) => failed.push(error)); } });
  return { library, failed, names: () => entries.list.entries.map(({ name }) => name) };
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
