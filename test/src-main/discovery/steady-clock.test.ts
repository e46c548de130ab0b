import { expect, it } from 'vitest';
import { createSteadyClock } from '#main/discovery/steady-clock.ts';

it('follows the wall clock forward and never back', () => {
  let [wall, steady] = [1_000_000, 50];
  const clock = createSteadyClock(() => wall, () => steady);
  const pass = (wallMs: number, steadyMs: number): number => {
    wall += wallMs;
    steady += steadyMs;
    return clock();
  };
  expect(clock()).toBe(1_000_000);
  expect(pass(1000, 1000)).toBe(1_001_000);
  expect(pass(3_600_000, 1000)).toBe(4_601_000);
  expect(pass(-7_200_000, 1000)).toBe(4_602_000);
  expect(pass(1000, 1000)).toBe(4_603_000);
});
