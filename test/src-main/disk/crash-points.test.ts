import { describe, expect, it } from 'vitest';
import type { ReceiveDisk } from '#main/disk/receive-disk.ts';
import { KiB } from '#shared/units.ts';
import { sampleFile, targetOf } from './sample-file.ts';
import { SimulatedMachine, openOptions } from './simulated-world.ts';

/**
 * A whole life of an unfinished file, ended at every single operation of the disk in turn, by a kill and by a power
 * cut. Afterwards nothing false may be claimed, nothing that was there may be gone, and the file must still be finished.
 */
const pieceBytes = 16 * KiB;
const file = sampleFile(100_000, 1, pieceBytes);
const other = sampleFile(100_000, 9, pieceBytes);
const small = [sampleFile(100, 5), sampleFile(3000, 6)];
const mine = new TextEncoder().encode('this was here before');

const write = async (disk: ReceiveDisk, handle: number, pieces: readonly number[], provisional = false): Promise<void> => {
  for (const piece of pieces) expect(await disk.write(handle, piece, file.piece(piece), provisional ? file.hash(piece) : null)).toEqual({ kind: 'written' });
};

const lives: Record<string, (machine: SimulatedMachine) => Promise<void>> = {
  async 'write, close, go on, finish'(machine) {
    const first = machine.start();
    const target = targetOf(file, '/base', ['sub', 'file']);
    await first.open(1, target, openOptions);
    await write(first, 1, [0, 3]);
    machine.ring();
    await write(first, 1, [1, 4, 2]);
    await first.close(1);
    await first.open(2, target, openOptions);
    await write(first, 2, [0, 1, 2, 3, 4, 5, 6]);
    await first.finish(2);
  },
  async 'provisional, then bound'(machine) {
    const disk = machine.start();
    const target = targetOf(file, '/base', ['sub', 'file'], { root: null, layer: null });
    await disk.open(1, target, openOptions);
    await disk.write(1, 2, other.piece(2), other.hash(2));
    await write(disk, 1, [0, 1, 3], true);
    machine.ring();
    await disk.bindRoot(1, file.root, file.layer);
    await write(disk, 1, [2, 4, 5, 6]);
    await disk.finish(1);
  },
  async 'discard'(machine) {
    const disk = machine.start();
    await disk.open(1, targetOf(file, '/base', ['sub', 'file']), openOptions);
    await write(disk, 1, [0, 1]);
    await disk.discard(1);
  },
  async 'small files'(machine) {
    const disk = machine.start();
    await disk.writeSmall(small.map((each, at) => ({ target: targetOf(each, '/base', ['sub', `small ${at}`]), data: each.data })));
    await disk.flush();
    await disk.open(1, targetOf(file, '/base', ['sub', 'file']), openOptions);
    await disk.shutdown();
  },
};

/** Operations of one undisturbed life. */
async function countOperations(life: (machine: SimulatedMachine) => Promise<void>, prepare: (machine: SimulatedMachine) => void): Promise<number> {
  let count = 0;
  const machine = new SimulatedMachine();
  prepare(machine);
  machine.disk.fault = () => (count++, null);
  await life(machine);
  return count;
}

const contentAt = (machine: SimulatedMachine, path: string): Buffer => Buffer.from(machine.disk.contentOf(path));

/** After the crash: opens the file, checks every claim, and receives the rest. */
async function finishAfter(machine: SimulatedMachine): Promise<void> {
  const disk = machine.start();
  const target = targetOf(file, '/base', ['sub', 'file']);
  const { have, existing } = await disk.open(1, target, openOptions);
  const part = machine.disk.list('/base/sub').find((name) => name.endsWith('.part'));
  for (let piece = 0; piece < file.pieces && existing === null; piece++) {
    if (((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0) continue;
    const claimed = machine.disk.contentOf(`/base/sub/${part}`).subarray(piece * pieceBytes, (piece + 1) * pieceBytes);
    expect(Buffer.from(file.piece(piece)).equals(claimed), `piece ${piece} is what was claimed`).toBe(true);
  }
  if (existing === null) {
    await write(disk, 1, [0, 1, 2, 3, 4, 5, 6]);
    await disk.finish(1);
  }
  // What was called finished, or said to be there, survives a power cut at once.
  machine.cutPower();
  expect(contentAt(machine, '/base/sub/file').equals(Buffer.from(file.data))).toBe(true);
  const second = machine.start();
  await second.writeSmall(small.map((each, at) => ({ target: targetOf(each, '/base', ['sub', `small ${at}`]), data: each.data })));
  await second.flush();
  machine.cutPower();
  small.forEach((each, at) => expect(contentAt(machine, `/base/sub/small ${at}`).equals(Buffer.from(each.data))).toBe(true));
}

const volumes: Record<string, (machine: SimulatedMachine) => void> = {
  'an ordinary volume': () => undefined,
  'a volume without links, folder sync and lasting inodes': (machine) => {
    machine.disk.kind = 'loose-inodes';
    const before = machine.disk.fault;
    machine.disk.fault = (operation, name) => (operation === 'link' ? 'EPERM' : operation === 'syncFolder' ? 'EINVAL' : before(operation, name));
  },
};

describe.each(Object.keys(lives))('a crash at any moment of: %s', (name) => {
  const life = lives[name] ?? (() => Promise.resolve());

  it.each(['kill', 'cutPower'] as const)('by %s', async (end) => {
    const operations = await countOperations(life, () => undefined);
    expect(operations).toBeGreaterThan(20);
    for (let at = 0; at < operations; at++) {
      const machine = new SimulatedMachine(at + 1);
      machine.disk.put('/base/mine', mine);
      let count = 0;
      machine.disk.fault = () => {
        if (count++ === at) machine[end]();
        return count > at ? 'EKILLED' : null;
      };
      await life(machine).catch(() => undefined);
      machine.disk.fault = () => null;
      await finishAfter(machine);
      expect(contentAt(machine, '/base/mine').equals(Buffer.from(mine))).toBe(true);
    }
  });
});

it.each(Object.keys(volumes))('a kill on %s', async (name) => {
  const prepare = volumes[name] ?? (() => undefined);
  const life = lives['write, close, go on, finish'] ?? (() => Promise.resolve());
  const operations = await countOperations(life, () => undefined);
  for (let at = 0; at < operations; at++) {
    const machine = new SimulatedMachine(at + 1);
    let count = 0;
    machine.disk.fault = () => {
      if (count++ === at) machine.kill();
      return count > at ? 'EKILLED' : null;
    };
    prepare(machine);
    await life(machine).catch(() => undefined);
    machine.disk.fault = () => null;
    prepare(machine);
    const disk = machine.start();
    const { existing } = await disk.open(1, targetOf(file, '/base', ['sub', 'file']), openOptions);
    if (existing === null) {
      await write(disk, 1, [0, 1, 2, 3, 4, 5, 6]);
      await disk.finish(1);
    }
    // Without links a kill between reserving the name and moving to it leaves the reserved name, empty.
    const finished = contentAt(machine, '/base/sub/file').length === 0 ? '/base/sub/file (2)' : '/base/sub/file';
    expect(contentAt(machine, finished).equals(Buffer.from(file.data))).toBe(true);
    await disk.shutdown();
  }
});
