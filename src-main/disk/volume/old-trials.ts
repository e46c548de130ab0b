import { hour, MiB, type Bytes, type Timestamp } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import { readFully, type Files, type Folder } from '../files.ts';
import { trialPrefix } from './volume.ts';

/** Each name that `probeVolume` gives, with the token that `Volumes` chooses. */
const trialName = new RegExp(`^\\${trialPrefix}[0-9a-f]{16}(-.{1,2})?$`, 'u');
/** No trial file is ever longer, and all of it is zeros; a power cut may leave any part of that. */
const mostBytes: Bytes = 1 * MiB;
/** Nobody tries out a volume for so long, however slow it is: whoever made the file is dead. */
const oldMs = 1 * hour;

/**
 * Takes away the trial files of those who were killed when they tried out the volume of this folder. What is younger may be somebody's at work,
 * here or on another machine; what holds anything is somebody's own, whatever its name.
 */
export function removeOldTrials(files: Files, folder: Folder, now: Timestamp): void {
  try {
    for (const name of files.list(folder)) if (trialName.test(name) && isOldTrial(files, folder, name, now)) files.unlink(folder, name);
  } catch (thrown) {
    // They harm nobody: whatever the disk has against it, the next look may take them.
    if (systemCode(thrown) === null) throw thrown;
  }
}

function isOldTrial(files: Files, folder: Folder, name: string, now: Timestamp): boolean {
  const state = files.lookup(folder, name);
  if (state?.kind !== 'file' || state.bytes > mostBytes) return false;
  // A time stamp in the future is that of a clock that was set back since.
  return Math.abs(now - Number(state.modifiedNs / 1_000_000n)) >= oldMs && isBlank(files, folder, name, state.bytes);
}

function isBlank(files: Files, folder: Folder, name: string, bytes: Bytes): boolean {
  const fd = files.open(folder, name, 'read');
  try {
    const content = new Uint8Array(bytes);
    return readFully(files, fd, content, 0) === bytes && Buffer.compare(content, new Uint8Array(bytes)) === 0;
  } finally {
    files.close(fd);
  }
}
