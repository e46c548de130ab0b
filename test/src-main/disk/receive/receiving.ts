import { readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { createReceiver, type ReceiverOptions } from '#main/disk/receive/receiver.ts';
import type { Receiver } from '#main/node/ports/receiver.ts';
import type { SampleFile } from './sample-file.ts';

/** One with a single thread, gone when the test ends. */
export function receiver(options: ReceiverOptions = {}): Receiver {
  const created = createReceiver({ workers: 1, ...options });
  onTestFinished(() => created.shutdown());
  return created;
}

/** Writes these pieces, each of which is taken. */
export const writeAll = async (disk: Receiver, handle: number, file: SampleFile, pieces: Iterable<number>): Promise<void> => {
  for (const piece of pieces) expect(await disk.write(handle, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
};

/** `0 … count - 1` */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
/** Whether the file at `path` has the bytes of `file`. */
export const same = (path: string, file: SampleFile): boolean => Buffer.from(file.data).equals(readFileSync(path));
