import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isVersion } from '../file-version.ts';
import { isInside } from '../is-inside.ts';
import { pathIn } from '../path-in.ts';
import { readFlagsNoFollow } from '../read-flags.ts';

/** Parts of small files to be read, in columns: a message to another thread costs by the objects in it. */
export interface SmallReads {
  readonly paths: readonly string[];
  /** Real path of the folder (or file) that each must lie in, links followed; null: wherever it lies. */
  readonly insides: readonly (string | null)[];
  /** `fileVersion` that each must still have after it was read. */
  readonly versions: readonly string[];
  readonly buffers: readonly SharedArrayBuffer[];
  /** Four numbers each: position in the file, buffer, offset in the buffer, bytes. */
  readonly places: Float64Array;
}

/** Reads each part in full. One byte each: 1, or 0 when the file is gone, elsewhere, shorter, or another version. */
export function readSmallFiles({ paths, insides, versions, buffers, places }: SmallReads): Uint8Array {
  const folders = new Map<string, string | null>();
  const realFolder = (folder: string): string | null => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    let real: string | null = null;
    try {
      real = realpathSync.native(folder);
    } catch {
      // Gone: then nothing is in it.
    }
    folders.set(folder, real);
    return real;
  };
  return Uint8Array.from(paths, (path, at) => {
    const folder = realFolder(dirname(path));
    const inside = insides[at] ?? null;
    const memory = buffers[places[4 * at + 1] ?? 0];
    if (folder === null || memory === undefined) return 0;
    const real = pathIn(folder, basename(path));
    if (inside !== null && !isInside(inside, real)) return 0;
    return readPart(real, versions[at] ?? '', places[4 * at] ?? 0, new Uint8Array(memory, places[4 * at + 2], places[4 * at + 3])) ? 1 : 0;
  });
}

function readPart(path: string, version: string, position: number, into: Uint8Array): boolean {
  let fd: number | null = null;
  try {
    fd = openSync(path, readFlagsNoFollow);
    for (let filled = 0; filled < into.length;) {
      const count = readSync(fd, into, filled, into.length - filled, position + filled);
      if (count === 0) return false;
      filled += count;
    }
    // After the reading: what was read before a change was noticed must not go out.
    const stat = fstatSync(fd, { bigint: true });
    return stat.isFile() && isVersion(version, stat);
  } catch {
    // Not there or not readable now: whoever asked hears that it is gone.
    return false;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
