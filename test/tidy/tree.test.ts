import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const root = join(import.meta.dirname, '../..');
const sourceFolders = ['src-main', 'src-renderer', 'src-shared', 'scripts', 'test'];
const sourceKinds = ['.ts', '.mts', '.mjs', '.vue', '.css'];

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1).replaceAll('\\', '/'));
}
const sources = sourceFolders.flatMap(filesBelow).filter((path) => sourceKinds.includes(extname(path)));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the tree', () => {
  it('has only what belongs at the top', () => {
    const tracked = readdirSync(root).filter((name) => !name.startsWith('.'));
    const belongs = [
      'LICENSE', 'README.md', 'bin', 'dist', 'docs', 'electron-builder.yml', 'eslint.config.js', 'node_modules', 'out', 'package-lock.json', 'package.json',
      'resources', 'scripts', 'src-main', 'src-renderer', 'src-shared', 'test', 'test-results', 'tsconfig.base.json', 'vite.config.ts', 'vitest.config.ts',
    ];
    expect(tracked.filter((name) => !belongs.includes(name))).toEqual([]);
  });

  it('has no file that collects leftovers', () => {
    expect(sources.filter((path) => /(^|[-.])(utils?|helpers?|manager|misc|common)\.[a-z]+$/.test(basename(path)))).toEqual([]);
  });

  it('names files in kebab case, components in Pascal case', () => {
    const wrong = sources.filter((path) => {
      const stem = basename(path).replace(/(\.[a-z]+)+$/, '');
      return path.endsWith('.vue') ? !/^[A-Z][A-Za-z0-9]*$/.test(stem) : !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem);
    });
    expect(wrong).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join(''));
    expect(sources.filter((path) => marks.test(textOf(path)))).toEqual([]);
  });

  it('runs every test there is', () => {
    const focused = new RegExp(String.raw`\b(it|test|describe)\.(on` + String.raw`ly|sk` + String.raw`ip)\(`);
    expect(sources.filter((path) => path.startsWith('test/') && focused.test(textOf(path)))).toEqual([]);
  });

  it('has lock file entries that name no host', () => {
    expect(textOf('package-lock.json')).not.toMatch(/"resolved":/);
  });

  it('names versions exactly', () => {
    const versions = z.record(z.string(), z.string());
    const listed = z.object({ dependencies: versions, devDependencies: versions }).parse(JSON.parse(textOf('package.json')));
    const loose = Object.entries({ ...listed.dependencies, ...listed.devDependencies }).filter(([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });
});
