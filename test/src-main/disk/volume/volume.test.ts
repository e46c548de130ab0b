import { expect, it } from 'vitest';
import { placeUnderFreeName } from '#main/disk/receive/place.ts';
import { probeVolume } from '#main/disk/volume/volume.ts';
import { collisionKey } from '#shared/names.ts';
import type { Files } from '#main/disk/files.ts';
import { sampleFile, targetOf } from '../receive/sample-file.ts';
import { SimulatedDisk } from '../simulated/simulated-disk.ts';
import { systemError } from '../simulated/simulated-files.ts';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';

const probe = async (files: Files): Promise<unknown> => probeVolume(files, files.openFolder('/base'), 'x');

it('finds an ordinary volume able to do everything, and leaves nothing behind', async () => {
  const disk = new SimulatedDisk();
  expect(await probe(disk.process())).toEqual({
    isMemory: false, folderSync: true, holes: true, stableInodes: true, hardLinks: true, caseSensitive: true, formSensitive: true, sharpSensitive: true,
  });
  expect(disk.list()).toEqual([]);
});

it('finds out what is missing', async () => {
  const disk = new SimulatedDisk();
  disk.kind = 'loose-inodes';
  disk.fault = (operation) => (operation === 'link' ? 'EPERM' : operation === 'syncFolder' ? 'EINVAL' : null);
  const files = disk.process();
  const folding: Files = {
    ...files,
    lookup: (folder, name) => {
      const found = disk.list().find((known) => collisionKey(known) === collisionKey(name));
      return found === undefined ? null : files.lookup(folder, found);
    },
    stat: (fd) => ({ ...files.stat(fd), allocatedBytes: files.stat(fd).bytes }),
  };
  expect(await probe(folding)).toEqual({
    isMemory: false, folderSync: false, holes: false, stableInodes: false, hardLinks: false, caseSensitive: false, formSensitive: false, sharpSensitive: false,
  });
  expect(disk.list()).toEqual([]);
});

it('passes on errors that say nothing about the volume', async () => {
  const disk = new SimulatedDisk();
  disk.fault = (operation) => (operation === 'syncFolder' ? 'EIO' : null);
  await expect(probe(disk.process())).rejects.toMatchObject({ code: 'EIO' });
});

it.each([true, false])('gives names without replacing anything, with hard links: %s', (hardLinks) => {
  const disk = new SimulatedDisk();
  const files = disk.process();
  const folder = files.openFolder('/base');
  disk.put('/base/a.txt', new Uint8Array(1));
  disk.put('/base/a (2).txt', new Uint8Array(2));
  disk.put('/base/mine', new Uint8Array(3));
  expect(placeUnderFreeName(files, folder, 'mine', 'a.txt', hardLinks)).toEqual({ name: 'a (3).txt', existed: false, oldRemains: hardLinks });
  expect(disk.list()).toEqual(['a (2).txt', 'a (3).txt', 'a.txt', ...(hardLinks ? ['mine'] : [])]);
  expect([disk.contentOf('/base/a.txt').length, disk.contentOf('/base/a (2).txt').length, disk.contentOf('/base/a (3).txt').length]).toEqual([1, 2, 3]);
});

it('reserves the name where a link turns out not to work, and gives the reservation back when the move fails', () => {
  const disk = new SimulatedDisk();
  const files = disk.process();
  const folder = files.openFolder('/base');
  disk.put('/base/mine', new Uint8Array(3));
  disk.fault = (operation) => (operation === 'link' ? 'ENOTSUP' : operation === 'rename' ? 'EIO' : null);
  expect(() => placeUnderFreeName(files, folder, 'mine', 'a', true)).toThrow(systemError('EIO').message);
  expect(disk.list()).toEqual(['mine']);
  disk.fault = (operation) => (operation === 'link' ? 'ENOTSUP' : null);
  expect(placeUnderFreeName(files, folder, 'mine', 'a', true)).toEqual({ name: 'a', existed: false, oldRemains: false });
  expect(disk.list()).toEqual(['a']);
});

it('receives on a volume without holes: the part file grows, and what lies beyond its end is not believed', async () => {
  const machine = new SimulatedMachine();
  const file = sampleFile(100_000, 1, 16 * 1024);
  machine.disk.hasHoles = false;
  const disk = machine.start();
  // So whoever fetches it is told to begin at the beginning.
  expect(await disk.open(1, targetOf(file, '/base', ['file']), openOptions)).toMatchObject({ isGrowing: true });
  expect(machine.disk.contentOf('/base/file.part')).toHaveLength(0);
  expect(await disk.write(1, 0, file.piece(0), null)).toEqual({ kind: 'written' });
  expect(await disk.write(1, 1, file.piece(1), null)).toEqual({ kind: 'written' });
  machine.kill();
  machine.disk.put('/base/file.part', machine.disk.contentOf('/base/file.part').slice(0, 20_000));
  const again = machine.start();
  const { have } = await again.open(2, targetOf(file, '/base', ['file']), openOptions);
  expect([...have]).toEqual([0b10000000]);
  for (let piece = 0; piece < file.pieces; piece++) expect(await again.write(2, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
  await again.finish(2);
  expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
});
