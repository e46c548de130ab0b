import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '#main/core/rate/token-bucket.ts';

test('five at once, then one every two seconds', () => {
  const bucket = new TokenBucket(0.5, 5, 0);
  expect([1, 2, 3, 4, 5, 6].map(() => bucket.take(0))).toEqual([true, true, true, true, true, false]);
  expect(bucket.waitMs(0)).toBe(2000);
  expect(bucket.take(1999)).toBe(false);
  expect(bucket.take(2000)).toBe(true);
  expect(bucket.take(2000)).toBe(false);
});

test('a debt is paid back before anything else is given', () => {
  const bucket = new TokenBucket(1000, 1000, 0);
  bucket.charge(0, 3000);
  expect(bucket.available(0)).toBe(-2000);
  expect(bucket.waitMs(0, 1)).toBeCloseTo(2001);
  expect(bucket.take(2000)).toBe(false);
  expect(bucket.take(2001)).toBe(true);
});

test('a changed rate holds at once and a clock that jumps back takes nothing away', () => {
  const bucket = new TokenBucket(1, 10, 5000);
  bucket.setRate(5000, 100, 2);
  expect(bucket.available(1000)).toBe(2);
  bucket.charge(5000, 2);
  expect(bucket.available(5010)).toBeCloseTo(1);
});

test('never gives more than burst plus rate times time', () => {
  fc.assert(fc.property(fc.array(fc.record({ wait: fc.nat(500), amount: fc.integer({ min: 1, max: 20 }) }), { maxLength: 60 }), (steps) => {
    const bucket = new TokenBucket(10, 20, 0);
    let now = 0;
    let taken = 0;
    for (const { wait, amount } of steps) {
      now += wait;
      if (bucket.take(now, amount)) taken += amount;
      expect(taken).toBeLessThanOrEqual(20 + now / 100 + 1e-6);
    }
  }));
});
