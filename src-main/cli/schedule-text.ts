import { AppError } from '#shared/errors.ts';
import { timeOfDaySchema, weekdays, type Schedule, type Weekday } from '#shared/model/schedule.ts';
import type { Translate } from '../api/translate.ts';

const isDay = (text: string): text is Weekday => weekdays.some((day) => day === text);

/** `mon-fri`, `sat,sun`, `fri-mon`, `daily`. Null when it is none of them. */
function daysFrom(text: string): Weekday[] | null {
  if (text === 'daily') return [...weekdays];
  const chosen = new Set<Weekday>();
  for (const part of text.split(',')) {
    const [first = '', last = first, more] = part.split('-');
    if (!isDay(first) || !isDay(last) || more !== undefined) return null;
    const begin = weekdays.indexOf(first);
    const count = ((weekdays.indexOf(last) - begin + weekdays.length) % weekdays.length) + 1;
    for (let at = begin; at < begin + count; at++) chosen.add(weekdays[at % weekdays.length] ?? first);
  }
  return weekdays.filter((day) => chosen.has(day));
}

function timeFrom(text: string): string | null {
  const padded = /^\d:/.test(text) ? `0${text}` : text === '24:00' ? '00:00' : text;
  return timeOfDaySchema.safeParse(padded).success ? padded : null;
}

/** A schedule as it is typed: `mon-fri 08:00-20:00`; `on` and `off` switch the one there is. Null when it is none. */
function scheduleFrom(text: string, present: Schedule): Schedule | null {
  const words = text.trim().toLowerCase();
  if (words === 'on' || words === 'off') return { ...present, on: words === 'on' };
  const [, dayText = '', fromText = '', toText = ''] = /^(\S+)\s+([\d:]+)\s*-\s*([\d:]+)$/.exec(words) ?? [];
  const [days, from, to] = [daysFrom(dayText), timeFrom(fromText), timeFrom(toText)];
  return days === null || from === null || to === null ? null : { on: true, days, from, to };
}

/** Throws `bad-argument` that names the option and says what a schedule looks like. */
export function scheduleOption(t: Translate, option: string, text: string, present: Schedule): Schedule {
  const schedule = scheduleFrom(text, present);
  if (schedule === null) throw new AppError('bad-argument', { name: option, detail: t('cli.limits.badSchedule', { text }) });
  return schedule;
}

/** As it can be typed again; `off` behind it when it is switched off. */
export const scheduleText = ({ on, days, from, to }: Schedule): string =>
  `${days.length === weekdays.length ? 'daily' : days.join(',') || '-'} ${from}-${to}${on ? '' : ' (off)'}`;
