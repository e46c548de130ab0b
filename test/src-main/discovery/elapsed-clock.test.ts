import { expect, it } from 'vitest';
import { createElapsedClock } from '#main/discovery/elapsed-clock.ts';
import { hour } from '#shared/units.ts';

it('counts what passes while the machine is awake, and while it sleeps, and never goes back', () => {
  let [awake, machine] = [50, 7_000_000];
  const clock = createElapsedClock(() => awake, () => Math.floor(machine / 1000) * 1000);
  const pass = (awakeMs: number, asleepMs = 0): number => {
    awake += awakeMs;
    machine += awakeMs + asleepMs;
    return clock();
  };
  expect(clock()).toBe(50);
  expect(pass(900)).toBe(950);
  expect(pass(900)).toBe(1850);
  const before = pass(1000, hour);
  expect(Math.abs(before - (2850 + hour))).toBeLessThanOrEqual(1000);
  expect(pass(1500)).toBe(before + 1500);
  let last = before;
  for (let step = 0; step < 1000; step++) {
    const now = pass(333);
    expect(now - last).toBe(step === 0 ? 1833 : 333);
    last = now;
  }
});
