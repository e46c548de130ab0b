import { sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOfUrl } from '#main/electron/app-scheme.ts';

const folder = ['', 'app', 'out', 'renderer'].join(sep);

describe('the file a URL of the UI names', () => {
  it.each([
    ['distrishare-app://ui/', 'index.html'],
    ['distrishare-app://ui/index.html#/transfers', 'index.html'],
    ['distrishare-app://ui/assets/page.js?x=1', ['assets', 'page.js'].join(sep)],
    ['distrishare-app://ui/assets/../index.html', 'index.html'],
    ['distrishare-app://ui/a%20b.svg', 'a b.svg'],
  ])('%s is %s', (url, file) => {
    expect(fileOfUrl(folder, url)).toBe(`${folder}${sep}${file}`);
  });

  it.each([
    'distrishare-app://ui/..%2f..%2fpackage.json', 'distrishare-app://ui/%2e%2e%2f%2e%2e%2fpackage.json', 'distrishare-app://ui/..%5c..%5cpackage.json',
    'distrishare-app://ui/a%00.js', 'distrishare-app://else/index.html', 'file:///etc/passwd', 'distrishare-app://ui/%', 'nonsense', 'distrishare-app://ui/..%2frenderer-other/x.js',
  ])('%s is none', (url) => {
    expect(fileOfUrl(folder, url)).toBeNull();
  });

  it('never lies outside the folder', () => {
    const hostile = fc.array(fc.constantFrom('..', '%2e%2e', '.', 'a', '', '%2f', '/', '\\', '%5c', '%00', 'C:', '~'), { maxLength: 12 }).map((parts) => parts.join('/'));
    fc.assert(fc.property(hostile, (path) => {
      const file = fileOfUrl(folder, `distrishare-app://ui/${path}`);
      expect(file === null || (file.startsWith(folder + sep) && !file.split(sep).includes('..'))).toBe(true);
    }));
  });
});
