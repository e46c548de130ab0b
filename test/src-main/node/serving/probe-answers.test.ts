import { expect, it } from 'vitest';
import { ProbeAnswers } from '#main/node/serving/probe-answers.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { minute, second } from '#shared/units.ts';

const [greedy, other] = [1, 2].map((digit) => deviceIdOf(new Uint8Array(32).fill(digit))) as [ReturnType<typeof deviceIdOf>, ReturnType<typeof deviceIdOf>];

it('gives what is asked for, and nobody more than a little of it, whatever others ask', () => {
  let now = 0;
  const answers = new ProbeAnswers(() => now);
  const { bytes, bytesPerSecond, burstBytes } = limits.probe;
  let given = 0;
  // Somebody who asks ten times a second for a minute.
  for (; now < minute; now += second / 10) {
    try {
      given += answers.answer(greedy, bytes).padding.length;
    } catch (error) {
      expect(error).toMatchObject({ code: 'rate-limited' });
    }
  }
  expect(given).toBeGreaterThan(burstBytes);
  expect(given).toBeLessThanOrEqual(burstBytes + 60 * bytesPerSecond);
  expect(answers.answer(other, bytes).padding).toHaveLength(bytes);
  expect(answers.answer(other, 0).padding).toBe('');
});
