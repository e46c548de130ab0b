import { expect } from 'vitest';
import type { ReceiveDisk } from '#main/disk/receive/receive-disk.ts';
import { KiB } from '#shared/units.ts';
import type { Operation } from '../simulated/simulated-files.ts';
import { type SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf } from './sample-file.ts';

export const pieceBytes = 16 * KiB;
export const file = sampleFile(200_000, 1, pieceBytes);
export const target = targetOf(file, '/base', ['file']);

/** Pieces of a bitfield, as text. */
export const pieces = (have: Uint8Array): string => Array.from({ length: file.pieces }, (_, at) => at).filter((at) => ((have[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0).join(',');

export const write = async (disk: ReceiveDisk, handle: number, indices: Iterable<number>): Promise<void> => {
  for (const piece of indices) expect(await disk.write(handle, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
};
export const rest = (): Iterable<number> => Array.from({ length: file.pieces }, (_, at) => at).values();

export async function expectFinishes(machine: SimulatedMachine, disk = machine.start(), handle = 90): Promise<void> {
  await disk.open(handle, target, openOptions);
  await write(disk, handle, rest());
  expect(await disk.finish(handle)).toEqual({ path: '/base/file' });
  expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data))).toBe(true);
  expect(machine.disk.list()).toEqual(['file']);
}

/** Makes operations on names with an ending fail, from the n-th on (from 0). */
export function failing(machine: SimulatedMachine, operation: Operation, ending: string, code: string, from = 0): void {
  let count = 0;
  machine.disk.fault = (asked, name) => (asked === operation && name.endsWith(ending) && count++ >= from ? code : null);
}
export const heal = (machine: SimulatedMachine): void => {
  machine.disk.fault = () => null;
};
