import { expect, it } from 'vitest';
import { RecentFiles } from '#main/node/serving/recent-files.ts';

it('counts each file once, in whatever order its blocks go out', () => {
  const files = new RecentFiles();
  for (let block = 0; block < 10; block++) for (let file = 0; file < 256; file++) files.sent(`file ${file}`);
  expect(files.count).toBe(256);
});

it('counts a hundred thousand small files', () => {
  const files = new RecentFiles();
  for (let file = 0; file < 100_000; file++) files.sent(`file ${file}`);
  expect(files.count).toBe(100_000);
});

it('forgets a file after so many others that no receiver fetches them at once', () => {
  const files = new RecentFiles();
  files.sent('first');
  for (let file = 0; file < 1024; file++) files.sent(`file ${file}`);
  files.sent('first');
  expect(files.count).toBe(1026);
});
