import { AppError } from '#shared/errors.ts';
import type { RateLimit } from '#shared/model/limit.ts';
import type { Translate } from '../api/translate.ts';

const least = 1024;
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, ki: 1024, m: 1e6, mi: 1024 ** 2, g: 1e9, gi: 1024 ** 3 };

/** A speed as people type it, bytes/s: `off`, `500000`, `500k`, `1.5MB`, `2 MiB/s`. Null when it is none or below 1024 bytes/s. */
function rateFrom(text: string): RateLimit | null {
  if (text.trim().toLowerCase() === 'off') return 'off';
  const [, digits = '', prefix = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([kmg]i?)?b?(?:\/s)?\s*$/i.exec(text) ?? [];
  if (digits === '') return null;
  const rate = Math.round(Number(digits.replace(',', '.')) * (factors[prefix.toLowerCase()] ?? 1));
  return rate >= least && Number.isSafeInteger(rate) ? rate : null;
}

/** Throws `bad-argument` that names the option and says what a speed looks like. */
export function rateOption(t: Translate, option: string, text: string): RateLimit {
  const rate = rateFrom(text);
  if (rate === null) throw new AppError('bad-argument', { name: option, detail: t('cli.limits.badRate', { text }) });
  return rate;
}
