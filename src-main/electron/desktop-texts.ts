import { chooseLocale } from '#shared/i18n/locale.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { desktopEn } from '#shared/i18n/desktop.en.ts';
import { desktopEs } from '#shared/i18n/desktop.es.ts';
import type { SameShape } from '#shared/i18n/same-shape.ts';
import type { Settings } from '#shared/settings.ts';

export const desktopTexts: Readonly<Record<Locale, SameShape<typeof desktopEn>>> = { en: desktopEn, es: desktopEs };

/** The language of the shell: what the settings say, else the system's. */
export const shellLocale = (wanted: Settings['language'], system: readonly string[]): Locale => chooseLocale(wanted === 'system' ? system : [wanted]);
