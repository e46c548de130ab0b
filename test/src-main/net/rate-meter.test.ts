import { expect, it } from 'vitest';
import { RateMeter } from '#main/net/rate-meter.ts';

it('tells the rate of the last seconds, however often it is asked', () => {
  for (const everyMs of [10, 100, 1000]) {
    const meter = new RateMeter(0);
    let rate = 0;
    for (let now = 0; now <= 20_000; now += everyMs) rate = meter.read(now, now < 10_000 ? 5 * now : 50_000 + 20 * (now - 10_000));
    expect(rate).toBeCloseTo(20_000, 0);
  }
});

it('falls to nothing within seconds when nothing moves any more', () => {
  const meter = new RateMeter(0);
  for (let now = 0; now <= 5000; now += 500) meter.read(now, now);
  for (let now = 5500; now <= 9000; now += 500) meter.read(now, 5000);
  expect(meter.read(9500, 5000)).toBe(0);
});

it('says nothing before there is anything to compare', () => {
  expect(new RateMeter(1000).read(1000, 7)).toBe(0);
});
