import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { Stage, type Wrap } from './programs.ts';
import { quiet } from './sender-of-a-film.ts';
import { snapshot, writeRandom } from './trees.ts';

/** As many as some systems give a program by themselves. */
const few: Wrap = (command, args) => ['prlimit', ['--nofile=256:256', command, ...args]];
const mayLimit = process.platform === 'linux' && spawnSync('prlimit', ['--nofile=256:256', 'true']).status === 0;
if (!mayLimit) console.warn('skipped: needs Linux and the program prlimit');

describe.skipIf(!mayLimit)('nodes that may have 256 files open', () => {
  const stage = new Stage();
  afterAll(() => stage.close());

  it('share and fetch a folder of many small files in many folders beside a large one, whole, and go on answering', async () => {
    const folder = join(await stage.folder(), 'photos');
    for (let at = 0; at < 60; at++) {
      const album = join(folder, `album ${at}`);
      await mkdir(album, { recursive: true });
      await Promise.all(Array.from({ length: 12 }, (_, file) => writeFile(join(album, `${file}.jpg`), `photo ${file} of ${at}`)));
    }
    await writeRandom(join(folder, 'film'), 5 * MiB);
    const [sender, receiver] = [await stage.serve(['--name', 'Sender', ...quiet], few), await stage.serve(['--name', 'Receiver', ...quiet], few)];
    await receiver.must('connect', `127.0.0.1:${sender.ready.port}`);
    await sender.must('share', folder, '--audience', 'everyone', '--wait');
    const to = await stage.folder();
    await receiver.must('get', 'Sender', 'photos', '--to', to);
    expect(await snapshot(join(to, 'photos'))).toEqual(await snapshot(folder));
    for (const node of [sender, receiver]) expect(await node.call('node.status', {})).toBeDefined();
  });
});
