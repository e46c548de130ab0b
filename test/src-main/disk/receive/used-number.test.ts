import { describe, expect, it } from 'vitest';
import type { ReceiveDisk } from '#main/disk/receive/receive-disk.ts';
import type { VolumeKind } from '#main/disk/files.ts';
import { KiB } from '#shared/units.ts';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf } from './sample-file.ts';

const pieceBytes = 16 * KiB;
const file = sampleFile(40_000, 1, pieceBytes);
const target = targetOf(file, '/base', ['file']);
const theirs = new Uint8Array(file.data.length).fill(7);

/** A download that was killed in the middle, and in the place of its part file one of another program, which got the number that was free again. */
async function replaced(kind: VolumeKind, content = theirs, keepsBirths = true): Promise<{ machine: SimulatedMachine; disk: ReceiveDisk }> {
  const machine = new SimulatedMachine();
  machine.disk.kind = kind;
  machine.disk.keepsBirths = keepsBirths;
  const disk = machine.start();
  await disk.open(1, target, openOptions);
  for (const piece of [0, 1]) expect(await disk.write(1, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
  machine.kill();
  machine.disk.putInstead('/base/file.part', content);
  return { machine, disk: machine.start() };
}

describe.each(['other', 'loose-inodes'] as const)('a file of another program that has the number of our part file, on a volume of kind %s', (kind) => {
  it('gives no piece of what is fetched, and stays as it is', async () => {
    const { machine, disk } = await replaced(kind);
    expect(await disk.open(1, target, openOptions)).toMatchObject({ haveBytes: 0, existing: null });
    for (let piece = 0; piece < file.pieces; piece++) await disk.write(1, piece, file.piece(piece), null);
    expect(await disk.finish(1)).toEqual({ path: '/base/file' });
    expect(machine.disk.contentOf('/base/file')).toEqual(file.data);
    expect(machine.disk.contentOf('/base/file.part')).toEqual(theirs);
  });

  it('stays when the download is cancelled with its data', async () => {
    const { machine, disk } = await replaced(kind);
    await disk.discardPartial('/base', ['file'], file.data.length, target.root);
    expect(machine.disk.contentOf('/base/file.part')).toEqual(theirs);
  });

  it('stays when what was wanted turns out to be there', async () => {
    const { machine, disk } = await replaced(kind);
    machine.disk.put('/base/file', file.data);
    expect(await disk.open(1, target, openOptions)).toMatchObject({ existing: '/base/file' });
    expect(machine.disk.contentOf('/base/file.part')).toEqual(theirs);
  });
});

it('a longer one is neither cut off nor deleted where neither its number nor its birth tells whose it is', async () => {
  const longer = new Uint8Array(file.data.length + 1).fill(7);
  const cancelled = await replaced('loose-inodes', longer, false);
  await cancelled.disk.discardPartial('/base', ['file'], file.data.length, target.root);
  expect(cancelled.machine.disk.contentOf('/base/file.part')).toEqual(longer);
  const { machine, disk } = await replaced('loose-inodes', longer, false);
  expect(await disk.open(1, target, openOptions)).toMatchObject({ haveBytes: 0 });
  for (let piece = 0; piece < file.pieces; piece++) await disk.write(1, piece, file.piece(piece), null);
  expect(await disk.finish(1)).toEqual({ path: '/base/file' });
  expect(machine.disk.contentOf('/base/file')).toEqual(file.data);
  expect(machine.disk.contentOf('/base/file.part')).toEqual(longer);
});
