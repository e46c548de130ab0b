import { second, type Millis } from '#shared/units.ts';
import { plainName } from '../../composables/name-filter.ts';

/** Letters that come sooner one after the other are one word: as long as file managers wait. */
const togetherMs = 1 * second;

interface KeyLike {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** When it was pressed, in ms from any beginning. */
  readonly timeStamp: Millis;
}

/** The beginning of a name, typed letter by letter into a list: it leads to the row that begins so. */
export class TypeAhead {
  #word = '';
  #at: Millis = -Infinity;

  /** The word after this key; null for a key that is none of it. A space or Backspace is part of a word only while one is being typed. */
  typed({ key, ctrlKey, metaKey, altKey, timeStamp }: KeyLike): string | null {
    if (ctrlKey || metaKey || altKey) return null;
    const before = timeStamp - this.#at < togetherMs ? this.#word : '';
    const isLetter = Array.from(key).length === 1 && (key !== ' ' || before !== '');
    if (!isLetter && (key !== 'Backspace' || before === '')) return null;
    this.#word = isLetter ? before + key : Array.from(before).slice(0, -1).join('');
    this.#at = timeStamp;
    return this.#word;
  }
}

/**
 * The row, from 0, whose name begins with the word, looked for from the active one on and from the beginning after the end; -1: none. A single letter, also
 * pressed several times, goes on to the next row.
 */
export function rowOfWord(names: readonly { readonly name: string }[], word: string, active: number): number {
  const letters = plainName(word);
  const [first = ''] = Array.from(letters);
  if (first === '') return active;
  const beginning = (wanted: string, from: number): number => {
    for (let step = 0; step < names.length; step++) {
      const index = (Math.max(0, from) + step) % names.length;
      if (plainName(names[index]?.name ?? '').startsWith(wanted)) return index;
    }
    return -1;
  };
  const isOneLetter = letters === first.repeat(Array.from(letters).length);
  const whole = letters === first ? -1 : beginning(letters, active);
  return whole === -1 && isOneLetter ? beginning(first, active + 1) : whole;
}
