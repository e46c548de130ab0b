import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { day, hour, minute } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import type { Translate } from '../api/translate.ts';

const factors: Readonly<Record<string, number>> = { m: minute, min: minute, h: hour, d: day };

/** A time as people type it, milliseconds: `90m`, `3h`, `2d`; `off` is null. Throws `bad-argument` that names the option. */
export function durationOption(t: Translate, option: string, text: string): Millis | null {
  if (text.trim().toLowerCase() === 'off') return null;
  const [, digits = '', unit = ''] = /^\s*(\d{1,6}(?:[.,]\d{1,3})?)\s*(m|min|h|d)\s*$/i.exec(text) ?? [];
  const ms = Math.round(Number(digits.replace(',', '.')) * (factors[unit.toLowerCase()] ?? 0));
  if (!(ms >= minute) || ms > limits.rooms.lastsMs) throw new AppError('bad-argument', { name: option, detail: t('cli.room.badDuration', { text }) });
  return ms;
}
