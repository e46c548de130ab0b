import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import { KiB, MiB } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import { writeFully, type Files, type Folder } from '../files.ts';

/** How the files begin that are made to try out a volume, and removed again. */
export const trialPrefix = '.distrishare-probe-';

/** A hole counts as one when a file with one byte at the end takes less than this. */
const holeBytes = 1 * MiB;

const cannot: ReadonlySet<string | null> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK', 'EISDIR', 'EBADF', 'EACCES', 'UNKNOWN']);

/** Whether a system error says "this volume does not do that" rather than "it went wrong". */
export const isUnsupported = (thrown: unknown): boolean => cannot.has(systemCode(thrown));

async function canSyncFolder(files: Files, folder: Folder): Promise<boolean> {
  try {
    await files.syncFolder(folder);
    return true;
  } catch (thrown) {
    if (isUnsupported(thrown)) return false;
    throw thrown;
  }
}

function canLink(files: Files, folder: Folder, from: string, to: string): boolean {
  try {
    files.link(folder, from, to);
  } catch (thrown) {
    if (isUnsupported(thrown)) return false;
    throw thrown;
  }
  files.unlink(folder, to);
  return true;
}

/** Makes a file, asks whether it is found under a variant of its name, and removes it. */
function isTaken(files: Files, folder: Folder, name: string, variant: string): boolean {
  files.close(files.create(folder, name));
  try {
    return files.lookup(folder, variant) !== null;
  } finally {
    files.unlink(folder, name);
  }
}

function hasStableInodes(files: Files, folder: Folder, name: string, renamed: string): boolean {
  const before = files.lookup(folder, name)?.inode ?? 0n;
  files.rename(folder, name, renamed);
  const after = files.lookup(folder, renamed)?.inode ?? 0n;
  files.rename(folder, renamed, name);
  return before !== 0n && before === after && files.volumeKind(folder) !== 'loose-inodes';
}

/**
 * Finds out by trying what the volume of a folder can do. Leaves nothing behind, unless it is killed (`old-trials.ts`). `token` makes the names of its trial
 * files unique. Throws system errors (no space, no permission).
 */
export async function probeVolume(files: Files, folder: Folder, token: string): Promise<VolumeAbilities> {
  const trial = `${trialPrefix}${token}`;
  const folderSync = await canSyncFolder(files, folder);
  const abilities = { ...(await tryOut(files, folder, trial)), folderSync };
  // So that a power cut does not bring the trial files back.
  if (folderSync && !abilities.isMemory) await files.syncFolder(folder);
  return abilities;
}

async function tryOut(files: Files, folder: Folder, trial: string): Promise<Omit<VolumeAbilities, 'folderSync'>> {
  const fd = files.create(folder, trial);
  try {
    let holes: boolean;
    try {
      files.truncate(fd, holeBytes);
      writeFully(files, fd, new Uint8Array(1), holeBytes - 1);
      await files.syncData(fd);
      holes = files.stat(fd).allocatedBytes < holeBytes / 2;
      files.truncate(fd, 4 * KiB);
    } finally {
      files.close(fd);
    }
    return {
      isMemory: files.volumeKind(folder) === 'memory',
      holes,
      stableInodes: hasStableInodes(files, folder, trial, `${trial}-r`),
      hardLinks: canLink(files, folder, trial, `${trial}-l`),
      caseSensitive: !isTaken(files, folder, `${trial}-c`, `${trial}-C`),
      formSensitive: !isTaken(files, folder, `${trial}-\u00e9`, `${trial}-e\u0301`),
      sharpSensitive: !isTaken(files, folder, `${trial}-\u00df`, `${trial}-ss`),
    };
  } finally {
    files.unlink(folder, trial);
  }
}
