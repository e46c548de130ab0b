import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InvitingTime } from '#main/node/rooms/inviting-time.ts';
import { hour, minute } from '#shared/units.ts';

beforeEach(() => { vi.useFakeTimers({ now: 0 }); });
afterEach(() => { vi.useRealTimers(); });

it('lasts an hour from the last invitation on, and says once that it is over', () => {
  const over = vi.fn();
  const time = new InvitingTime(() => Date.now(), over);
  expect(time.lasts).toBe(false);
  time.begin();
  vi.advanceTimersByTime(50 * minute);
  time.begin();
  vi.advanceTimersByTime(1 * hour - 1);
  expect(time.lasts).toBe(true);
  expect(over).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(time.lasts).toBe(false);
  vi.advanceTimersByTime(3 * hour);
  expect(over).toHaveBeenCalledOnce();
});

it('is over after an hour of sleep, whenever the timer comes', () => {
  let slept = 0;
  const time = new InvitingTime(() => Date.now() + slept, () => {});
  time.begin();
  slept = 1 * hour;
  expect(time.lasts).toBe(false);
});

it('says nothing any more once it is closed', () => {
  const over = vi.fn();
  const time = new InvitingTime(() => Date.now(), over);
  time.begin();
  time.close();
  vi.advanceTimersByTime(2 * hour);
  expect(over).not.toHaveBeenCalled();
});
