import { expect, it } from 'vitest';
import { sampledAs } from '#main/core/compression/compressible.ts';

it.each([
  ['photo.JPG', true], ['film.mp4', true], ['backup.tar.gz', true], ['letter.docx', true], ['film.mkv.part', true],
  ['notes.txt', false], ['backup.tar', false], ['photo.bmp', false], ['README', false], ['.zip', false], ['data.csv.part', false],
])('whether %s is compressed already by its name: %s', (name, isCompressed) => {
  expect(sampledAs(name, 'key', false)).toBe(isCompressed ? null : 'key');
});

it('small files count with others of their kind, large ones by themselves', () => {
  expect([sampledAs('a.txt', 'one', true), sampledAs('b.TXT', 'two', true), sampledAs('b.txt', 'two', false), sampledAs('README', 'three', true)]).toEqual(['.txt', '.txt', 'two', '.']);
});
