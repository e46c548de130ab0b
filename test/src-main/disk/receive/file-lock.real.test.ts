import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock, type LockOutcome } from '#main/disk/receive/file-lock.ts';
import { realFiles } from '#main/disk/real-files.ts';

const holder = { token: 'theirs', pid: 4711, start: '99', boot: 'boot', content: 'abcd' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What comes of a lock with this text in it, written a minute ago, while every writer runs. */
async function take(text: string): Promise<LockOutcome> {
  const path = join(folder, 'lock');
  await writeFile(path, text);
  const minuteAgo = new Date(Date.now() - 60_000);
  await utimes(path, minuteAgo, minuteAgo);
  const opened = realFiles.openFolder(folder);
  try {
    return takeLock({ files: realFiles, writer: { token: 'ours', pid: 1, start: null, boot: null }, runs: () => true, now: Date.now, later: () => () => undefined }, opened, 'lock', '');
  } finally {
    realFiles.closeFolder(opened);
  }
}

it.each([holder, { ...holder, start: null, boot: null, content: '' }, { ...holder, more: 'from a newer version' }])('leaves the lock of a writer that runs: %j', async (theirs) => {
  expect(await take(JSON.stringify(theirs))).toEqual({ kind: 'held', content: theirs.content });
});

it.each([
  '', 'nothing', '{', 'null', '[]', '7', '{}',
  ...Object.keys(holder).map((missing) => JSON.stringify({ ...holder, [missing]: undefined })),
  ...Object.entries({ token: 'x'.repeat(65), pid: 0, start: 'x'.repeat(33), boot: 'x'.repeat(65), content: 'x'.repeat(65) }).map(([name, wrong]) => JSON.stringify({ ...holder, [name]: wrong })),
  ...Object.entries({ token: null, pid: '4711', start: 99, boot: [], content: null }).map(([name, wrong]) => JSON.stringify({ ...holder, [name]: wrong })),
  JSON.stringify({ ...holder, pid: 1.5 }), JSON.stringify({ ...holder, pid: -1 }),
])('takes over a lock that nobody can have written: %s', async (text) => {
  expect(await take(text)).toEqual({ kind: 'taken', inherited: true });
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({ token: 'ours' });
});
