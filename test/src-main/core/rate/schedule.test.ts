import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weekdays, type Schedule } from '#shared/model/schedule.ts';
import { isScheduled, minutesToChange, type WallClock } from '#main/core/rate/schedule.ts';

const at = (text: string): WallClock => {
  const [day = '', hours = 0, minutes = 0] = text.split(/[ :]/);
  return { weekday: weekdays.findIndex((name) => name === day), minute: Number(hours) * 60 + Number(minutes) };
};
const workdays: Schedule = { on: true, days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '20:00' };
const nights: Schedule = { on: true, days: ['fri', 'sun'], from: '22:30', to: '06:15' };

it.each([
  ['mon 07:59', workdays, false], ['mon 08:00', workdays, true], ['fri 19:59', workdays, true], ['fri 20:00', workdays, false], ['sat 12:00', workdays, false],
  ['fri 22:29', nights, false], ['fri 22:30', nights, true], ['sat 00:00', nights, true], ['sat 06:14', nights, true], ['sat 06:15', nights, false], ['sat 23:00', nights, false],
  ['mon 03:00', nights, true], ['tue 03:00', nights, false],
  ['mon 09:00', { ...workdays, on: false }, false], ['mon 09:00', { ...workdays, days: [] }, false],
  // The same time twice: a whole day.
  ['wed 10:00', { ...workdays, days: ['wed'], from: '10:00', to: '10:00' }, true], ['thu 09:59', { ...workdays, days: ['wed'], from: '10:00', to: '10:00' }, true], ['thu 10:00', { ...workdays, days: ['wed'], from: '10:00', to: '10:00' }, false],
] satisfies [string, Schedule, boolean][])('%s', (when, schedule, scheduled) => {
  expect(isScheduled(schedule, at(when))).toBe(scheduled);
});

describe('the next change', () => {
  it.each([
    ['mon 07:59', workdays, 1], ['mon 08:00', workdays, 12 * 60], ['fri 20:00', workdays, (2 * 24 + 12) * 60], ['fri 23:00', nights, 7 * 60 + 15], ['mon 07:00', nights, (4 * 24 + 15) * 60 + 30],
    ['wed 10:00', { ...workdays, days: [...weekdays], from: '10:00', to: '10:00' }, null], ['wed 10:00', { ...workdays, on: false }, null], ['wed 10:00', { ...workdays, days: [] }, null],
  ] satisfies [string, Schedule, number | null][])('%s', (when, schedule, minutes) => {
    expect(minutesToChange(schedule, at(when))).toBe(minutes);
  });

  it('is the first minute that is not like this one', () => {
    const time = fc.integer({ min: 0, max: 1439 }).map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
    const schedules = fc.record({ on: fc.constant(true), days: fc.subarray([...weekdays]), from: time, to: time });
    fc.assert(fc.property(schedules, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 1439 }), (schedule, weekday, minute) => {
      const after = (minutes: number): boolean => isScheduled(schedule, { weekday: (weekday + Math.floor((minute + minutes) / 1440)) % 7, minute: (minute + minutes) % 1440 });
      let first: number | null = null;
      for (let minutes = 1; minutes <= 7 * 1440 && first === null; minutes++) if (after(minutes) !== after(0)) first = minutes;
      expect(minutesToChange(schedule, { weekday, minute })).toBe(first);
    }), { numRuns: 12 });
  });
});
