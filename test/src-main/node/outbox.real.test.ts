import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFoundation, type Closers } from '#main/node/foundation.ts';
import { Outbox } from '#main/node/offers/outbox.ts';

let dataDir: string;
beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'outbox-')); });
afterEach(() => rm(dataDir, { recursive: true }));

it('a file is there whole or not at all, and replaces none', async () => {
  const outbox = new Outbox(dataDir);
  const { path } = await outbox.putFile('1', ['a'], 5, (file) => file.writeFile('whole'));
  await expect(outbox.putFile('1', ['a'], 5, (file) => file.writeFile('other'))).rejects.toMatchObject({ code: 'already-exists' });
  await expect(outbox.putFile('1', ['b'], 5, (file) => file.writeFile('ha').then(() => { throw new Error('gone'); }))).rejects.toThrow();
  await expect(outbox.putFile('1', ['c'], Number.MAX_SAFE_INTEGER, () => Promise.resolve())).rejects.toMatchObject({ code: 'disk-full' });
  expect([await readFile(path, 'utf8'), await readdir(join(dataDir, 'outbox/1')), await readdir(join(dataDir, 'outbox/.incoming'))]).toEqual(['whole', ['a'], []]);
});

it('a start removes what was not whole, and nothing else', async () => {
  const { path } = await new Outbox(dataDir).putFile('1', ['a'], 5, (file) => file.writeFile('whole'));
  await writeFile(join(dataDir, 'outbox/.incoming/half'), 'ha');
  const closers: Closers = [];
  await openFoundation(dataDir, undefined, (error) => { throw error; }, closers);
  for (const close of closers.reverse()) await close();
  expect([await readFile(path, 'utf8'), (await readdir(join(dataDir, 'outbox'))).sort()]).toEqual(['whole', ['1']]);
});
