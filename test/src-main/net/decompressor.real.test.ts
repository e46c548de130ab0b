import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decompressor } from '#main/net/decompressor.ts';
import { MiB } from '#shared/units.ts';

const compress = (plain: Uint8Array, windowBits = 20): Buffer => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: windowBits } });
const wanted = (): boolean => true;
const text = Buffer.from('all work and no play makes jack a dull boy\n'.repeat(2000));

describe('a compressed block', () => {
  it('becomes what it was', async () => {
    const decompressor = new Decompressor();
    await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 1, max: 3000 })).map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part)))), async (plain) => {
      const found = await decompressor.decompress(compress(plain), plain.length, wanted);
      expect(found instanceof Uint8Array && Buffer.compare(found, plain) === 0).toBe(true);
    }), { numRuns: 60 });
  });

  it('of the largest size may lie in shared memory', async () => {
    const plain = Buffer.alloc(MiB, 'abc');
    const packed = compress(plain);
    const shared = new Uint8Array(new SharedArrayBuffer(MiB));
    shared.set(packed);
    const found = await new Decompressor().decompress(shared.subarray(0, packed.length), MiB, wanted);
    expect(found instanceof Uint8Array && Buffer.compare(found, plain) === 0).toBe(true);
  });

  it.each<[string, Uint8Array]>([
    ['a bomb', compress(Buffer.alloc(64 * MiB))],
    ['one byte more than asked for', compress(Buffer.concat([text, Buffer.from('!')]))],
    ['one byte less than asked for', compress(text.subarray(1))],
    ['nothing', new Uint8Array()],
    ['a stream of nothing', compress(new Uint8Array())],
    ['a stream that ends early', compress(text).subarray(0, -1)],
    ['something behind the stream', Buffer.concat([compress(text), Buffer.from([0])])],
    ['two streams', Buffer.concat([compress(text), compress(text)])],
    ['a window larger than a block', compress(text, 22)],
    ['no stream at all', randomBytes(1000)],
    ['plain text', text],
  ])('with %s is broken, and its sender to blame', async (_what, packed) => {
    expect(await new Decompressor().decompress(packed, text.length, wanted)).toBe('broken');
  });

  it('damaged anywhere, or made of chance, gives bytes of the right length or is broken, and nothing else happens', async () => {
    const decompressor = new Decompressor();
    const packed = compress(text);
    await fc.assert(fc.asyncProperty(fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.tuple(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }).map((changes) => {
        const copy = new Uint8Array(packed);
        for (const [at, by] of changes) copy[at] = (copy[at] ?? 0) ^ by;
        return copy;
      }),
    ), async (hostile) => {
      const found = await decompressor.decompress(hostile, text.length, wanted);
      expect(found === 'broken' || (found instanceof Uint8Array && found.length === text.length)).toBe(true);
    }), { numRuns: 100 });
  });

  it('that nobody waits for any more when its turn comes costs nothing, and the next have their turn', async () => {
    const decompressor = new Decompressor();
    const packed = compress(text);
    const all = await Promise.all(Array.from({ length: 9 }, (_, number) => decompressor.decompress(packed, text.length, () => number % 3 !== 2)));
    expect(all.map((found) => (found instanceof Uint8Array ? found.length : found))).toEqual([0, 1, 2].flatMap(() => [text.length, text.length, 'failed']));
  });
});
