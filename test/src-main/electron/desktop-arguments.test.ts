import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { readDesktopArguments } from '#main/electron/desktop-arguments.ts';

const cwd = resolve('/home/ann');

describe('the desktop command line', () => {
  it('reads its own options among those of Chromium', () => {
    const read = readDesktopArguments(['--no-sandbox', '--remote-debugging-port=0', '.', '--data', 'one', '--name', 'Ann', '--port=47900', '--no-mdns', '--download-dir', 'got', 'distrishare:search/x'], cwd);
    expect(read).toEqual({
      dataDir: resolve(cwd, 'one'), hidden: false, links: ['distrishare:search/x'],
      overrides: { name: 'Ann', port: 47900, mdns: false, downloadDir: resolve(cwd, 'got') },
    });
  });

  it('overrides nothing by itself', () => {
    expect(readDesktopArguments(['--data=/d', '--hidden'], cwd)).toEqual({ dataDir: resolve('/d'), overrides: {}, hidden: true, links: [] });
  });

  it.each([
    ['what begins with a dash', ['--data', 'one', 'distrishare:search/x', '--data', 'two', '--name=Eve', '--download-dir', '/', '--hidden', '-x']],
    ['that after two dashes, as Windows starts it', ['--data', 'one', '--', 'distrishare:search/x', '--data', 'two', '--', '--name=Eve']],
  ])('reads nothing as an option after a link: %s', (_, argv) => {
    expect(readDesktopArguments(argv, cwd)).toEqual({ dataDir: resolve(cwd, 'one'), overrides: {}, hidden: false, links: ['distrishare:search/x'] });
  });

  it('takes several links, and no option that claims to be one', () => {
    expect(readDesktopArguments(['--data=/d', 'distrishare:search/x', '--distrishare:search/y', 'DISTRISHARE:search/z'], cwd).links).toEqual(['distrishare:search/x', 'DISTRISHARE:search/z']);
  });

  it.each([['--port', 'many'], ['--port', '70000'], ['--name', ' ']])('refuses %s %j', (...args) => {
    expect(() => readDesktopArguments(args, cwd)).toThrow(AppError);
  });
});
