import { computed } from 'vue';
import { createI18n, useI18n } from 'vue-i18n';
import { dashboardEn } from '#shared/i18n/dashboard.en.ts';
import { dashboardEs } from '#shared/i18n/dashboard.es.ts';
import { formatBytes, formatNumber } from '#shared/i18n/format.ts';
import { chooseLocale, locales } from '#shared/i18n/locale.ts';
import type { MessageKey } from '#shared/i18n/same-shape.ts';
import { shownParams } from '../composables/shown-params.ts';

const storageKey = 'distrishare-dashboard-language';
const messages = { en: { dashboard: dashboardEn }, es: { dashboard: dashboardEs } } as const;
export type DashboardTextKey = MessageKey<(typeof messages)['en']>;

/** The language that was chosen here last, or what the browser asks for. */
export function createDashboardTexts() {
  const locale = chooseLocale([localStorage.getItem(storageKey) ?? undefined, ...navigator.languages]);
  document.documentElement.lang = locale;
  return createI18n({ legacy: false, locale, fallbackLocale: 'en', messages });
}

/** Texts, numbers, sizes and times in the chosen language. */
export function useDashboardText() {
  const { t: translate, locale: current } = useI18n({ useScope: 'global' });
  const locale = computed(() => chooseLocale([current.value]));

  /** `params.n` also chooses the plural form. */
  const t = (key: DashboardTextKey, params: Readonly<Record<string, string | number>> = {}): string =>
    typeof params['n'] === 'number' ? translate(key, { ...shownParams(params), n: formatNumber(locale.value, params['n']) }, params['n']) : translate(key, shownParams(params));
  const number = (value: number, digits = 0): string => formatNumber(locale.value, value, digits);
  const bytes = (value: number): string => formatBytes(locale.value, value);
  const percent = (share: number): string => `${number(100 * share, share < 0.1 && share > 0 ? 1 : 0)}\u00a0%`;
  /** Two digits that say something: `0.3/s`, `12/s`. */
  const rate = (perSecond: number): string => t('dashboard.charts.perSecond', { n: number(perSecond, perSecond === 0 || perSecond >= 9.95 ? 0 : 1) });
  const millis = (value: number): string => `${number(value, value > 0 && value < 10 ? 1 : 0)}\u00a0ms`;

  /** `25 s`, `33 min`, `2 h 10 min`, `12 d 4 h`. */
  function duration(ms: number): string {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 60) return `${number(seconds)} s`;
    if (seconds < 3600) return `${number(Math.floor(seconds / 60))} min`;
    if (seconds < 86_400) return `${number(Math.floor(seconds / 3600))} h ${number(Math.floor((seconds % 3600) / 60))} min`;
    return `${number(Math.floor(seconds / 86_400))} d ${number(Math.floor((seconds % 86_400) / 3600))} h`;
  }

  const ago = (ms: number): string => {
    const relative = new Intl.RelativeTimeFormat(locale.value, { numeric: 'always', style: 'short' });
    return ms < 60_000 ? relative.format(-Math.floor(ms / 1000), 'second') : relative.format(-Math.floor(ms / 60_000), 'minute');
  };
  /** When a device was heard of; null: by another server, and this one does not know when. */
  const heard = (msAgo: number | null): string => (msAgo === null ? t('dashboard.device.elsewhere') : ago(msAgo));
  const clock = (at: number): string => new Intl.DateTimeFormat(locale.value, { timeStyle: 'medium' }).format(at);

  function switchLanguage(): void {
    const next = locales.find((each) => each !== locale.value) ?? 'en';
    current.value = next;
    document.documentElement.lang = next;
    localStorage.setItem(storageKey, next);
  }

  return { t, number, bytes, percent, rate, millis, duration, ago, heard, clock, switchLanguage };
}
