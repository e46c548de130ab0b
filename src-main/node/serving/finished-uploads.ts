import * as z from 'zod';
import type { TransferId } from '#shared/ids.ts';
import { bytesSchema, deviceIdSchema, timestampSchema, transferIdSchema } from '#shared/model/ids.ts';
import type { Transfer, TransferDetail } from '#shared/model/transfer.ts';
import { jsonTable, type Store } from '../../disk/store/store.ts';
import { Serial } from '../library/serial.ts';

const finishedUploadSchema = z.object({
  id: transferIdSchema,
  peer: deviceIdSchema,
  /** As the device was called then. */
  peerName: z.string(),
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  state: z.enum(['done', 'cancelled']),
  /** Of a push all of it, else all of the files of which something went out. */
  bytes: bytesSchema,
  doneBytes: bytesSchema,
  files: z.int().nonnegative(),
  startedAt: timestampSchema,
  finishedAt: timestampSchema,
});
export type FinishedUpload = z.infer<typeof finishedUploadSchema>;

/** By their ids, which begin with the time: in the order in which they began. */
const uploadsTable = jsonTable('finished-uploads', finishedUploadSchema);

export interface FinishedUploadsPorts {
  readonly store: Store;
  /** How many are remembered; the oldest go. */
  readonly kept: number;
  readonly onGone: (ids: readonly TransferId[]) => void;
}

/**
 * What went out, for the user alone to look at: who took what and when, and whether it was all. One small row is written when
 * an upload ends, and nothing but their number is held in memory.
 */
export class FinishedUploads {
  readonly #ports: FinishedUploadsPorts;
  /** One change after the other, so that their number stays true. */
  readonly #changes = new Serial();
  #count = 0;

  constructor(ports: FinishedUploadsPorts) {
    this.#ports = ports;
  }

  open(): Promise<void> {
    return this.#changes.run(async () => {
      for await (const keys of this.#ports.store.keyBatches(uploadsTable)) this.#count += keys.length;
    });
  }

  /** One that is there already is as it is said now. Rejects as the store does. */
  note(upload: FinishedUpload): Promise<void> {
    return this.#changes.run(async () => {
      const { store, kept, onGone } = this.#ports;
      const isNew = !(await this.#has(upload.id));
      const tooMany = Math.max(0, this.#count + Number(isNew) - kept);
      const oldest = tooMany === 0 ? [] : await store.keys(uploadsTable, { limit: tooMany });
      const batch = store.batch().put(uploadsTable, upload.id, upload);
      for (const key of oldest) batch.delete(uploadsTable, key);
      await batch.write();
      this.#count += Number(isNew) - oldest.length;
      if (oldest.length > 0) onGone(oldest.map(asId));
    });
  }

  /** Newest first. The cursor is the id of the last one before: what comes or goes meanwhile moves nothing. */
  async page(cursor: string | undefined, limit: number): Promise<{ transfers: Transfer[]; total: number; next: string | null }> {
    const { store } = this.#ports;
    const keys = await store.keys(uploadsTable, { reverse: true, limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) });
    const shown = keys.slice(0, limit);
    const uploads = await store.getMany(uploadsTable, shown);
    return { transfers: uploads.flatMap((upload) => (upload === undefined ? [] : [viewOf(upload)])), total: this.#count, next: keys.length > limit ? shown.at(-1) ?? null : null };
  }

  /** One of them closely, or undefined. */
  async detail(id: TransferId): Promise<TransferDetail | undefined> {
    const upload = await this.#ports.store.get(uploadsTable, id);
    if (upload === undefined) return undefined;
    return {
      transfer: viewOf(upload), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, rates: [], brake: null,
      sources: [{ peer: upload.peer, latencyMs: null, pieces: 0, bytes: upload.doneBytes, rate: 0, state: 'feeding', until: null, failures: 0 }],
    };
  }

  /** Forgets one, or all; resolves with how many. No file changes. */
  forget(id: TransferId | undefined): Promise<number> {
    return this.#changes.run(async () => {
      let forgotten = 0;
      if (id !== undefined) return (await this.#has(id)) ? this.#delete([id]) : 0;
      for await (const keys of this.#ports.store.keyBatches(uploadsTable)) forgotten += await this.#delete(keys);
      return forgotten;
    });
  }

  /** Resolves when all that was noted so far is kept. */
  idle(): Promise<void> {
    return this.#changes.idle();
  }

  async #has(id: TransferId): Promise<boolean> {
    return (await this.#ports.store.keys(uploadsTable, { from: id, limit: 1 }))[0] === id;
  }

  async #delete(keys: readonly string[]): Promise<number> {
    const batch = this.#ports.store.batch();
    for (const key of keys) batch.delete(uploadsTable, key);
    await batch.write();
    this.#count -= keys.length;
    this.#ports.onGone(keys.map(asId));
    return keys.length;
  }
}

const asId = (key: string): TransferId => transferIdSchema.parse(key);

/** As every face sees it. */
export const viewOf = ({ id, peer, peerName, name, kind, state, bytes, doneBytes, files, startedAt, finishedAt }: FinishedUpload): Transfer => ({
  id, direction: 'up', name, kind, state, reason: null, bytes, doneBytes, files, doneFiles: files, reusedBytes: 0, rate: 0, etaSeconds: null, priority: 'normal', inOrder: false,
  peers: [peer], takerName: peerName, path: null, contentId: null, addedAt: startedAt, finishedAt,
});
