import { expect, it } from 'vitest';
import { Activity, type Reading } from '#main/bootstrap/dashboard/activity.ts';
import { limits } from '#shared/limits.ts';

const zero: Reading = { requests: 0, registrations: 0, heartbeats: 0, announcements: 0, searches: 0, errors: 0, failures: 0, refused: 0, relayed: 0, cpu: 0, memory: 0, delay: 0 };

it('shows what was counted between two readings per second, and what was measured as it is', () => {
  const activity = new Activity();
  activity.take(1000, { ...zero, heartbeats: 50, memory: 10 });
  expect(activity.copy()).toMatchObject({ heartbeats: [], memory: [] });
  activity.take(3000, { ...zero, heartbeats: 60, cpu: 0.5, memory: 20, delay: 1.239 });
  activity.take(7000, { ...zero, heartbeats: 61, cpu: 0.5, memory: 15 });
  expect(activity.copy()).toMatchObject({ heartbeats: [5, 0.25], cpu: [0.25, 0], memory: [20, 15], delay: [1.24, 0], searches: [0, 0] });
});

it('keeps the last minutes, and gives a copy that does not change any more', () => {
  const activity = new Activity();
  for (let at = 0; at <= limits.bootstrap.activitySteps + 10; at++) activity.take(at * 1000, { ...zero, searches: at * at });
  const { searches } = activity.copy();
  expect(searches).toHaveLength(limits.bootstrap.activitySteps);
  const last = 2 * (limits.bootstrap.activitySteps + 10) - 1;
  expect(searches.at(-1)).toBe(last);
  expect(activity.recent('searches', 2)).toBe(last - 1);
  activity.take(1e9, zero);
  expect(searches.at(-1)).toBe(last);
});

it('takes no reading for the past, and shows nothing below zero', () => {
  const activity = new Activity();
  activity.take(2000, { ...zero, errors: 5 });
  activity.take(2000, { ...zero, errors: 9 });
  activity.take(3000, { ...zero, errors: 3 });
  expect(activity.copy().errors).toEqual([0]);
  expect(activity.recent('memory', 3)).toBe(0);
});
