import { expect, it } from 'vitest';
import { ArrivalPace } from '#main/core/compression/arrival-pace.ts';

/** Blocks of 1,000 bytes, one after the other, each after `eachMs`; `restMs` without a request in between. */
function deliver(pace: ArrivalPace, from: number, count: number, eachMs: number, restMs = 0): number {
  let now = from;
  for (let block = 0; block < count; block++) {
    pace.asked(now);
    now += eachMs;
    pace.ended(now, 1000);
    now += restMs;
  }
  return now;
}

it('says nothing before half a second was waited', () => {
  const pace = new ArrivalPace();
  deliver(pace, 0, 49, 10);
  expect(pace.bytesPerSecond).toBeNull();
  deliver(pace, 490, 1, 10);
  expect(pace.bytesPerSecond).toBeCloseTo(100_000);
});

it('counts only the time in which something was asked for', () => {
  const pace = new ArrivalPace();
  deliver(pace, 0, 100, 10, 90);
  expect(pace.bytesPerSecond).toBeCloseTo(100_000);
});

it('counts the time once when several requests are open', () => {
  const pace = new ArrivalPace();
  for (let block = 0; block < 1000; block++) pace.asked(0);
  for (let block = 1; block <= 1000; block++) pace.ended(block, 1000);
  expect(pace.bytesPerSecond).toBeCloseTo(1e6);
});

it('follows a line that becomes ten times as slow, and back', () => {
  const pace = new ArrivalPace();
  let now = deliver(pace, 0, 5000, 1);
  expect(pace.bytesPerSecond).toBeCloseTo(1e6);
  now = deliver(pace, now, 600, 10);
  expect(pace.bytesPerSecond).toBeLessThan(2e5);
  deliver(pace, now, 6000, 1);
  expect(pace.bytesPerSecond).toBeGreaterThan(8e5);
});

it('what never came counts as waited for', () => {
  const pace = new ArrivalPace();
  pace.asked(0);
  pace.ended(1000, 0);
  expect(pace.bytesPerSecond).toBe(0);
});
