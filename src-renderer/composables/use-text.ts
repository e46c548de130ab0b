import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { ErrorInfo } from '#shared/errors.ts';
import { errorTexts } from '#shared/i18n/error-text.ts';
import { formatBytes, formatNumber, formatRate } from '#shared/i18n/format.ts';
import type { UiTextKey } from '#shared/i18n/index.ts';
import { chooseLocale } from '#shared/i18n/locale.ts';
import { day, hour, minute, second } from '#shared/units.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';
import { shownParams } from './shown-params.ts';

export type TextParams = Readonly<Record<string, string | number>>;

/** Everything a component needs to say something: typed keys, numbers, sizes, times and errors in the user's language. */
export function useText() {
  const { t: translate, locale: current } = useI18n({ useScope: 'global' });
  const locale = computed(() => chooseLocale([current.value]));

  /** Dates follow the region the system asks for, as long as it speaks the chosen language. */
  const region = computed(() => navigator.languages.find((wish) => chooseLocale([wish]) === locale.value && wish.startsWith(locale.value)) ?? locale.value);

  /** `params.n` also chooses the plural form. */
  const t = (key: UiTextKey, params: TextParams = {}): string =>
    typeof params['n'] === 'number' ? translate(key, { ...shownParams(params), n: formatNumber(locale.value, params['n']) }, params['n']) : translate(key, shownParams(params));

  const bytes = (size: Bytes): string => formatBytes(locale.value, size);
  const rate = (bytesPerSecond: number): string => formatRate(locale.value, bytesPerSecond);
  const number = (value: number, digits = 0): string => formatNumber(locale.value, value, digits);
  /** As somebody types it: with the decimal mark of the language, and nothing between thousands. */
  const decimal = (value: number, digits: number): string => new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits, useGrouping: false }).format(value);
  const millis = (value: number): string => `${number(value, value < 10 ? 1 : 0)}\u00a0ms`;
  /** What is not done is never 100 %; parts of a whole are rounded, so that they add up. */
  const percent = (share: number, round = Math.floor): string => `${number(round(100 * Math.min(1, Math.max(0, share))))}\u00a0%`;

  /** `25 s`, `33 min`, `2 h 10 min`. */
  function duration(seconds: number): string {
    if (seconds < 60) return `${number(Math.max(1, Math.round(seconds)))} s`;
    if (seconds < 3600) return `${number(Math.round(seconds / 60))} min`;
    if (seconds < 86_400) return `${number(Math.floor(seconds / 3600))} h ${number(Math.floor((seconds % 3600) / 60))} min`;
    return `${number(Math.floor(seconds / 86_400))} d ${number(Math.floor((seconds % 86_400) / 3600))} h`;
  }

  const date = (at: Timestamp): string => new Intl.DateTimeFormat(region.value, { day: '2-digit', month: 'short', year: 'numeric' }).format(at);
  const dateTime = (at: Timestamp): string => new Intl.DateTimeFormat(region.value, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
  const clock = (at: Timestamp): string => new Intl.DateTimeFormat(region.value, { timeStyle: 'short' }).format(at);

  /** `3 minutes ago`; rounds down, so that it never promises more than was. */
  function ago(at: Timestamp, now: Timestamp): string {
    const past = Math.max(0, now - at);
    const relative = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' });
    if (past < minute) return relative.format(-Math.floor(past / second), 'second');
    if (past < hour) return relative.format(-Math.floor(past / minute), 'minute');
    if (past < day) return relative.format(-Math.floor(past / hour), 'hour');
    return relative.format(-Math.floor(past / day), 'day');
  }

  /** What happened, and what to do next. */
  const problem = (info: ErrorInfo): { what: string; next: string } => errorTexts(info, t);

  return { t, locale, bytes, rate, number, decimal, millis, percent, duration, date, dateTime, clock, ago, problem };
}
