import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BufferPool, type PooledBuffer } from '#main/node/swarm/buffer-pool.ts';
import { KiB, MiB } from '#shared/units.ts';

const sizes = fc.oneof(fc.integer({ min: 1, max: 256 * KiB }), fc.integer({ min: 256 * KiB + 1, max: 5 * MiB }));

it('no two buffers that are out overlap, and all are as long as was asked', () => {
  fc.assert(fc.property(fc.array(fc.record({ bytes: sizes, back: fc.nat() }), { maxLength: 60 }), (steps) => {
    const pool = new BufferPool(8 * MiB);
    const out: PooledBuffer[] = [];
    for (const { bytes, back } of steps) {
      const buffer = pool.take(bytes);
      expect(buffer.data.length).toBe(bytes);
      out.push(buffer);
      if (back % 3 === 0) out.splice(back % out.length, 1)[0]?.release();
      for (const [at, one] of out.entries()) {
        for (const other of out.slice(at + 1)) {
          if (one.data.buffer !== other.data.buffer) continue;
          const [low, high] = one.data.byteOffset < other.data.byteOffset ? [one.data, other.data] : [other.data, one.data];
          expect(low.byteOffset + low.length).toBeLessThanOrEqual(high.byteOffset);
        }
      }
    }
  }), { numRuns: 100 });
});

it('what came back is used again: the same memory serves for ever', () => {
  const pool = new BufferPool(4 * MiB);
  const memories = new Set<SharedArrayBuffer>();
  for (let round = 0; round < 50; round++) {
    const buffers = [1 * MiB, 700 * KiB, 10 * KiB, 200 * KiB].map((bytes) => pool.take(bytes));
    for (const { data } of buffers) memories.add(data.buffer);
    for (const buffer of buffers) buffer.release();
  }
  expect(memories.size).toBe(1);
});

it('large buffers begin at multiples of a page, as direct writes want it', () => {
  const pool = new BufferPool(8 * MiB);
  for (const bytes of [1 * MiB, 3 * MiB, 300 * KiB]) expect(pool.take(bytes).data.byteOffset % (4 * KiB)).toBe(0);
});

it('more than it keeps is there all the same', () => {
  const pool = new BufferPool(2 * MiB);
  const buffers = [2 * MiB, 16 * MiB, 1 * MiB].map((bytes) => pool.take(bytes));
  expect(buffers.map(({ data }) => data.length)).toEqual([2 * MiB, 16 * MiB, 1 * MiB]);
});
