import { expect, it } from 'vitest';
import { isOtherVersion } from '#main/node/transfers/download/discard-partials.ts';
import { contentIdOf } from '#shared/ids.ts';

const [one, two] = [1, 2].map((byte) => contentIdOf(new Uint8Array(32).fill(byte)));

it.each([
  ['longer', { bytes: 10, contentId: one }, { bytes: 11, contentId: null }, true],
  ['another content', { bytes: 10, contentId: one }, { bytes: 10, contentId: two }, true],
  ['touched, and being hashed anew', { bytes: 10, contentId: one }, { bytes: 10, contentId: null }, false],
  ['hashed by now', { bytes: 10, contentId: null }, { bytes: 10, contentId: one }, false],
] as const)('what has come of a file is outdated only when it is certainly another one now: %s', (_what, before, now, is) => {
  expect(isOtherVersion({ ...before, contentId: before.contentId ?? null }, { ...now, contentId: now.contentId ?? null })).toBe(is);
});
