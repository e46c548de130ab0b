import * as z from 'zod';

/** In the order of the week, Monday first. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** `HH:MM` on a clock of 24 hours. */
export const timeOfDaySchema = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/);

/** When the alternative limits are used, by the clock on the wall. A time that begins on a chosen day may end on the next one. */
export const scheduleSchema = z.object({
  on: z.boolean(),
  days: z.array(z.enum(weekdays)).max(weekdays.length),
  from: timeOfDaySchema,
  /** Not after `from`: on the next day; the same as `from`: a whole day later. */
  to: timeOfDaySchema,
});
export type Schedule = z.infer<typeof scheduleSchema>;
