import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold, nameTokens, queryTokens } from '#main/core/search/text.ts';

describe('fold', () => {
  test.each([
    ['Straße', 'strasse'],
    ['STRASSE', 'strasse'],
    ['ẞ', 'ss'],
    ['Crème Brûlée', 'creme brulee'],
    ['Cre\u0300me', 'creme'],
    ['ŁÓDŹ', 'lodz'],
    ['Ærøskøbing', 'aeroskobing'],
    ['İstanbul ısı', 'istanbul isi'],
    ['ΟΔΟΣ οδος', 'οδοσ οδοσ'],
    ['ﬁle', 'file'],
    ['Ｆｕｌｌ', 'full'],
    ['ÄÖÜ', 'aou'],
  ])('%s becomes %s', (text, folded) => expect(fold(text)).toBe(folded));

  const letters = fc.string({ unit: fc.constantFrom(...'abzABZ09 ._-éÉñÑßẞæÆøØłŁœŒçÇåÅıİςσΣέΈйЙﬁǆǅ東か한e\u0301'), maxLength: 20 });

  test('case, accents and composition do not matter', () => {
    fc.assert(fc.property(letters, (text) => {
      const folded = fold(text);
      expect(fold(text.toUpperCase())).toBe(folded);
      expect(fold(text.toLowerCase())).toBe(folded);
      expect(fold(text.normalize('NFD'))).toBe(folded);
      expect(fold(text.normalize('NFC'))).toBe(folded);
      expect(fold(folded)).toBe(folded);
    }));
  });

  test('takes any text, also broken surrogates', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(typeof fold(text + '\ud800')).toBe('string');
      for (const token of nameTokens(text)) expect(token).not.toBe('');
    }));
  });
});

describe('tokens', () => {
  test.each([
    ['IMG_1234.jpg', ['img', '1234', 'jpg']],
    ['DistriShare2.zip', ['distrishare', '2', 'zip', 'distri', 'share']],
    ['XMLHttpRequest', ['xmlhttprequest', 'xml', 'http', 'request']],
    ['s01e02', ['s', '01', 'e', '02']],
    ['ÉcoleÉté', ['ecoleete', 'ecole', 'ete']],
    ['東京写真', ['東', '京', '写', '真']],
    ['...', []],
  ])('of the name %s', (name, tokens) => expect(nameTokens(name)).toEqual(tokens));

  test('a query is not split by its capitals', () => {
    expect(queryTokens('DistriShare IMG_12')).toEqual(['distrishare', 'img', '12']);
  });

  test('every token of a name, in any case, finds the name', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'abXYZ12 -éßŒ東'), maxLength: 16 }), (name) => {
      const tokens = nameTokens(name);
      for (const word of queryTokens(name.toUpperCase())) expect(tokens).toContain(word);
    }));
  });
});
