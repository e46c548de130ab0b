import { describe, expect, it } from 'vitest';
import { rowOfWord, TypeAhead } from '../../../src-renderer/components/browse/type-ahead.ts';

const names = ['Archive', 'Été', 'film 1', 'film 2', 'Photos', 'photo album'].map((name) => ({ name }));

describe('typing the beginning of a name into a list', () => {
  /** Presses the keys with so much time between them. */
  const type = (keys: readonly string[], betweenMs = 100): (string | null)[] => {
    const typing = new TypeAhead();
    return keys.map((key, at) => typing.typed({ key, ctrlKey: false, metaKey: false, altKey: false, timeStamp: at * betweenMs }));
  };

  it('makes one word of what comes quickly, and begins anew after a pause', () => {
    expect(type(['f', 'i', 'l'])).toEqual(['f', 'fi', 'fil']);
    expect(type(['f', 'i'], 1500)).toEqual(['f', 'i']);
  });

  it('takes spaces and corrections as part of a word, and leaves them to the list otherwise', () => {
    expect(type([' ', 'f', ' ', 'x', 'Backspace'])).toEqual([null, 'f', 'f ', 'f x', 'f ']);
    expect(type(['Backspace', 'Enter', 'ArrowDown'])).toEqual([null, null, null]);
    expect(new TypeAhead().typed({ key: 'a', ctrlKey: true, metaKey: false, altKey: false, timeStamp: 0 })).toBeNull();
  });

  it('leads to the next name that begins so, without case and accents', () => {
    expect(rowOfWord(names, 'et', -1)).toBe(1);
    expect(rowOfWord(names, 'PHOTO A', 4)).toBe(5);
    expect(rowOfWord(names, 'film', 3)).toBe(3);
    expect(rowOfWord(names, 'zebra', 0)).toBe(-1);
    expect(rowOfWord([], 'a', -1)).toBe(-1);
  });

  it('goes on with the same letter, and from the end to the beginning', () => {
    expect([rowOfWord(names, 'f', -1), rowOfWord(names, 'ff', 2), rowOfWord(names, 'fff', 3)]).toEqual([2, 3, 2]);
    expect(rowOfWord(names, 'a', 5)).toBe(0);
  });
});
