import type { Locale } from './locale.ts';
import type { Bytes } from '../units.ts';

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const formatters = new Map<string, Intl.NumberFormat>();

function formatter(locale: Locale, digits: number): Intl.NumberFormat {
  const key = `${locale}${digits}`;
  const known = formatters.get(key) ?? new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formatters.set(key, known);
  return known;
}

/** Number and unit apart, so that a face can set them in different type. Decimal units, three significant digits. */
function sizeParts(locale: Locale, bytes: Bytes): { number: string; unit: string } {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.5 kB would be written "1000 kB": step up before rounding does.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return { number: formatter(locale, digits).format(value), unit: sizeUnits[unit] ?? 'B' };
}

/** `1.87 GB`, `1,87 GB`; the space does not break. */
export const formatBytes = (locale: Locale, bytes: Bytes): string => {
  const { number, unit } = sizeParts(locale, bytes);
  return `${number}\u00a0${unit}`;
};

/** Bytes per second: `280 MB/s`. */
export const formatRate = (locale: Locale, bytesPerSecond: number): string => `${formatBytes(locale, bytesPerSecond)}/s`;

export const formatNumber = (locale: Locale, value: number, digits = 0): string => formatter(locale, digits).format(value);

/** `45 s`, `3 min`, `2 h 10 min`, `1 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
