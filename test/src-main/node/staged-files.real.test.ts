import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { discardStaged } from '#main/node/offers/staged-files.ts';

let root: string;
let outbox: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'staged-'));
  outbox = join(root, 'outbox');
  for (const batch of ['one', 'two']) {
    await mkdir(join(outbox, batch), { recursive: true });
    await writeFile(join(outbox, batch, 'file'), batch);
  }
  await writeFile(join(root, 'precious'), 'mine');
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('deletes the batch of a push that is over, and nothing else', async () => {
  await discardStaged(outbox, [join(outbox, 'one', 'file')], []);
  expect(await readdir(outbox)).toEqual(['two']);
});

it('keeps what a share or another push still uses', async () => {
  await discardStaged(outbox, [join(outbox, 'one', 'file'), join(outbox, 'two', 'file')], [join(outbox, 'two')]);
  expect(await readdir(outbox)).toEqual(['two']);
});

it.each(['precious', 'outbox', '', join('outbox', '..', 'precious')])('leaves what lies elsewhere: %s', async (path) => {
  await discardStaged(outbox, [join(root, path)], []);
  expect((await readdir(root)).toSorted()).toEqual(['outbox', 'precious']);
  expect((await readdir(outbox)).toSorted()).toEqual(['one', 'two']);
});
