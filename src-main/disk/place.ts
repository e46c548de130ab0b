import { numberedName } from '#shared/names.ts';
import { systemCode } from './disk-error.ts';
import type { Files, Folder } from './files.ts';
import { isUnsupported } from './volume.ts';

/** Tries before giving up on a name: `name (10000).ext` is nobody's wish. */
const maxNumber = 10_000;

const isThere = (thrown: unknown): boolean => systemCode(thrown) === 'EEXIST';

/**
 * Gives a file its final name by a link, which never replaces anything, and takes the old name away. Volumes without
 * links: an empty file is made exclusively to reserve the name, and the rename replaces that one. False when taken.
 */
function place(files: Files, folder: Folder, from: string, to: string, hardLinks: boolean): boolean {
  if (hardLinks) {
    try {
      files.link(folder, from, to);
      files.unlink(folder, from);
      return true;
    } catch (thrown) {
      if (isThere(thrown)) return false;
      if (!isUnsupported(thrown)) throw thrown;
    }
  }
  try {
    files.close(files.create(folder, to));
  } catch (thrown) {
    if (isThere(thrown)) return false;
    throw thrown;
  }
  try {
    files.rename(folder, from, to);
    return true;
  } catch (thrown) {
    files.unlink(folder, to);
    throw thrown;
  }
}

/**
 * Moves `from` to `name`, or to the first free `name (n).ext`; never replaces anything. `isSame` is asked about each name
 * that is taken: true means that the same content lies there already, so `from` is deleted instead.
 */
export function placeUnderFreeName(
  files: Files,
  folder: Folder,
  from: string,
  name: string,
  hardLinks: boolean,
  isSame: (taken: string) => boolean = () => false,
): { name: string; existed: boolean } {
  for (let n = 1; n <= maxNumber; n++) {
    const candidate = numberedName(name, n);
    if (place(files, folder, from, candidate, hardLinks)) return { name: candidate, existed: false };
    if (!isSame(candidate)) continue;
    files.unlink(folder, from);
    return { name: candidate, existed: true };
  }
  throw Object.assign(new Error(`no free name for ${name}`), { code: 'EEXIST' });
}
