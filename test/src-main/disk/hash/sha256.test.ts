import { createHash, hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256, sha256By } from '#main/disk/hash/sha256.ts';
import { vectorContent } from '../../core/content/content-bytes.ts';

it.each([['the system\'s best', sha256], ['the one-shot hash', sha256By(hash)], ['the hash object of older releases', sha256By(undefined)]])('%s writes the digest in place', (_, digest) => {
  for (const length of [0, 1, 55, 64, 16_384]) {
    const data = new Uint8Array(new SharedArrayBuffer(length));
    data.set(vectorContent(length));
    const out = new Uint8Array(100).fill(0xee);
    digest(data, out.subarray(10), 5);
    expect(Buffer.from(out.subarray(15, 47))).toEqual(createHash('sha256').update(data).digest());
    expect([out[14], out[47]]).toEqual([0xee, 0xee]);
  }
});

it('may write over its own input', () => {
  const nodes = vectorContent(64);
  const expected = createHash('sha256').update(nodes).digest();
  sha256(nodes, nodes, 0);
  expect(Buffer.from(nodes.subarray(0, 32))).toEqual(expected);
});
