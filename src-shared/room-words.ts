import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as spanish } from '@scure/bip39/wordlists/spanish.js';
import type { Locale } from './i18n/locale.ts';

/** 128 bits, random: what a room's members know and nobody else. */
export type RoomSecret = Uint8Array<ArrayBuffer>;
export const roomSecretBytes = 16;
/** 128 bits and a checksum of 4, 11 bits a word (BIP 39). */
export const roomWordCount = 12;

/** Two words of one list never have their first four letters in common. */
const tellingLetters = 4;

interface Language {
  readonly words: string[];
  /** Words by what people type: without accents, and also by the letters that tell them apart. */
  readonly byPlain: ReadonlyMap<string, string>;
}

const plainWord = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const typedWords = (text: string): string[] => text.split(/[^\p{L}\p{M}]+/u).filter((word) => word !== '');

function languageOf(words: string[]): Language {
  const byPlain = new Map(words.map((word) => [plainWord(word).slice(0, tellingLetters), word]));
  for (const word of words) byPlain.set(plainWord(word), word);
  return { words, byPlain };
}

const languages: Readonly<Record<Locale, Language>> = { en: languageOf(english), es: languageOf(spanish) };

/** The words of a secret, in a language. */
export const wordsOfSecret = (secret: RoomSecret, language: Locale): string => entropyToMnemonic(secret, languages[language].words).normalize('NFC');

/**
 * The secret that words stand for, as people type them: any case, without accents, whole words or their first four
 * letters, with whatever between them. Null when they are not twelve known words that belong together: the checksum finds
 * 15 of 16 mistakes that are words of the list.
 */
export function secretOfWords(text: string): RoomSecret | null {
  const typed = typedWords(text).map(plainWord);
  if (typed.length !== roomWordCount) return null;
  for (const { words, byPlain } of Object.values(languages)) {
    const meant = typed.map((word) => byPlain.get(word));
    if (meant.every((word) => word !== undefined)) {
      try {
        return new Uint8Array(mnemonicToEntropy(meant.join(' '), words));
      } catch {
        // Words that do not belong together; perhaps they are those of another language.
      }
    }
  }
  return null;
}

/** What is wrong with words, for people: which are not in any list, counted from 1; or how many there are. */
export function unknownWords(text: string): { readonly count: number; readonly unknown: readonly { readonly place: number; readonly word: string }[] } {
  const typed = typedWords(text);
  const known = (word: string): boolean => Object.values(languages).some(({ byPlain }) => byPlain.has(plainWord(word)));
  return { count: typed.length, unknown: typed.flatMap((word, at) => (known(word) ? [] : [{ place: at + 1, word }])) };
}
