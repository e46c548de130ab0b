import { expect, it } from 'vitest';
import { seenAt } from '#main/node/library/coarse-times.ts';
import { second } from '#shared/units.ts';

const tick = 1_800_000_000 * second;

it.each([
  ['written just now, on FAT', tick, tick + 300, tick + 2 * second],
  ['written at the end of the tick', tick, tick + 1_999, tick + 2 * second],
  ['written before this tick', tick, tick + 2_000, tick + 2_000],
  ['written just now, where times are exact', tick + 7, tick + 300, tick + 300],
  ['with a time that was rounded up', tick + 2 * second, tick + 300, tick + 4 * second],
  ['with a time in the far future', tick + 10 * second, tick, tick],
  ['old', tick - 86_400 * second, tick, tick],
])('a file %s is hashed only when no write can have the same time any more', (_, modifiedAt, now, seen) => {
  expect(seenAt(modifiedAt, now)).toBe(seen);
});
