import { describe, expect, it } from 'vitest';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { expectFinishes, failing, file, heal, pieceBytes, pieces, target, write } from './one-received-file.ts';
import { sampleFile } from './sample-file.ts';

describe('writing past the cache', () => {
  /** A machine that does so with files of every size. */
  const direct = (): SimulatedMachine => {
    const machine = new SimulatedMachine();
    machine.policy = { ...machine.policy, directFromBytes: 0 };
    return machine;
  };
  const all = Array.from({ length: file.pieces }, (_, at) => at);

  it('is done with whole blocks; the end of the file goes the plain way', async () => {
    const machine = direct();
    const handles = new Set<string>();
    machine.disk.fault = (operation, name) => {
      if (operation === 'openDirect') handles.add(name);
      return null;
    };
    await expectFinishes(machine);
    expect([...handles]).toEqual(['file.part']);
  });

  it('falls back piece by piece where the device refuses it', async () => {
    const machine = direct();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    let refusals = 0;
    machine.disk.fault = (operation, name, phase) => (operation === 'writeLater' && name.endsWith('.part') && phase === 'start' && refusals++ % 2 === 0 ? 'EINVAL' : null);
    await write(disk, 1, all);
    heal(machine);
    expect(await disk.finish(1)).toEqual({ path: '/base/file' });
    expect(refusals).toBe(all.length);
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
  });

  it('writes a piece anew of which the device took a part only', async () => {
    const machine = direct();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    let writes = 0;
    machine.disk.fault = (operation, name, phase) => (operation === 'writeLater' && name.endsWith('.part') && phase === 'start' && writes++ % 2 === 0 ? 'short' : null);
    await write(disk, 1, all);
    heal(machine);
    await disk.finish(1);
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
  });

  it('says when the disk is full, and goes on when there is room', async () => {
    const machine = direct();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    failing(machine, 'writeLater', '.part', 'ENOSPC');
    expect(await disk.write(1, 2, file.piece(2), null)).toMatchObject({ kind: 'error', error: { code: 'disk-full' } });
    heal(machine);
    await disk.close(1);
    await expectFinishes(machine, disk);
  });

  it('takes pieces while others are on their way, and waits for them before it closes', async () => {
    const machine = direct();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    const outcomes = Promise.all(all.map(async (piece) => disk.write(1, piece, file.piece(piece), null)));
    await disk.close(1);
    expect(new Set((await outcomes).map(({ kind }) => kind))).toEqual(new Set(['written']));
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe(all.join(','));
    await disk.close(2);
  });

  it('does not record a piece that the root turned out to contradict while it was on its way', async () => {
    const machine = direct();
    const disk = machine.start();
    const other = sampleFile(200_000, 9, pieceBytes);
    await disk.open(1, { ...target, root: null, layer: null }, openOptions);
    const outcome = disk.write(1, 3, other.piece(3), other.hash(3));
    expect(await disk.bindRoot(1, file.root, file.layer)).toEqual({ missing: [3] });
    expect(await outcome).toEqual({ kind: 'written' });
    await write(disk, 1, all);
    expect(await disk.finish(1)).toEqual({ path: '/base/file' });
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
  });

  it('does not put a second version of a piece under the record of the first', async () => {
    const machine = direct();
    const disk = machine.start();
    const other = sampleFile(200_000, 9, pieceBytes);
    const provisional = { ...target, root: null, layer: null };
    await disk.open(1, provisional, openOptions);
    const outcomes = [file, other].map(async (version) => disk.write(1, 3, version.piece(3), version.hash(3)));
    expect(await Promise.all(outcomes)).toEqual([{ kind: 'written' }, { kind: 'written' }]);
    expect(await disk.bindRoot(1, file.root, file.layer)).toEqual({ missing: [] });
    await write(disk, 1, all);
    expect(await disk.finish(1)).toEqual({ path: '/base/file' });
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
  });

  it('forgets what was on its way when a sync fails', async () => {
    const machine = direct();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, [0, 1]);
    failing(machine, 'syncData', '.part', 'EIO');
    await Promise.all([2, 3, 4, 5].map(async (piece) => disk.write(1, piece, file.piece(piece), null)));
    heal(machine);
    expect(await disk.write(1, 6, file.piece(6), null)).toMatchObject({ kind: 'error', error: { code: 'disk-error' } });
    await disk.close(1).catch(() => undefined);
    await expectFinishes(machine, disk);
  });
});
