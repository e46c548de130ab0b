import { weekdays, type Schedule } from '#shared/model/schedule.ts';

/** What a clock on the wall shows. */
export interface WallClock {
  /** 0 is Monday. */
  readonly weekday: number;
  /** Minutes since midnight, 0 … 1439. */
  readonly minute: number;
}

const dayMinutes = 24 * 60;
const week = weekdays.length;

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** Whether a schedule's time has begun on some day and not ended. */
export function isScheduled({ on, days, from, to }: Schedule, { weekday, minute }: WallClock): boolean {
  if (!on) return false;
  const begins = minutesOf(from);
  const lasts = (minutesOf(to) - begins + dayMinutes) % dayMinutes || dayMinutes;
  const isChosen = (day: number): boolean => days.some((name) => weekdays.indexOf(name) === (day + week) % week);
  const sinceToday = minute - begins;
  const sinceYesterday = sinceToday + dayMinutes;
  return (isChosen(weekday) && sinceToday >= 0 && sinceToday < lasts) || (isChosen(weekday - 1) && sinceYesterday < lasts);
}

/** Minutes on the wall until `isScheduled` changes; null when it never does. */
export function minutesToChange(schedule: Schedule, { weekday, minute }: WallClock): number | null {
  const now = isScheduled(schedule, { weekday, minute });
  for (let day = 0; day <= week; day++) {
    for (const at of [minutesOf(schedule.from), minutesOf(schedule.to)].toSorted((a, b) => a - b)) {
      const after = day * dayMinutes + at - minute;
      if (after > 0 && isScheduled(schedule, { weekday: (weekday + day) % week, minute: at }) !== now) return after;
    }
  }
  return null;
}
