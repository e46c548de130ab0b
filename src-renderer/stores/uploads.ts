import { defineStore } from 'pinia';
import { ref } from 'vue';
import { toHex } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import { itemsOf } from '../composables/dropped-items.ts';
import type { Dropped, DroppedItem } from '../composables/dropped-items.ts';
import { uploadItem } from '../upload.ts';

export interface UploadProgress {
  readonly files: number;
  readonly bytes: Bytes;
  readonly doneBytes: Bytes;
}

const atOnce = 4;
const batchBytes = 16;

/** Files dropped onto a browser page have no path the node could read: they are copied to it first. */
export const useUploads = defineStore('uploads', () => {
  const progress = ref<UploadProgress | null>(null);
  let stop = new AbortController();

  /** Paths of what was dropped, on the node's side. Rejects with the first failure; a file is there whole or not at all. */
  async function take(dropped: Dropped): Promise<string[]> {
    const items = await itemsOf(dropped);
    stop.abort();
    stop = new AbortController();
    const batch = toHex(crypto.getRandomValues(new Uint8Array(batchBytes)));
    const sent = new Map<DroppedItem, number>();
    const roots = new Set<string>();
    const bytes = items.reduce((sum, item) => sum + (item.file?.size ?? 0), 0);
    const show = (): void => void (progress.value = { files: items.length, bytes, doneBytes: [...sent.values()].reduce((sum, each) => sum + each, 0) });
    show();
    const waiting = [...items];
    const { signal } = stop;
    const work = async (): Promise<void> => {
      for (let item = waiting.shift(); item; item = waiting.shift()) {
        const current = item;
        roots.add(await uploadItem(batch, current, (done) => { sent.set(current, done); show(); }, signal));
      }
    };
    try {
      await Promise.all(Array.from({ length: atOnce }, work));
      return [...roots];
    } finally {
      // What still runs beside a failure is of no use any more.
      if (stop.signal === signal) stop.abort();
      progress.value = null;
    }
  }
  const cancel = (): void => stop.abort();

  return { progress, take, cancel };
});
