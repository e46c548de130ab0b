import { describe, expect, test } from 'vitest';
import { RateEstimator } from '#main/core/swarm/rate-estimator.ts';

const windowMs = 20_000;

/** Feeds `bytes` every `everyMs` for `ms`, and looks at the rate every `lookMs`. */
function fed({ bytes, everyMs, ms, lookMs }: { bytes: number; everyMs: number; ms: number; lookMs: number }): RateEstimator {
  const rate = new RateEstimator(windowMs);
  for (let now = 0; now <= ms; now++) {
    if (now % everyMs === 0) rate.add(now, bytes);
    if (now % lookMs === 0) rate.rate(now);
  }
  return rate;
}

describe('the rate', () => {
  test.each([
    { bytes: 100, everyMs: 1 },
    { bytes: 16_384, everyMs: 1310 },
    { bytes: 1_048_576, everyMs: 2 },
  ])('comes near what is delivered steadily: $bytes bytes every $everyMs ms', ({ bytes, everyMs }) => {
    const rate = fed({ bytes, everyMs, ms: 10 * windowMs, lookMs: 1 });
    const steady = (bytes / everyMs) * 1000;
    expect(Math.abs(rate.rate(10 * windowMs) - steady)).toBeLessThan(0.04 * steady + 1);
  });

  test('is the same however often somebody looks', () => {
    const seldom = fed({ bytes: 5000, everyMs: 97, ms: 30_000, lookMs: 30_000 });
    const often = fed({ bytes: 5000, everyMs: 97, ms: 30_000, lookMs: 1 });
    for (let now = 30_000; now < 30_000 + 20 * windowMs; now += 701) expect(often.rate(now)).toBe(seldom.rate(now));
  });

  test('is nothing before the first byte, counts from the first one, and is nothing again long after the last', () => {
    const rate = new RateEstimator(windowMs);
    expect(rate.rate(5000)).toBe(0);
    rate.add(5000, 100_000);
    expect(rate.rate(5000)).toBe(50_000);
    expect(rate.rate(5000 + windowMs)).toBeGreaterThan(0);
    expect(rate.rate(5000 + 13 * windowMs)).toBe(0);
    rate.add(5000 + 13 * windowMs, 100_000);
    expect(rate.rate(5000 + 13 * windowMs)).toBe(50_000);
  });
});
