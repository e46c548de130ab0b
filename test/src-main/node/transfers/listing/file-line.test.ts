import { expect, it } from 'vitest';
import { FileLine } from '#main/node/transfers/listing/file-line.ts';
import type { ListedFile } from '#main/node/transfers/small-files/file-runs.ts';
import type { FileRecord } from '#main/node/transfers/records.ts';
import { contentIdOf } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';

const contentId = contentIdOf(new Uint8Array(32).fill(1));
const file = (index: number): FileRecord => ({
  remotePath: `${index}`, path: ['Folder', `${index}`], mapped: false, bytes: 1 * MiB, modifiedAt: 0, executable: false, contentId, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting',
});

/** A line and the list that it goes through; `readBack` tells which files it had to read from the store. */
function lineOf(): { line: FileLine; list: (count: number) => void; take: (count: number) => Promise<number[]>; readBack: number[] } {
  const stored: ListedFile[] = [];
  const readBack: number[] = [];
  const line = new FileLine({
    after: (index, limit) => {
      const from = index === null ? 0 : index + 1;
      const files = stored.slice(from, from + limit);
      readBack.push(...files.map(({ index: read }) => read));
      return Promise.resolve(files);
    },
  });
  return {
    line,
    readBack,
    list(count) {
      const first = stored.length;
      const page = Array.from({ length: count }, (_, at) => file(first + at));
      stored.push(...page.map((each, at) => ({ index: first + at, file: each })));
      line.listed(first, page);
    },
    async take(count) {
      const taken: number[] = [];
      while (taken.length < count) {
        const next = await line.next(true);
        if (next === null) break;
        taken.push(next.index);
      }
      return taken;
    },
  };
}

const numbers = (from: number, before: number): number[] => Array.from({ length: before - from }, (_, at) => from + at);

it('goes on behind a page without files: one of folders only', async () => {
  const { list, take } = lineOf();
  list(1);
  list(0);
  list(1);
  expect(await take(3)).toEqual([0, 1]);
});

it('reads nothing back that was just listed, in a list of ten thousand files', async () => {
  const { list, take, readBack } = lineOf();
  for (let page = 0; page < 10; page++) list(1000);
  expect(await take(10_000)).toEqual(numbers(0, 10_000));
  expect(readBack).toEqual([]);
});

it('keeps nothing of a longer list beyond its first ten thousand files, as fast as it is listed', async () => {
  const { list, take, readBack } = lineOf();
  for (let page = 0; page < 12; page++) list(1000);
  expect(await take(5000)).toEqual(numbers(0, 5000));
  for (let page = 0; page < 12; page++) list(1000);
  expect(await take(24_000)).toEqual(numbers(5000, 24_000));
  expect(readBack).toEqual(numbers(10_000, 24_000));
});

it('keeps what is listed once it has caught up', async () => {
  const { list, take, readBack } = lineOf();
  for (let page = 0; page < 12; page++) list(1000);
  await take(12_000);
  readBack.length = 0;
  list(1000);
  expect(await take(1000)).toEqual(numbers(12_000, 13_000));
  expect(readBack).toEqual([]);
});
