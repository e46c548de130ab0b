import { expect, it } from 'vitest';
import { RoundTrip } from '#main/core/link/round-trip.ts';
import { second } from '#shared/units.ts';

/** One ping every 15 s, as on a link that says nothing. */
function smoothedAfter(...samples: readonly number[]): number | null {
  const trip = new RoundTrip();
  samples.forEach((ms, at) => {
    const now = at * 15 * second;
    trip.answered(now + ms, trip.sent(now));
  });
  return trip.smoothedMs;
}

it('a first ping that met a busy program is forgotten within a minute', () => {
  expect(smoothedAfter(40, 1, 1, 1, 1)).toBeLessThan(4);
});

it('a ping that takes longer once says little, and one that always does is believed', () => {
  expect(smoothedAfter(1, 41)).toBe(6);
  expect(smoothedAfter(1, ...Array<number>(30).fill(41))).toBeGreaterThan(40);
});
