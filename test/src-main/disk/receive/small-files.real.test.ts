import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReceiver } from '#main/disk/receive/receiver.ts';
import type { Receiver } from '#main/node/ports/receiver.ts';
import { tempFolder } from '../temp-folder.ts';
import { sampleFile, targetOf, type SampleFile } from './sample-file.ts';

function receiver(): Receiver {
  const created = createReceiver({ workers: 1 });
  onTestFinished(() => created.shutdown());
  return created;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const same = (path: string, file: SampleFile): boolean => Buffer.from(file.data).equals(readFileSync(path));

describe('small files', () => {
  it('are written under their names, many at once, empty ones and folders too', async () => {
    const folder = tempFolder();
    const disk = receiver();
    const files = range(300).map((at) => ({ file: sampleFile(at * 37, at), path: [`dir ${at % 7}`, `file ${at}.txt`] }));
    const outcomes = await disk.writeSmall(files.map(({ file, path }) => ({ target: targetOf(file, folder, path), data: file.data })));
    expect(outcomes).toEqual(files.map(({ path }) => ({ kind: 'done', path: join(folder, ...path), existed: false })));
    for (const { file, path } of files) expect(same(join(folder, ...path), file)).toBe(true);
    await disk.makeFolder(folder, ['empty', 'below']);
    await disk.makeFolder(folder, ['empty', 'below']);
    await disk.flush();
    expect(readdirSync(folder)).toHaveLength(8);
    expect(readdirSync(join(folder, 'dir 0'))).toHaveLength(43);
    expect(statSync(join(folder, 'dir 0/file 0.txt')).mtimeMs).toBe(1_600_000_000_000);
  });

  it('of several batches at once all find their folder, though nobody has looked at it before', async () => {
    const folder = tempFolder();
    const disk = receiver();
    const write = (at: number) => {
      const file = sampleFile(at, at);
      return disk.writeSmall([{ target: targetOf(file, folder, ['new', `${at}.txt`]), data: file.data }]);
    };
    const outcomes = (await Promise.all(range(20).map(write))).flat();
    expect(outcomes).toEqual(range(20).map((at) => ({ kind: 'done', path: join(folder, 'new', `${at}.txt`), existed: false })));
  });

  it('of one name in one batch both survive; an identical one is kept', async () => {
    const folder = tempFolder();
    const disk = receiver();
    const [one, two] = [sampleFile(500, 1), sampleFile(500, 2)];
    const small = (file: SampleFile) => ({ target: targetOf(file, folder, ['a.txt']), data: file.data });
    expect(await disk.writeSmall([small(one), small(two), small(one), small(two)])).toEqual([
      { kind: 'done', path: join(folder, 'a.txt'), existed: false },
      { kind: 'done', path: join(folder, 'a (2).txt'), existed: false },
      { kind: 'done', path: join(folder, 'a.txt'), existed: true },
      { kind: 'done', path: join(folder, 'a (2).txt'), existed: true },
    ]);
    expect(readdirSync(folder).sort()).toEqual(['a (2).txt', 'a.txt']);
  });

  it('that are damaged or impossible fail alone', async () => {
    const folder = tempFolder();
    const disk = receiver();
    const file = sampleFile(500);
    writeFileSync(join(folder, 'plain'), '');
    const outcomes = await disk.writeSmall([
      { target: targetOf(file, folder, ['bad']), data: sampleFile(500, 2).data },
      { target: targetOf(file, folder, ['short']), data: file.data.subarray(1) },
      { target: targetOf(file, folder, ['plain', 'below']), data: file.data },
      { target: targetOf(file, join(folder, 'gone'), ['x']), data: file.data },
      { target: targetOf(file, folder, ['no root'], { root: null }), data: file.data },
      { target: targetOf(file, folder, ['good']), data: file.data },
    ]);
    expect(outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.error.code : outcome.kind))).toEqual(['corrupt', 'corrupt', 'not-a-folder', 'folder-gone', 'bad-argument', 'done']);
    expect(readdirSync(folder).sort()).toEqual(['good', 'plain']);
  });

  it('go to the folder that has the name now', async () => {
    const folder = tempFolder();
    const disk = receiver();
    const file = sampleFile(500);
    await disk.writeSmall([{ target: targetOf(file, folder, ['sub', 'a']), data: file.data }]);
    renameSync(join(folder, 'sub'), join(folder, 'moved'));
    await disk.writeSmall([{ target: targetOf(file, folder, ['sub', 'b']), data: file.data }]);
    expect([readdirSync(join(folder, 'moved')), readdirSync(join(folder, 'sub'))]).toEqual([['a'], ['b']]);
    await disk.flush();
  });
});
