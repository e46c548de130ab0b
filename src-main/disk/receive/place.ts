import { numberedName } from '#shared/names.ts';
import { systemCode } from '../disk-error.ts';
import type { Files, Folder } from '../files.ts';
import { isUnsupported } from '../volume/volume.ts';

/** Tries before giving up on a name: `name (10000).ext` is nobody's wish. */
const maxNumber = 10_000;

const isThere = (thrown: unknown): boolean => systemCode(thrown) === 'EEXIST';

/** `linked`: the file has both names now. `moved`: it has the new one alone. */
type Placed = 'taken' | 'linked' | 'moved';

/**
 * Gives a file its final name by a link, which never replaces anything. Volumes without links: an empty file is made
 * exclusively to reserve the name, and the rename replaces that one.
 */
function place(files: Files, folder: Folder, from: string, to: string, hardLinks: boolean): Placed {
  if (hardLinks) {
    try {
      files.link(folder, from, to);
      return 'linked';
    } catch (thrown) {
      if (isThere(thrown)) return 'taken';
      if (!isUnsupported(thrown)) throw thrown;
    }
  }
  try {
    files.close(files.create(folder, to));
  } catch (thrown) {
    if (isThere(thrown)) return 'taken';
    throw thrown;
  }
  try {
    files.rename(folder, from, to);
    return 'moved';
  } catch (thrown) {
    files.unlink(folder, to);
    throw thrown;
  }
}

/**
 * Gives `from` the name `name`, or the first free `name (n).ext`; never replaces anything. `isSame` is asked about each name
 * that is taken: true means that the same content lies there already. Unless the volume has no links the old name is
 * still there (`oldRemains`): it may go when the new one is durable.
 */
export function placeUnderFreeName(
  files: Files,
  folder: Folder,
  from: string,
  name: string,
  hardLinks: boolean,
  isSame: (taken: string) => boolean = () => false,
): { name: string; existed: boolean; oldRemains: boolean } {
  for (let n = 1; n <= maxNumber; n++) {
    const candidate = numberedName(name, n);
    const placed = place(files, folder, from, candidate, hardLinks);
    if (placed !== 'taken') return { name: candidate, existed: false, oldRemains: placed === 'linked' };
    if (isSame(candidate)) return { name: candidate, existed: true, oldRemains: true };
  }
  throw Object.assign(new Error(`no free name for ${name}`), { code: 'EEXIST' });
}
