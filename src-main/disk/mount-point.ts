import { readdirSync, statSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { trialPrefix } from './volume.ts';

/**
 * Where the volume begins that a folder lies on; null on the system's own, whose beginning is the root. Its path and not the
 * number of its device: of network and removable volumes that changes. Rejects with system errors.
 */
export async function mountPointOf(folder: string): Promise<string | null> {
  let here = await realpath(folder);
  const { dev } = await stat(here);
  for (let above = dirname(here); above !== here; above = dirname(here)) {
    if ((await stat(above)).dev !== dev) return here;
    here = above;
  }
  return null;
}

/**
 * Whether a volume that was mounted here is away: nothing is mounted, and there is no file beneath. With files in it, somebody
 * keeps there now what was on the volume.
 */
export function isMountAway(mountPoint: string): boolean {
  const here = statSync(mountPoint, { throwIfNoEntry: false });
  if (here === undefined) return true;
  return here.dev === statSync(dirname(mountPoint)).dev && hasNoFile(mountPoint);
}

/** Empty folders say nothing: programs make where they are to put something. Nor do our own trial files. One that we may not look into is somebody's. */
function hasNoFile(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).every((entry) => entry.name.startsWith(trialPrefix) || (entry.isDirectory() && hasNoFile(join(folder, entry.name))));
  } catch {
    return false;
  }
}

export function noteMount(mounts: Map<string, string>, base: string, mountPoint: string | null): void {
  if (mountPoint === null) mounts.delete(base);
  else mounts.set(base, mountPoint);
}
