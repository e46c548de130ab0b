import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { ErrorInfo } from '#shared/errors.ts';
import { errorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Entry } from '#shared/model/share.ts';
import { useApi } from '../api.ts';
import { inNameOrder } from '../components/browse/entry-view.ts';

/** How many rows beyond the visible ones are fetched ahead. */
const ahead = 500;

/**
 * One folder of another device, fetched page by page as far as somebody looks. Pages come in the device's own order, which is
 * that of bytes: what one page holds is put into the order people expect, and longer lists stay as they come, since rows never
 * jump while somebody reads. Sorting and filtering need `loadAll`. Only the first page is ever looked at again.
 */
export function useListing(peer: Readonly<Ref<string>>, path: Readonly<Ref<string>>) {
  const api = useApi();
  const entries = shallowRef<readonly Entry[]>([]);
  const total = ref(0);
  const started = ref(false);
  const busy = ref(false);
  const error = ref<ErrorInfo | null>(null);
  let next: string | null = null;
  let wanted = 0;
  let stop = new AbortController();

  /** Fetches until `wanted` rows are there. One run at a time; a newer folder ends it. */
  async function fill(): Promise<void> {
    if (busy.value) return;
    const { signal } = stop;
    busy.value = true;
    error.value = null;
    try {
      while (!signal.aborted && (!started.value || (next !== null && entries.value.length < wanted))) {
        const page = await api.call('browse.list', { peer: peer.value, path: path.value, limit: limits.browse.entriesPerPage, ...(next === null ? {} : { cursor: next }) }, { signal });
        if (signal.aborted) return;
        entries.value = started.value || page.next !== null ? [...entries.value, ...page.entries] : inNameOrder(page.entries);
        total.value = page.total;
        next = page.next;
        started.value = true;
      }
    } catch (thrown) {
      if (!signal.aborted) error.value = errorInfo(thrown);
    } finally {
      if (stop.signal === signal) busy.value = false;
    }
  }

  function reload(): void {
    stop.abort();
    stop = new AbortController();
    entries.value = [];
    total.value = 0;
    started.value = false;
    busy.value = false;
    next = null;
    wanted = 0;
    void fill();
  }
  /** What is on this device may have changed: that is asked for again, and every row stays where it is. */
  async function lookAgain(): Promise<void> {
    const { signal } = stop;
    if (!started.value || busy.value) return;
    const page = await api.call('browse.list', { peer: peer.value, path: path.value, limit: limits.browse.entriesPerPage }, { signal }).catch(() => null);
    if (page === null || signal.aborted) return;
    const anew = new Map(page.entries.map((entry) => [entry.name, entry]));
    entries.value = entries.value.map((entry) => anew.get(entry.name) ?? entry);
  }
  function ensure(row: number): void {
    wanted = Math.max(wanted, row + ahead);
    void fill();
  }
  function loadAll(): void {
    wanted = Number.MAX_SAFE_INTEGER;
    void fill();
  }
  watch([peer, path], reload, { immediate: true });
  onScopeDispose(() => stop.abort());

  const complete = computed(() => started.value && entries.value.length >= total.value);
  return { entries, total, started, complete, busy, error, reload, lookAgain, ensure, loadAll };
}
