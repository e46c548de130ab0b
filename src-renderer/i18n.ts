import { createI18n } from 'vue-i18n';
import { messages } from '#shared/i18n/index.ts';
import { chooseLocale } from '#shared/i18n/locale.ts';
import type { Settings } from '#shared/settings.ts';

/** The UI's translator. Vue-i18n interprets messages, it compiles none to code, so a strict content policy holds. */
export const createTexts = () => createI18n({ legacy: false, locale: chooseLocale(navigator.languages), fallbackLocale: 'en', messages });
export type Texts = ReturnType<typeof createTexts>;

/** Follows the language setting; `system` means what the browser or desktop asks for. */
export function setLanguage(texts: Texts, language: Settings['language']): void {
  const locale = chooseLocale(language === 'system' ? navigator.languages : [language]);
  texts.global.locale.value = locale;
  document.documentElement.lang = locale;
}
