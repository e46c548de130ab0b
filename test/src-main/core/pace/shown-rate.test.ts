import { expect, it } from 'vitest';
import { ShownRate } from '#main/core/pace/shown-rate.ts';
import { MiB, minute, second } from '#shared/units.ts';

/** What somebody sees who looks four times a second, from `fromMs` on, while `bytes` come every `everyMs`. */
function seen({ bytes, everyMs, fromMs, ms }: { bytes: number; everyMs: number; fromMs: number; ms: number }): number[] {
  const shown = new ShownRate();
  const rates: number[] = [];
  let nextAt = everyMs;
  for (let now = 0; now <= ms; now += 1) {
    while (nextAt <= now) {
      shown.add(now, bytes);
      nextAt += everyMs;
    }
    if (now >= fromMs && now % 250 === 0) rates.push(shown.rate(now));
  }
  return rates;
}

it.each([
  { line: 'a fast line', bytes: MiB, everyMs: 2.5, fromMs: 5 * second, ms: 20 * second },
  { line: 'a piece a second', bytes: MiB, everyMs: second, fromMs: 5 * second, ms: minute },
  { line: 'a piece in ten seconds', bytes: MiB, everyMs: 10 * second, fromMs: 21 * second, ms: 3 * minute },
  { line: 'a piece in two minutes', bytes: MiB, everyMs: 2 * minute, fromMs: 4 * minute + second, ms: 15 * minute },
])('$line is seen as what it is, and does not flicker', ({ bytes, everyMs, fromMs, ms }) => {
  const rate = (1000 * bytes) / everyMs;
  for (const shown of seen({ bytes, everyMs, fromMs, ms })) expect(Math.abs(shown - rate)).toBeLessThan(0.05 * rate);
});

it('is nothing before the first byte, falls when the next one is late, and is nothing when none comes', () => {
  const shown = new ShownRate();
  expect(shown.rate(5 * second)).toBe(0);
  for (let at = second; at <= 9 * second; at += second) shown.add(at, MiB);
  expect([9, 10, 12, 19, 20].map((at) => Math.round(shown.rate(at * second) / MiB * 100) / 100)).toEqual([1, 1, 0.67, 0.31, 0]);
  shown.add(minute, MiB);
  // Somebody else has the line, perhaps: one piece says nothing for long.
  expect([minute + second, minute + 11 * second].map((at) => shown.rate(at))).toEqual([Math.ceil(MiB / 3), 0]);
  shown.add(minute + 12 * second, 12 * MiB);
  expect(shown.rate(minute + 12 * second)).toBe(MiB);
});
