import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { Merkle } from '#main/core/content/merkle.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { toHex } from '#shared/ids.ts';
import { KiB, MiB } from '#shared/units.ts';
import { vectorContent } from './content-bytes.ts';
import { layerOf } from './layer-of.ts';

const python = '/usr/bin/python3';
const isThere = spawnSync(python, ['-c', 'import libtorrent']).status === 0;
if (!isThere) console.log('skipped: python3-libtorrent is not installed (apt-get install python3-libtorrent), so nothing to compare with');

const answerSchema = z.array(z.object({ bytes: z.number(), pieceBytes: z.number(), root: z.string(), layer: z.string().optional() }));

it.runIf(isThere)('agrees with libtorrent run now, on sizes it was never asked before', () => {
  const sizes = Array.from({ length: 12 }, () => Math.floor(Math.random() * 4 * MiB) + 1);
  const pieceSizes = [16 * KiB, 64 * KiB, 1 * MiB, 2 * MiB];
  const words = sizes.flatMap((bytes, at) => [String(bytes), String(pieceSizes[at % pieceSizes.length])]);
  const script = fileURLToPath(new URL('../../../fixtures/make-bep52-vectors.py', import.meta.url));
  const run = spawnSync(python, [script, ...words], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  for (const vector of answerSchema.parse(JSON.parse(run.stdout))) {
    const { root, layer } = layerOf(new Merkle(sha256), vectorContent(vector.bytes), vector.pieceBytes);
    expect({ ...vector, root: toHex(root) }).toEqual(vector);
    if (vector.layer !== undefined) expect(toHex(layer)).toBe(vector.layer);
  }
});
