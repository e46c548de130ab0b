import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodePace, encodePace, plainOnly } from '#shared/protocol/pace.ts';

it('a pace comes back within a step, never as "plain only"', () => {
  fc.assert(fc.property(fc.double({ min: 2, max: 3e9, noNaN: true }), (rate) => {
    const pace = encodePace(rate);
    expect(pace).not.toBe(plainOnly);
    expect(Math.abs(Math.log2((decodePace(pace) ?? 0) / rate))).toBeLessThanOrEqual(1 / 16 + 1e-9);
  }));
});

it('what is slower or faster than it can say is said as the slowest and the fastest, and not knowing is told apart', () => {
  expect([encodePace(0), encodePace(1e15), encodePace(null)]).toEqual([1, 254, 255]);
  expect([decodePace(plainOnly), decodePace(255)]).toEqual([null, null]);
});
