import type { ContentId, ShareId } from '#shared/ids.ts';
import { nameTokens } from '#main/core/search/text.ts';
import type { Store, StoreBatch } from '#main/disk/store/store.ts';
import { belowRanges, entryKey, locationKey, nameOf, pathKey, pathOfEntryKey, shareRange, tables, tokenKey, type EntryRecord } from './tables.ts';
import { hasLayer } from './tree-commit.ts';

export interface Swept {
  hashedFiles: number;
  hashedBytes: number;
  problems: number;
  readonly dropped: Set<ContentId>;
}

/**
 * Deletes everything below a folder that is already out of the listing, with every index of it, a few hundred entries a
 * write. Can be interrupted and begun again.
 */
export async function sweepFolder(store: Store, share: ShareId, path: string): Promise<Swept> {
  const swept: Swept = { hashedFiles: 0, hashedBytes: 0, problems: 0, dropped: new Set() };
  for (const range of belowRanges(share, path)) {
    for await (const rows of store.batches(tables.entry, range)) {
      const batch = store.batch();
      for (const [key, entry] of rows) sweepEntry(batch, share, pathOfEntryKey(key), entry, swept);
      await batch.write();
    }
    for await (const keys of store.keyBatches(tables.problem, range)) {
      const batch = store.batch();
      for (const key of keys) batch.delete(tables.problem, key);
      swept.problems += keys.length;
      await batch.write();
    }
  }
  return swept;
}

function sweepEntry(batch: StoreBatch, share: ShareId, path: string, entry: EntryRecord, swept: Swept): void {
  const key = entryKey(share, path);
  batch.delete(tables.entry, key);
  for (const token of nameTokens(nameOf(path))) batch.delete(tables.token, tokenKey(token, share, path));
  if (entry.kind === 'folder') batch.delete(tables.page, key).delete(tables.due, pathKey(share, path));
  if (entry.contentId === null) {
    if (entry.kind === 'file') batch.delete(tables.todo, pathKey(share, path));
    return;
  }
  batch.delete(tables.location, locationKey(entry.contentId, share, path));
  if (entry.kind === 'folder') return;
  if (hasLayer(entry)) swept.dropped.add(entry.contentId);
  swept.hashedFiles++;
  swept.hashedBytes += entry.bytes;
}

/** Deletes the hashes that were kept while a share was listed anew. */
export async function deleteKept(store: Store, share: ShareId): Promise<void> {
  for await (const keys of store.keyBatches(tables.kept, shareRange(share))) {
    const batch = store.batch();
    for (const key of keys) batch.delete(tables.kept, key);
    await batch.write();
  }
}

/** Keeps all hashes of a share beside its listing, so that the listing can be made anew from the disk. */
export async function keepHashes(store: Store, share: ShareId): Promise<void> {
  for await (const rows of store.batches(tables.entry, shareRange(share))) {
    const batch = store.batch();
    for (const [key, entry] of rows) {
      if (entry.kind === 'file' && entry.contentId !== null) batch.put(tables.kept, pathKey(share, pathOfEntryKey(key)), { version: entry.version, contentId: entry.contentId });
    }
    await batch.write();
  }
}
