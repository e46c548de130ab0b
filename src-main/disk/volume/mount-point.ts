import { readdirSync, statSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
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
 * Whether a volume is mounted right here, of a folder whose device is another one than that of the folder it lies in. Linux says so; btrfs has
 * such numbers for parts of a volume, too. Elsewhere the number is enough. Rejects with system errors.
 */
export async function isMountPoint(folder: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => null);
  if (mounts === null) return true;
  const here = await realpath(folder);
  return mounts.split('\n').some((line) => fifthWord(line) === here);
}

/** Where something is mounted, of a line of mountinfo (man 5 proc): what would part words is written in octal. */
const fifthWord = (line: string): string => (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

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
