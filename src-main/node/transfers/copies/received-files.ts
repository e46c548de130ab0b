import { stat } from 'node:fs/promises';
import * as z from 'zod';
import type { ContentId } from '#shared/ids.ts';
import { bytesSchema, timestampSchema } from '#shared/model/ids.ts';
import { second, type Bytes, type Timestamp } from '#shared/units.ts';
import { systemCode } from '../../../disk/disk-error.ts';
import { jsonTable, type Store, type StoreBatch } from '../../../disk/store/store.ts';

/** Where a content was put last, and when it was complete there. */
const receivedTable = jsonTable('received', z.object({ path: z.string(), bytes: bytesSchema, at: timestampSchema }));
/** Clocks of file systems are coarser than ours. */
const clockMs = 1 * second;

/**
 * Every file that was fetched, by content, for as long as it lies where it was put: outlives the list of downloads and a restart. A file that was
 * changed since is none of ours any more.
 */
export class ReceivedFiles {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A file lies complete at `path`; known when the batch is written. */
  note(batch: StoreBatch, id: ContentId, path: string, bytes: Bytes, at: Timestamp): void {
    batch.put(receivedTable, id, { path, bytes, at });
  }

  /** Those of the contents that lie untouched where they were put. */
  async here(ids: readonly ContentId[]): Promise<Set<ContentId>> {
    const rows = await this.#store.getMany(receivedTable, ids);
    const here = new Set<ContentId>();
    const gone = this.#store.batch();
    await Promise.all(ids.map(async (id, at) => {
      const row = rows[at];
      if (row === undefined) return;
      try {
        const file = await stat(row.path);
        if (file.isFile() && file.size === row.bytes && file.ctimeMs <= row.at + clockMs) here.add(id);
        else gone.delete(receivedTable, id);
      } catch (error) {
        // What cannot be looked at now, as on a disk that was taken out, may come back; what was taken away does not.
        if (systemCode(error) === 'ENOENT') gone.delete(receivedTable, id);
      }
    }));
    await gone.write();
    return here;
  }
}
