import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { errorCodes } from '#shared/errors.ts';
import { catalogue } from '#shared/i18n/catalogue.ts';
import type { TextKey } from '#shared/i18n/catalogue.ts';
import { messages } from '#shared/i18n/index.ts';
import { chooseLocale, locales, localeWishes } from '#shared/i18n/locale.ts';
import { badArgument } from '#shared/value-problem.ts';
import { errorSentences, translate } from '#main/api/translate.ts';

function texts(tree: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else if (typeof value === 'object' && value !== null) for (const [below, text] of texts(value, `${prefix}${key}.`)) found.set(below, text);
  }
  return found;
}
const placeholders = (text: string): string[] => [...new Set(Array.from(text.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? ''))].sort();
const en = texts(messages.en);
const es = texts(messages.es);

describe('catalogue', () => {
  it('has the same keys in both languages', () => {
    expect([...es.keys()].sort()).toEqual([...en.keys()].sort());
  });

  it('has the same placeholders and number of plural forms, and no text missing', () => {
    const shape = (text: string) => ({ placeholders: placeholders(text), forms: text.split(' | ').length, empty: text.trim() === '' });
    const shapes = (of: Map<string, string>) => Object.fromEntries([...of].map(([key, text]) => [key, shape(text)]));
    expect(shapes(es)).toEqual(shapes(en));
  });

  it('compiles every text of the catalogue', () => {
    for (const locale of locales) {
      for (const [key, text] of texts(catalogue[locale])) {
        const params = Object.fromEntries(placeholders(text).map((name) => [name, name === 'n' ? 7 : `<${name}>`]));
        const shown = translate(locale, key as TextKey, params);
        for (const name of placeholders(text.split(' | ').at(-1) ?? '')) expect(shown).toContain(String(params[name]));
        expect(shown).not.toMatch(/[{}|]|^error\./);
      }
    }
  });

  it('has both sentences for every error, without and with names', () => {
    for (const locale of locales) {
      for (const code of errorCodes) {
        const { what, next } = errorSentences(locale, { code });
        expect(what).toMatch(/^[\p{Lu}«“¿].*[.:]$/u);
        expect(next).toMatch(/\.$/);
        expect(what + next).not.toMatch(/[{}!]|oops|\b(peer|node|client|nodo)\b/i);
      }
    }
  });
});

describe('error sentences', () => {
  it('use names when the error carries them all', () => {
    expect(errorSentences('en', { code: 'file-missing', params: { path: '/a/b.txt' } }).what).toBe('“/a/b.txt” is not there.');
    expect(errorSentences('en', { code: 'file-missing', params: {} }).what).toBe('The file is not there.');
    expect(errorSentences('es', { code: 'file-missing', params: { path: '' } }).what).toBe('El archivo no está.');
  });

  it('call an argument of a call by its word in the language, and not at all when it has none; what the user wrote stays', () => {
    const refused = badArgument(z.object({ name: z.string().max(3) }).safeParse({ name: 'long' }).error).toInfo();
    expect(['en', 'es'].map((locale) => errorSentences(locale === 'en' ? 'en' : 'es', refused).what)).toEqual(['The value for “name” does not fit: 3 characters at most.', 'El valor de «nombre» no encaja: 3 caracteres como máximo.']);
    expect(errorSentences('es', { code: 'bad-argument', params: { argument: 'name', detail: 'a/b' } }).what).toBe('El valor de «nombre» no encaja: a/b');
    expect(errorSentences('es', { code: 'bad-argument', params: { argument: 'cursor', problem: 'number' } }).what).toBe('Un valor no encaja aquí.');
    expect(errorSentences('es', badArgument(z.object({ name: z.string().max(3) }).safeParse({ name: 'long' }).error, '--name').toInfo()).what).toContain('«--name»');
  });

  it('show parameters as they are, never as message syntax', () => {
    expect(errorSentences('en', { code: 'not-found', params: { name: "{x} | @:error {'}'}" } }).what).toContain("{x} | @:error {'}'}");
  });
});

describe('translate', () => {
  it('chooses plural forms', () => {
    expect([0, 1, 5].map((n) => translate('en', 'count.files', { n }))).toEqual(['no files', 'one file', '5 files']);
    expect([0, 1, 5].map((n) => translate('es', 'count.files', { n }))).toEqual(['ningún archivo', 'un archivo', '5 archivos']);
  });
});

describe('language', () => {
  it.each([
    [['es'], 'es'], [['es-MX', 'en'], 'es'], [['es_ES.UTF-8'], 'es'], [['system', 'es'], 'es'], [[undefined, 'C', 'fr', 'en'], 'en'], [[], 'en'], [['español'], 'en'],
  ] as const)('of %j is %s', (wishes, locale) => {
    expect(chooseLocale(wishes)).toBe(locale);
  });

  it('takes the strongest variable that is set', () => {
    expect(localeWishes({ LC_ALL: '', LC_MESSAGES: 'es_ES', LANG: 'en_GB' })).toEqual(['es_ES']);
  });
});
