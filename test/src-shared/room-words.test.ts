import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretOfWords, unknownWords, wordsOfSecret } from '#shared/room-words.ts';

const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => new Uint8Array(bytes));
const languages = fc.constantFrom('en' as const, 'es' as const);

describe('the words of a room', () => {
  it('give back the secret in every language, however they are written', () => {
    fc.assert(fc.property(secrets, languages, fc.constantFrom(' ', '-', ', ', '\n', ' 1. '), fc.constantFrom('NFC', 'NFD'), (secret, language, between, form) => {
      const words = wordsOfSecret(secret, language);
      expect(words.split(' ')).toHaveLength(12);
      expect(secretOfWords(words)).toEqual(secret);
      expect(secretOfWords(`  ${words.toUpperCase().split(' ').join(between)}  `.normalize(form))).toEqual(secret);
    }));
  });

  it('need only four letters of each, and no accents', () => {
    fc.assert(fc.property(secrets, languages, (secret, language) => {
      const short = wordsOfSecret(secret, language).split(' ').map((word) => [...word.normalize('NFD').replace(/\p{M}/gu, '')].slice(0, 4).join('')).join(' ');
      expect(secretOfWords(short)).toEqual(secret);
    }));
  });

  it('are nothing when one is missing, strange or in another place', () => {
    expect(secretOfWords('legal winner thank year wave sausage worth useful legal winner thank yellow')).toEqual(new Uint8Array(16).fill(0x7f));
    expect(secretOfWords('legal winner thank year wave sausage worth useful legal winner thank')).toBeNull();
    expect(secretOfWords('legal winner thank year wave sausage worth useful legal winner thank yellow yellow')).toBeNull();
    expect(secretOfWords('winner legal thank year wave sausage worth useful legal winner thank yellow')).toBeNull();
    expect(secretOfWords('legal winner thank year wave sausages worth useful legal winner thank yellow')).toBeNull();
    expect(secretOfWords('')).toBeNull();
  });

  it('are told apart from what is no word of any list', () => {
    expect(unknownWords('legal winer thank')).toEqual({ count: 3, unknown: [{ place: 2, word: 'winer' }] });
    expect(unknownWords('ábaco abdomen')).toEqual({ count: 2, unknown: [] });
  });
});
