import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partsOf } from '#main/node/serving/batch-parts.ts';
import type { FileRef } from '#main/node/ports/library.ts';
import { limits } from '#shared/limits.ts';

const fileOf = (bytes: number, at: number): FileRef => ({ share: null, path: `${at}`, diskPath: `/${at}`, inside: '/', bytes, modifiedAt: 0, executable: false, version: 'v', contentId: null });

it('a block of a batch has exactly the bytes that lie there when the files lie one after the other', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 2, maxLength: 12 }), fc.nat({ max: 100 }), fc.integer({ min: 1, max: 100 }), (sizes, begin, length) => {
    const files = sizes.map(fileOf);
    const all = files.flatMap((file) => Array.from({ length: file.bytes }, (_, position) => `${file.path}:${position}`));
    const parts = partsOf(files, { begin, length });
    const given = parts?.flatMap(({ file, position, bytes }) => Array.from({ length: bytes }, (_, at) => `${file.path}:${position + at}`));
    expect(given ?? null).toEqual(begin + length > all.length ? null : all.slice(begin, begin + length));
    expect(parts?.every(({ bytes }) => bytes > 0) ?? true).toBe(true);
  }));
});

it('a file of several pieces is part of no batch', () => {
  expect(partsOf([fileOf(5, 0), fileOf(limits.content.minPieceBytes + 1, 1)], { begin: 0, length: 5 })).toBeNull();
});
