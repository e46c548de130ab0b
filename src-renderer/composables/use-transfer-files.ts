import { ref, shallowRef } from 'vue';
import { limits } from '#shared/limits.ts';
import type { TransferId } from '#shared/ids.ts';
import type { FilePriority, Transfer, TransferFile } from '#shared/model/transfer.ts';
import { useApi } from '../api.ts';
import { useNotices } from '../stores/notices.ts';

/** The files of one folder download, page by page, while the user chooses among them. */
export function useTransferFiles() {
  const api = useApi();
  const notices = useNotices();
  const transfer = shallowRef<Transfer | null>(null);
  const files = shallowRef<readonly TransferFile[]>([]);
  const total = ref(0);
  const loading = ref(false);
  let stop = new AbortController();

  async function readAll(id: TransferId, signal: AbortSignal): Promise<void> {
    let cursor: string | null = null;
    do {
      const page: { files: TransferFile[]; total: number; next: string | null } =
        await api.call('transfers.files', { id, limit: limits.browse.entriesPerPage, ...(cursor === null ? {} : { cursor }) }, { signal });
      files.value = [...files.value, ...page.files];
      total.value = page.total;
      cursor = page.next;
    } while (cursor !== null);
  }
  async function open(of: Transfer): Promise<void> {
    close();
    stop = new AbortController();
    transfer.value = of;
    loading.value = true;
    await notices.attempt(() => readAll(of.id, stop.signal));
    loading.value = false;
  }
  async function apply(changes: ReadonlyMap<FilePriority, number[]>): Promise<void> {
    const chosen = transfer.value;
    close();
    if (!chosen) return;
    await notices.attempt(async () => {
      // What is wanted comes first: a download that wants nothing any more would end.
      const inTurn = [...changes].toSorted(([a], [b]) => Number(a === 'skip') - Number(b === 'skip'));
      for (const [priority, indices] of inTurn) await api.call('transfers.setFilePriority', { id: chosen.id, indices, priority });
    });
  }
  function close(): void {
    stop.abort();
    transfer.value = null;
    files.value = [];
    total.value = 0;
  }
  return { transfer, files, total, loading, open, apply, close };
}
