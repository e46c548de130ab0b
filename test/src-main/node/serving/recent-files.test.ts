import { expect, it } from 'vitest';
import { RecentFiles } from '#main/node/serving/recent-files.ts';

it('counts each file once, in whatever order its blocks go out', () => {
  const files = new RecentFiles();
  for (let block = 0; block < 10; block++) for (let file = 0; file < 256; file++) files.sent(`file ${file}`, 10);
  expect([files.count, files.bytes]).toEqual([256, 2560]);
});

it('counts a hundred thousand small files', () => {
  const files = new RecentFiles();
  for (let file = 0; file < 100_000; file++) files.sent(`file ${file}`, 10);
  expect(files.count).toBe(100_000);
});

it('forgets a file after so many others that no receiver fetches them at once', () => {
  const files = new RecentFiles();
  files.sent('first', 10);
  for (let file = 0; file < 1024; file++) files.sent(`file ${file}`, 10);
  files.sent('first', 10);
  expect(files.count).toBe(1026);
});
