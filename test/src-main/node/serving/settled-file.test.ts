import { expect, it } from 'vitest';
import type { FileRef } from '#main/node/ports/library.ts';
import { findSettled } from '#main/node/serving/settled-file.ts';
import { contentIdOf, type ContentId } from '#shared/ids.ts';
import { second } from '#shared/units.ts';

const start = 1_800_000_000 * second;

/** A disk whose clock shows times rounded down to its tick, in virtual time: whoever waits lets it go on. */
class TickingDisk {
  now: number;
  modifiedAt = 0;
  readonly pauses: number[] = [];
  readonly #tickMs: number;

  constructor(tickMs: number, now: number) {
    this.#tickMs = tickMs;
    this.now = now;
  }

  write(): void {
    this.modifiedAt = this.now - (this.now % this.#tickMs);
  }

  readonly find = (contentId: ContentId | null = null): Promise<FileRef> =>
    Promise.resolve({ share: null, path: 'film', diskPath: '/film', inside: '/', bytes: 4, modifiedAt: this.modifiedAt, executable: false, version: String(this.modifiedAt), contentId });

  /** Finds the file and waits as a node does. */
  settled(contentId: ContentId | null = null): Promise<FileRef> {
    return findSettled(() => this.find(contentId), { now: () => this.now, pause: (ms) => {
      this.pauses.push(ms);
      this.now += ms;
      return Promise.resolve();
    } });
  }
}

it.each([['FAT', 2 * second], ['whole seconds', second], ['a clock of 10 ms', 10]])('whatever is written after a file without a hash was found settled shows in its version: %s', async (_, tickMs) => {
  for (let offset = 0; offset < 2 * second; offset += 37) {
    const disk = new TickingDisk(tickMs, start + offset);
    disk.write();
    disk.now += 3;
    const { version } = await disk.settled();
    disk.write();
    expect((await disk.find()).version, `written ${offset} ms after the tick`).not.toBe(version);
  }
});

it('nobody waits for a file that was not written just now, nor for one that has its hash', async () => {
  const disk = new TickingDisk(2 * second, start + 300);
  disk.write();
  expect((await disk.settled(contentIdOf(new Uint8Array(32)))).modifiedAt).toBe(start);
  disk.now += 10 * second;
  expect((await disk.settled()).modifiedAt).toBe(start);
  expect(disk.pauses).toEqual([]);
});

it('a file with a time to come is not waited for', async () => {
  const disk = new TickingDisk(7, start);
  disk.now += 3600 * second;
  disk.write();
  disk.now -= 3600 * second;
  await disk.settled();
  expect(disk.pauses).toEqual([]);
});
