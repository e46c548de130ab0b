import { limits } from '#shared/limits.ts';
import { day, hour } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';

export const endChoices = ['never', 'hours', 'night', 'days', 'own'] as const;
export type EndChoice = (typeof endChoices)[number];

/** What a person says about the end of a room. `own`: a local date and time as such a field writes them, `2026-05-12T22:00`. */
export interface EndWish {
  readonly choice: EndChoice;
  readonly own: string;
}

/** A party that goes past midnight is still tonight's. */
const nightEndsAtHour = 4;

function tonight(now: Timestamp): Timestamp {
  const end = new Date(now);
  end.setHours(nightEndsAtHour, 0, 0, 0);
  // At three in the morning a night that ends at four is over: the next one is meant.
  if (end.getTime() - now < hour) end.setDate(end.getDate() + 1);
  return end.getTime();
}

/** When the room then ends; null: never; undefined: the time chosen is none, has passed, or is too far away. */
export function endOf({ choice, own }: EndWish, now: Timestamp): Timestamp | null | undefined {
  switch (choice) {
    case 'never': return null;
    case 'hours': return now + 3 * hour;
    case 'night': return tonight(now);
    case 'days': return now + 3 * day;
    case 'own': {
      const at = new Date(own).getTime();
      return at > now && at - now <= limits.rooms.lastsMs ? at : undefined;
    }
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

/** As a field for a local date and time wants it. */
export function localTime(at: Timestamp): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
