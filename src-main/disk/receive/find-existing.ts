import type { FileTarget } from '#main/node/ports/receiver.ts';
import { numberedName } from '#shared/names.ts';
import type { Bytes } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import type { Folder } from '../files.ts';
import { pathIn } from '../path-in.ts';
import { hasRoot } from './check-pieces.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** `name.ext` and the numbered ones after it are looked at, as long as they exist: an earlier download may have got a number. */
const namesLookedAt = 10;

/** How a long check is called off and tells how far it is. */
export interface CheckOptions {
  readonly signal: AbortSignal;
  readonly progress: { bytes: Bytes; readonly tell: (bytes: Bytes) => void };
}

async function isIdentical(world: ReceiveWorld, folder: Folder, name: string, target: FileTarget, root: Uint8Array, options: CheckOptions): Promise<boolean> {
  let fd: number;
  try {
    fd = world.files.open(folder, name, 'read');
  } catch (thrown) {
    // Gone meanwhile, turned into something else, or not ours to read: then it is none that we can keep.
    if (systemCode(thrown) !== null) return false;
    throw thrown;
  }
  try {
    return await hasRoot({ world, fd, direct: null, bytes: target.bytes, pieceBytes: target.pieceBytes, ...options }, root, target.layer);
  } finally {
    world.files.close(fd);
  }
}

/** Path of a file with the target's content under the target's name (or a number of it), verified; else null. */
export async function findExisting(world: ReceiveWorld, folder: Folder, target: FileTarget, options: CheckOptions): Promise<string | null> {
  const { root, bytes } = target;
  if (root === null) return null;
  for (let n = 1; n <= namesLookedAt; n++) {
    const name = numberedName(target.path.at(-1) ?? '', n);
    const state = world.files.lookup(folder, name);
    if (state === null) return null;
    if (state.kind !== 'file' || state.bytes !== bytes) continue;
    if (await isIdentical(world, folder, name, target, root, options)) return pathIn(folder.path, name);
  }
  return null;
}
