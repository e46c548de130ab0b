import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { GiB } from '#shared/units.ts';
import { pairOfNodes, Stage } from './programs.ts';
import { snapshot, writeRealFolder } from './trees.ts';

const stage = new Stage();
afterAll(() => stage.close());

it('a folder as people have it arrives byte for byte: 1 GiB in one file, 2,000 small ones, odd names, empty ones', async () => {
  const source = join(await stage.folder(), 'Real life');
  await writeRealFolder(source, { smallFiles: 2000, largeBytes: 1 * GiB });
  const { sender, receiver } = await pairOfNodes(stage);
  await sender.must('share', source, '--audience', 'everyone');
  const to = await stage.folder();
  await receiver.must('get', 'Sender', 'Real life', '--to', to);
  expect(await snapshot(join(to, 'Real life'))).toEqual(await snapshot(source));
// Six GiB are written and read beside other tests: a slow disk alone may take two minutes for them.
}, 300_000);
