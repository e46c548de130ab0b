import { Merkle } from '#main/core/content/merkle.ts';
import { pieceCount } from '#main/core/content/piece-size.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { FileTarget } from '#main/node/ports/receiver.ts';
import { KiB } from '#shared/units.ts';
import { layerOf } from '../../core/content/layer-of.ts';

/** A file as its sender has it. */
export interface SampleFile {
  readonly data: Uint8Array;
  readonly root: Uint8Array;
  readonly layer: Uint8Array;
  readonly pieceBytes: number;
  readonly pieces: number;
  piece(index: number): Uint8Array;
  hash(index: number): Uint8Array;
}

/**
 * Repeatable content that differs from piece to piece and from seed to seed. Small pieces keep these tests quick; the
 * code knows no other difference.
 */
export function sampleFile(bytes: number, seed = 1, pieceBytes = 64 * KiB): SampleFile {
  const data = new Uint8Array(new SharedArrayBuffer(bytes));
  let state = seed * 2_654_435_761;
  for (let at = 0; at < bytes; at++) {
    if (at % 64 === 0) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = (state >>> (at % 24)) + at;
  }
  const { root, layer } = layerOf(new Merkle(sha256), data, pieceBytes);
  return {
    data,
    root,
    layer,
    pieceBytes,
    pieces: pieceCount(bytes, pieceBytes),
    piece: (index) => data.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    hash: (index) => layer.slice(index * 32, index * 32 + 32),
  };
}

export function targetOf(file: SampleFile, base: string, path: readonly string[], change: Partial<FileTarget> = {}): FileTarget {
  return {
    base, path, bytes: file.data.length, pieceBytes: file.pieceBytes, root: file.root, layer: file.pieces > 1 ? file.layer : null,
    modifiedAt: 1_600_000_000_000, executable: false, ...change,
  };
}
