import { lstat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { GiB, type Bytes } from '#shared/units.ts';

/** The hashes of a smaller file's pieces are 2 MiB at most, which is no burden to ask for. */
const burdenBytes = 1024 * GiB;

/**
 * Throws `disk-full` when a file is larger than the whole volume it is to go to, and does not lie there already. Whoever lists a file may say any size: of the
 * largest the hashes alone are 128 MiB, which take seconds to prove, and all of that for nothing again at each try.
 */
export async function assertCouldFit(base: string, path: readonly string[], bytes: Bytes): Promise<void> {
  if (bytes < burdenBytes) return;
  const target = join(base, ...path);
  // What is wrong with the folder is told when the file is opened.
  const volume = await statfs(dirname(target)).catch(() => statfs(base)).catch(() => null);
  // Some volumes do not say how large they are.
  if (volume === null || volume.blocks === 0 || bytes <= volume.blocks * volume.bsize) return;
  const there = await lstat(target).catch(() => null);
  if (there?.size !== bytes) throw new AppError('disk-full', { path: dirname(target), wanted: bytes, free: volume.bavail * volume.bsize });
}
