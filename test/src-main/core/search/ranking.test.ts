import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { score, type Query } from '#main/core/search/ranking.ts';
import { fold, nameTokens, queryTokens } from '#main/core/search/text.ts';
import { fileTypeOf } from '#shared/file-types.ts';

const query = (words: string): Query => ({ folded: fold(words.trim()), words: queryTokens(words) });
const rated = (words: string, path: string): number | null => {
  const at = path.lastIndexOf('/');
  return score(query(words), path.slice(at + 1), nameTokens(path.slice(0, Math.max(0, at))));
};

describe('ranking', () => {
  test('exact > prefix > all words in the name > words in the path', () => {
    const ranked = ['report.pdf', 'report 2024.pdf', 'yearly report.pdf'].map((name) => rated('report', `docs/${name}`) ?? 0);
    expect(ranked).toEqual([...ranked].sort((one, other) => other - one));
    expect(new Set(ranked).size).toBe(3);
    expect(rated('docs report', 'docs/yearly report.pdf') ?? 0).toBeLessThan(ranked[2] ?? 0);
    expect(rated('docs report', 'docs/yearly report.pdf')).not.toBeNull();
  });

  test('every word must be somewhere, one of them in the name itself', () => {
    expect(rated('holiday beach', 'holiday/beach.jpg')).not.toBeNull();
    expect(rated('holiday', 'holiday/beach.jpg')).toBeNull();
    expect(rated('holiday mountain', 'holiday/beach.jpg')).toBeNull();
  });

  test('words match by their beginning', () => {
    expect(rated('hol bea', 'my-holiday-beach.jpg')).not.toBeNull();
    expect(rated('each', 'beach.jpg')).toBeNull();
  });

  test('word order, case and accents do not decide whether something is found', () => {
    const words = fc.array(fc.constantFrom('Café', 'ÉTÉ', 'photo', 'straße', 'Img12'), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(words, fc.boolean(), (typed, upper) => {
      const path = 'Été à la plage/STRASSE cafe PHOTO img 12.png';
      const changed = [...typed].reverse().map((word) => (upper ? word.toUpperCase() : word.normalize('NFD').toLowerCase())).join(' ');
      expect(rated(changed, path) === null).toBe(rated(typed.join(' '), path) === null);
    }));
  });
});

test('file types by extension, in any case', () => {
  expect(fileTypeOf('a.JPG', 'file')).toBe('image');
  expect(fileTypeOf('a.tar.gz', 'file')).toBe('archive');
  expect(fileTypeOf('.mp3', 'file')).toBe('other');
  expect(fileTypeOf('README', 'file')).toBe('other');
  expect(fileTypeOf('album.mp3', 'folder')).toBe('folder');
});
