import { expect, it } from 'vitest';
import { isPieceSize, pieceBytesFor, pieceCount, pieceLength } from '#main/core/content/piece-size.ts';
import { GiB, KiB, MiB, TiB } from '#shared/units.ts';

it.each([
  [0, 1 * MiB], [1, 1 * MiB], [2 * GiB, 1 * MiB],
  [16 * GiB, 1 * MiB], [16 * GiB + 1, 2 * MiB],
  [32 * GiB, 2 * MiB], [64 * GiB, 4 * MiB], [128 * GiB + 1, 16 * MiB], [64 * TiB, 16 * MiB],
])('a file of %d bytes has pieces of %d', (bytes, pieceBytes) => {
  expect(pieceBytesFor(bytes)).toBe(pieceBytes);
});

it('counts pieces and measures the last one', () => {
  expect(pieceCount(0, MiB)).toBe(0);
  expect(pieceCount(MiB, MiB)).toBe(1);
  expect(pieceCount(MiB + 1, MiB)).toBe(2);
  expect(pieceLength(MiB + 1, MiB, 0)).toBe(MiB);
  expect(pieceLength(MiB + 1, MiB, 1)).toBe(1);
});

it.each([[16 * KiB, true], [1 * MiB, true], [16 * MiB, true], [32 * MiB, false], [8 * KiB, false], [48 * KiB, false], [0, false], [-16 * KiB, false], [NaN, false], [1.5, false]])(
  'piece size %d is allowed: %s', (bytes, allowed) => {
    expect(isPieceSize(bytes)).toBe(allowed);
  });
