export const locales = ['en', 'es'] as const;
export type Locale = (typeof locales)[number];
const isLocale = (text: string): text is Locale => (locales as readonly string[]).includes(text);

/** The language that `es`, `es-MX` or `es_ES.UTF-8` means; undefined when it is none of ours. */
export function localeIn(wish: string): Locale | undefined {
  const language = wish.toLowerCase().split(/[-_.@]/)[0];
  return language !== undefined && isLocale(language) ? language : undefined;
}

/**
 * The first of these wishes that names a language we have; English when none does. Takes what people and systems write:
 * `es`, `es-MX`, `es_ES.UTF-8`, `en`; `system`, `C` and empty ones are skipped.
 */
export function chooseLocale(wishes: Iterable<string | undefined>): Locale {
  for (const wish of wishes) {
    const locale = wish === undefined ? undefined : localeIn(wish);
    if (locale !== undefined) return locale;
  }
  return 'en';
}

/** What POSIX says about the language of messages, strongest first. */
export const localeWishes = (env: Readonly<Record<string, string | undefined>>): (string | undefined)[] => [
  // An empty variable counts as not set.
  [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value !== undefined && value !== ''),
];
