import { equalBytes } from '#main/core/content/merkle.ts';
import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import type { Bytes } from '#shared/units.ts';
import type { Folder } from '../files.ts';
import { releaseLock, takeLock } from './file-lock.ts';
import { readJournal, removeJournals } from './journal-file.ts';
import { isOwnPart } from './own-part.ts';
import { partNames } from './part-names.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** Numbers looked at: as many unfinished files of one name as anybody has. */
const namesLookedAt = 16;

interface Discarded {
  readonly name: string;
  readonly bytes: Bytes;
  readonly root: Uint8Array | null;
}

/**
 * Deletes unfinished files of a name and length that nobody writes now, with a root only those of that content. Only what a journal of ours
 * speaks of is touched, and only the very part file that it speaks of.
 */
export async function deletePartial(world: ReceiveWorld, folder: Folder, { name, bytes, root }: Discarded, volume: VolumeAbilities): Promise<void> {
  const { files } = world;
  for (let n = 1; n <= namesLookedAt; n++) {
    const names = partNames(name, n, world.sha256);
    const parsed = readJournal(files, folder, names.progress, world.sha256);
    if (parsed?.kind !== 'journal') continue;
    const { journal } = parsed;
    if (journal.header.bytes !== bytes) continue;
    if (root !== null && journal.root !== null && !equalBytes(journal.root, root)) continue;
    if (takeLock(world, folder, names.lock, '').kind === 'held') continue;
    try {
      const part = files.lookup(folder, names.part);
      if (part !== null && isOwnPart(journal, { files, folder, names, volume, part })) {
        files.unlink(folder, names.part);
        // The journal goes last and alone: it tells whose the part file is.
        if (volume.folderSync && !volume.isMemory) await files.syncFolder(folder);
      }
      removeJournals(files, folder, names);
    } finally {
      releaseLock(world, folder, names.lock);
    }
  }
}
