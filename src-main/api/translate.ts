import { compile, createCoreContext, registerMessageCompiler, registerMessageResolver, resolveValue, translate as intlifyTranslate } from '@intlify/core-base';
import type { ErrorInfo } from '#shared/errors.ts';
import { catalogue } from '#shared/i18n/catalogue.ts';
import type { TextKey } from '#shared/i18n/catalogue.ts';
import { errorTexts } from '#shared/i18n/error-text.ts';
import type { Locale } from '#shared/i18n/locale.ts';

registerMessageCompiler(compile);
registerMessageResolver(resolveValue);

const context = createCoreContext({ locale: 'en', fallbackLocale: 'en', messages: catalogue });

export type TextParams = Readonly<Record<string, string | number>>;

/** A text of the catalogue. `params.n` also chooses the plural form. */
export function translate(locale: Locale, key: TextKey, params: TextParams = {}): string {
  const { n } = params;
  const options = { locale, ...(typeof n === 'number' ? { plural: n } : {}) };
  const text = intlifyTranslate(context, key, { ...params }, options);
  return typeof text === 'string' ? text : key;
}

/** `translate` bound to one language: what a face passes around. */
export type Translate = (key: TextKey, params?: TextParams) => string;
export const translator = (locale: Locale): Translate => (key, params) => translate(locale, key, params);

/** What happened and what to do next, for a person. */
export const errorSentences = (locale: Locale, info: ErrorInfo): { what: string; next: string } => errorTexts(info, translator(locale));
