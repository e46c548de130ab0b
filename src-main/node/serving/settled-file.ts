import type { Millis, Timestamp } from '#shared/units.ts';
import { settledAt } from '../library/coarse-times.ts';
import type { FileRef } from '../ports/library.ts';

export interface SettledPorts {
  /** As files are stamped. */
  readonly now: () => Timestamp;
  readonly pause: (ms: Millis) => Promise<void>;
}

/**
 * Finds a file that is about to be opened. One without a hash is read while it is sent, so it must not be written to in between without that being seen: it
 * is waited until each write gives it another time than the one it was found with, at most a few seconds.
 */
export async function findSettled(find: () => Promise<FileRef>, { now, pause }: SettledPorts): Promise<FileRef> {
  const file = await find();
  if (file.contentId !== null) return file;
  const waitMs = settledAt(file.modifiedAt, now()) - now();
  if (waitMs > 0) await pause(waitMs);
  return file;
}
