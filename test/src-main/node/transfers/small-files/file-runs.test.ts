import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutIntoRuns, mixRuns } from '#main/node/transfers/small-files/file-runs.ts';
import { contentIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { KiB } from '#shared/units.ts';

const contents = fc.record({ bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 80 * KiB })), contentId: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(contentIdOf), { freq: 20 }) });
const lists = fc.array(contents, { maxLength: 1200, size: 'max' }).map((files) => files.map((file, index) => ({ index, file })));
const isBatched = ({ bytes, contentId }: { bytes: number; contentId: string | null }): boolean => bytes > 0 && bytes < limits.transfer.batchedBelowBytes && contentId !== null;

it('runs are the list, in its order; those of several files hold small ones whose content is known, in one block', () => {
  fc.assert(fc.property(lists, (list) => {
    const runs = cutIntoRuns(list);
    expect(runs.flat()).toEqual(list);
    for (const run of runs) {
      expect(run.length).toBeGreaterThan(0);
      if (run.length === 1) continue;
      expect(run.every(({ file }) => isBatched(file))).toBe(true);
      expect(run.length).toBeLessThanOrEqual(limits.link.filesPerBatch);
      expect(run.reduce((sum, { file }) => sum + file.bytes, 0)).toBeLessThanOrEqual(256 * KiB);
    }
  }), { numRuns: 50 });
});

it('whoever begins elsewhere in a list cuts it at the same places, from the first one that is the same', () => {
  fc.assert(fc.property(lists, fc.nat(1200), (list, from) => {
    const ends = (part: typeof list): Set<number> => new Set(cutIntoRuns(part).map((run) => run.at(-1)?.index ?? 0));
    const [whole, part] = [ends(list), ends(list.slice(from))];
    const same = [...part].find((index) => whole.has(index)) ?? Infinity;
    expect([...part].filter((index) => index >= same)).toEqual([...whole].filter((index) => index >= same));
  }), { numRuns: 50 });
});

it('a long list of small files is cut at the same places wherever one begins', () => {
  const list = Array.from({ length: 2000 }, (_, index) => ({ index, file: { bytes: 10 * KiB, contentId: contentIdOf(new Uint8Array(32).map((__, at) => (index * 7919 + at * 104_729 + index * index) % 256)) } }));
  const ends = (from: number): number[] => cutIntoRuns(list.slice(from)).map((run) => run.at(-1)?.index ?? 0).filter((index) => index > 1500);
  for (const from of [1, 17, 500, 1111]) expect(ends(from)).toEqual(ends(0));
});

it('mixing moves runs of several files only, and loses none', () => {
  fc.assert(fc.property(lists, fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }), (list, chances) => {
    const runs = cutIntoRuns(list);
    let drawn = 0;
    const mixed = mixRuns(runs, () => chances[drawn++ % chances.length] ?? 0);
    expect(new Set(mixed)).toEqual(new Set(runs));
    expect(mixed.length).toBe(runs.length);
    runs.forEach((run, at) => { if (run.length === 1) expect(mixed[at]).toBe(run); });
  }), { numRuns: 50 });
});
