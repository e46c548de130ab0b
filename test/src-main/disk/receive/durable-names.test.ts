import { describe, expect, it } from 'vitest';
import { KiB } from '#shared/units.ts';
import { cutStyles } from '../simulated/power-cut.ts';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf } from './sample-file.ts';

const pieceBytes = 16 * KiB;
const file = sampleFile(40_000, 1, pieceBytes);
const target = targetOf(file, '/base', ['file']);
const small = sampleFile(100, 2, pieceBytes);
const smallTarget = targetOf(small, '/base', ['s']);
const mine = new TextEncoder().encode('somebody else wrote this');

async function received(machine: SimulatedMachine): Promise<ReturnType<SimulatedMachine['start']>> {
  const disk = machine.start();
  await disk.open(1, target, openOptions);
  for (let piece = 0; piece < file.pieces; piece++) expect(await disk.write(1, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
  return disk;
}

describe('a flush', () => {
  it('that failed is not forgotten: the next one syncs what this one did not', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.writeSmall([{ target: smallTarget, data: small.data }]);
    machine.disk.fault = (operation) => (operation === 'syncFolder' ? 'EIO' : null);
    await expect(disk.flush()).rejects.toMatchObject({ code: 'disk-error' });
    machine.disk.fault = () => null;
    await disk.flush();
    machine.cutPower(cutStyles['nothing']);
    expect(machine.disk.list()).toEqual(['s']);
  });

  it('that finds another one under way waits for what that one took on', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.writeSmall([{ target: smallTarget, data: small.data }]);
    const first = disk.flush();
    await disk.flush();
    machine.cutPower(cutStyles['nothing']);
    expect(machine.disk.list()).toEqual(['s']);
    await first.catch(() => undefined);
  });

  it('makes durable what was found in place', async () => {
    const machine = new SimulatedMachine();
    await machine.start().writeSmall([{ target: smallTarget, data: small.data }]);
    machine.kill();
    const disk = machine.start();
    expect(await disk.existing([smallTarget], openOptions.signal)).toEqual(['/base/s']);
    await disk.flush();
    machine.cutPower(cutStyles['nothing']);
    expect(machine.disk.list()).toEqual(['s']);
  });
});

describe('what a kill left of a small file', () => {
  async function killedBeforeNaming(): Promise<SimulatedMachine> {
    const machine = new SimulatedMachine();
    machine.disk.fault = (operation, name) => {
      if (operation === 'link' && !name.includes('probe')) machine.kill();
      return null;
    };
    await machine.start().writeSmall([{ target: smallTarget, data: small.data }]).catch(() => undefined);
    machine.disk.fault = () => null;
    expect(machine.disk.list()).toHaveLength(1);
    return machine;
  }

  it('goes when the same file lies there meanwhile, put there by somebody else', async () => {
    const machine = await killedBeforeNaming();
    machine.disk.put('/base/s', small.data);
    expect(await machine.start().existing([smallTarget], openOptions.signal)).toEqual(['/base/s']);
    expect(machine.disk.list()).toEqual(['s']);
  });

  it('goes when the file is not wanted any more', async () => {
    const machine = await killedBeforeNaming();
    await machine.start().discardPartial('/base', smallTarget.path, small.data.length, smallTarget.root);
    expect(machine.disk.list()).toEqual([]);
  });

  it('is not what is being written now', async () => {
    const machine = new SimulatedMachine();
    // While the file lies there whole under its passing name.
    machine.mark = async () => {
      machine.disk.put('/base/s', small.data);
      expect(await disk.existing([smallTarget], openOptions.signal)).toEqual(['/base/s']);
    };
    const disk = machine.start();
    expect(await disk.writeSmall([{ target: smallTarget, data: small.data }])).toEqual([{ kind: 'done', path: '/base/s', existed: true }]);
    expect(machine.disk.list()).toEqual(['s']);
  });
});

it('a volume that is away is not tried out either: nothing comes to lie beneath its mount point', async () => {
  const machine = new SimulatedMachine();
  machine.isAway = true;
  const disk = machine.start();
  const asked: string[] = [];
  machine.disk.fault = (operation) => {
    asked.push(operation);
    return null;
  };
  await expect(disk.volume('/base')).rejects.toMatchObject({ code: 'folder-gone' });
  await expect(disk.open(1, target, openOptions)).rejects.toMatchObject({ code: 'folder-gone' });
  expect(await disk.look(target, openOptions.signal)).toMatchObject({ haveBytes: 0, existing: null });
  await disk.discardPartial(target.base, target.path, target.bytes, target.root);
  expect(asked).not.toContain('create');
});

describe('finishing', () => {
  it('that failed half way gives the file no second name when it is tried again', async () => {
    const machine = new SimulatedMachine();
    const disk = await received(machine);
    machine.disk.fault = (operation) => (operation === 'syncFolder' ? 'EIO' : null);
    await expect(disk.finish(1)).rejects.toMatchObject({ code: 'disk-error' });
    machine.disk.fault = () => null;
    expect(await disk.finish(1)).toEqual({ path: '/base/file' });
    expect(machine.disk.list()).toEqual(['file']);
  });

  it('that was killed half way leaves the file to the user, who may change it', async () => {
    const machine = new SimulatedMachine();
    const disk = await received(machine);
    machine.disk.fault = (operation, name) => {
      if (operation === 'unlink' && name === 'file.part') machine.kill();
      return null;
    };
    await expect(disk.finish(1)).rejects.toThrow();
    machine.disk.fault = () => null;
    machine.disk.damage('/base/file', 20_000);
    const changed = Buffer.from(machine.disk.contentOf('/base/file'));
    const again = await received(machine);
    expect(await again.finish(1)).toEqual({ path: '/base/file (2)' });
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(changed)).toBe(true);
    expect(machine.disk.list()).toEqual(['file', 'file (2)']);
  });
});

it('giving up deletes no file that somebody else put in the place of ours', async () => {
  const machine = new SimulatedMachine();
  const disk = await received(machine);
  machine.disk.put('/base/file.part', mine);
  await disk.discard(1);
  expect(machine.disk.list()).toEqual(['file.part']);
  expect(machine.disk.contentOf('/base/file.part')).toEqual(mine);
});

it('lets go of the folders of small files when none has come for a while, and opens them again', async () => {
  const machine = new SimulatedMachine();
  const disk = machine.start();
  const write = async (name: string): Promise<void> => {
    expect(await disk.writeSmall([{ target: targetOf(small, '/base', ['sub', name]), data: small.data }])).toMatchObject([{ kind: 'done' }]);
  };
  await write('a');
  const open = machine.disk.handles.size;
  await write('b');
  machine.ring();
  expect([open, machine.disk.handles.size]).toEqual([1, 1]);
  machine.ring();
  expect(machine.disk.handles.size).toBe(0);
  await write('c');
  expect(machine.disk.list('/base/sub')).toEqual(['a', 'b', 'c']);
});
