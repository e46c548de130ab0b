import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Merkle, emptyRoot, equalBytes } from '#main/core/content/merkle.ts';
import { pieceCount } from '#main/core/content/piece-size.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { fromHex, toHex } from '#shared/ids.ts';
import { KiB, MiB } from '#shared/units.ts';
import { vectorContent } from './content-bytes.ts';
import { layerOf } from './layer-of.ts';

const vectorSchema = z.object({
  bytes: z.number(), pieceBytes: z.number(), root: z.string(), pieces: z.number(),
  layer: z.string().optional(), layerSha256: z.string().optional(),
});
const vectors = z.array(vectorSchema).parse(JSON.parse(readFileSync(new URL('../../../fixtures/bep52-vectors.json', import.meta.url), 'utf8')));

const merkle = new Merkle(sha256);

const hashOf = (data: Uint8Array, pieceBytes: number) => layerOf(merkle, data, pieceBytes);

function digest(data: Uint8Array): string {
  const out = new Uint8Array(32);
  sha256(data, out, 0);
  return toHex(out);
}

describe('merkle roots and piece layers', () => {
  it('has vectors for both piece sizes', () => {
    expect(new Set(vectors.map((vector) => vector.pieceBytes))).toEqual(new Set([1 * MiB, 4 * MiB]));
  });

  it.each(vectors)('agrees with libtorrent on $bytes bytes in pieces of $pieceBytes', (vector) => {
    const { root, layer } = hashOf(vectorContent(vector.bytes), vector.pieceBytes);
    expect(toHex(root)).toBe(vector.root);
    expect(layer.length / 32).toBe(vector.pieces);
    if (vector.layer !== undefined) expect(toHex(layer)).toBe(vector.layer);
    else expect(digest(layer)).toBe(vector.layerSha256);
  });

  it('has a root of zeros for an empty file', () => {
    expect(hashOf(new Uint8Array(0), 1 * MiB)).toEqual({ root: emptyRoot, layer: new Uint8Array(0) });
    expect(merkle.verifyLayer(new Uint8Array(0), emptyRoot, 0, 1 * MiB)).toBe(true);
  });

  it('gives a piece that comes in bits the hash it has as a whole', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 256 * KiB }), fc.integer({ min: 1, max: 16 }), fc.boolean(), (bytes, leavesAtOnce, wholeFile) => {
      const data = vectorContent(bytes);
      let leaves = 0;
      for (let at = 0; at < bytes; at += leavesAtOnce * 16 * KiB) leaves = merkle.addLeaves(data.subarray(at, at + leavesAtOnce * 16 * KiB), leaves);
      const inBits = merkle.pieceOfLeaves(leaves, 256 * KiB, wholeFile);
      expect(inBits).toEqual(merkle.pieceHash(data, 256 * KiB, wholeFile));
    }), { numRuns: 50 });
  });

  it('hashes each piece alone to what the layer says', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 400_000 }), (bytes) => {
      const data = vectorContent(bytes);
      const { layer } = hashOf(data, 64 * KiB);
      for (let piece = 0; piece < pieceCount(bytes, 64 * KiB); piece++) {
        const hash = merkle.pieceHash(data.subarray(piece * 64 * KiB, (piece + 1) * 64 * KiB), 64 * KiB, bytes <= 64 * KiB);
        expect(hash).toEqual(layer.slice(piece * 32, piece * 32 + 32));
      }
    }), { numRuns: 50 });
  });

  it('notices any changed byte, of the content, the layer and the root', () => {
    const data = vectorContent(300_000);
    const { root, layer } = hashOf(data, 64 * KiB);
    expect(merkle.verifyLayer(layer, root, data.length, 64 * KiB)).toBe(true);
    fc.assert(fc.property(fc.integer({ min: 0, max: data.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = data.slice();
      other[at] = (other[at] ?? 0) ^ change;
      expect(equalBytes(hashOf(other, 64 * KiB).root, root)).toBe(false);
      const otherLayer = layer.slice();
      otherLayer[at % layer.length] = (otherLayer[at % layer.length] ?? 0) ^ change;
      expect(merkle.verifyLayer(otherLayer, root, data.length, 64 * KiB)).toBe(false);
    }), { numRuns: 100 });
  });

  it('leaves a layer that lies in a Buffer as it was', () => {
    const layer = Buffer.from(Array.from({ length: 5 * 32 }, (_, at) => at));
    const before = Buffer.from(layer);
    const root = merkle.rootOfLayer(layer, MiB);
    expect(layer).toEqual(before);
    expect(merkle.rootOfLayer(layer, MiB)).toEqual(root);
  });

  it('refuses a layer of another length, even when its padding gives the same root', () => {
    const data = vectorContent(3 * 64 * KiB);
    const { root, layer } = hashOf(data, 64 * KiB);
    const padded = new Uint8Array(4 * 32);
    padded.set(layer);
    padded.set(merkle.zeroSubtree(2), 3 * 32);
    expect(toHex(merkle.rootOfLayer(padded, 64 * KiB))).toBe(toHex(root));
    expect(merkle.verifyLayer(padded, root, data.length, 64 * KiB)).toBe(false);
    expect(merkle.verifyLayer(layer.subarray(0, 64), root, data.length, 64 * KiB)).toBe(false);
  });

  it('refuses pieces that are too long', () => {
    expect(() => merkle.pieceHash(new Uint8Array(64 * KiB + 1), 64 * KiB, false)).toThrow(RangeError);
  });

  it('knows the hash of zero subtrees', () => {
    expect(toHex(merkle.zeroSubtree(1))).toBe(digest(new Uint8Array(64)));
    expect(fromHex(toHex(merkle.zeroSubtree(0)))).toEqual(new Uint8Array(32));
  });
});
