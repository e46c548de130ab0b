import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markReceived, receivedMark } from '#main/disk/receive/received-mark.ts';
import { KiB } from '#shared/units.ts';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf } from './sample-file.ts';

describe('the mark of a received file', () => {
  it.each([
    ['win32', { kind: 'stream', suffix: ':Zone.Identifier', text: '[ZoneTransfer]\r\nZoneId=3\r\n' }],
    ['darwin', { kind: 'program', program: '/usr/bin/xattr', args: ['-w', 'com.apple.quarantine', '0081;65920080;DistriShare;'] }],
    ['linux', null],
  ])('on %s', (platform, mark) => {
    expect(receivedMark(platform, 0x65920080 * 1000 + 7)).toEqual(mark);
  });

  it('is a stream beside the file, and where there are none nothing happens', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mark-'));
    await writeFile(join(folder, 'film.mov.part'), 'film');
    // Here a colon is part of a name like any other, which shows what would be written to the stream.
    await markReceived('win32', () => 0)?.([join(folder, 'film.mov.part'), join(folder, 'no such folder', 'x')]);
    expect(await readdir(folder)).toEqual(['film.mov.part', 'film.mov.part:Zone.Identifier']);
    expect(await readFile(join(folder, 'film.mov.part:Zone.Identifier'), 'utf8')).toBe('[ZoneTransfer]\r\nZoneId=3\r\n');
    await rm(folder, { recursive: true });
  });

  it.runIf(process.platform !== 'darwin')('does no harm when its program is missing', async () => {
    await expect(markReceived('darwin', () => 0)?.(['/nowhere'])).resolves.toBeUndefined();
  });
});

describe('what arrives', () => {
  const pieceBytes = 16 * KiB;

  function machineThatMarks() {
    const machine = new SimulatedMachine();
    const marked: { paths: readonly string[]; there: string[] }[] = [];
    machine.mark = (paths) => {
      marked.push({ paths, there: machine.disk.list() });
      return Promise.resolve();
    };
    return { machine, marked };
  }

  it('is marked before it has its name', async () => {
    const { machine, marked } = machineThatMarks();
    const file = sampleFile(50_000, 1, pieceBytes);
    const disk = machine.start();
    await disk.open(1, targetOf(file, '/base', ['film']), openOptions);
    for (let piece = 0; piece < file.pieces; piece++) await disk.write(1, piece, file.piece(piece), null);
    expect(marked).toEqual([]);
    expect(await disk.finish(1)).toEqual({ path: '/base/film' });
    expect(marked.map(({ paths }) => paths)).toEqual([['/base/film.part']]);
    expect(marked[0]?.there).not.toContain('film');
  });

  it('is marked many small files at once', async () => {
    const { machine, marked } = machineThatMarks();
    const files = [1, 2, 3].map((seed) => ({ file: sampleFile(1000 + seed, seed, pieceBytes), name: `small ${seed}` }));
    const outcomes = await machine.start().writeSmall(files.map(({ file, name }) => ({ target: targetOf(file, '/base', [name]), data: file.data })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    expect(marked).toHaveLength(1);
    expect(marked[0]?.paths).toHaveLength(3);
    for (const path of marked[0]?.paths ?? []) expect(path).toMatch(/^\/base\/small \d\..*\.part$/);
    expect(marked[0]?.there.filter((name) => !name.endsWith('.part'))).toEqual([]);
  });
});
