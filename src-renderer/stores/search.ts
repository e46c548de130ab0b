import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { CallArgs } from '#shared/api/contract.ts';
import type { SearchState } from '#shared/model/search.ts';
import { useApi } from '../api.ts';

/** The one running or last search. */
export const useSearch = defineStore('search', () => {
  const api = useApi();
  const current = shallowRef<SearchState | null>(null);
  let asked = 0;

  function set(search: SearchState): void {
    if (search.id === current.value?.id) current.value = search;
  }

  /** Asks everybody; a question still open is given up. */
  async function start(words: string, filter?: CallArgs<'search.start'>['filter']): Promise<void> {
    const mine = ++asked;
    const before = current.value;
    if (before && !before.finished) await api.call('search.stop', { id: before.id });
    const started = await api.call('search.start', filter === undefined ? { words } : { words, filter });
    if (mine === asked) current.value = started;
  }
  async function stop(): Promise<void> {
    const search = current.value;
    if (!search) return;
    await api.call('search.stop', { id: search.id });
    current.value = { ...search, finished: true };
  }

  const waiting = computed(() => current.value?.peers.filter((peer) => peer.state === 'waiting') ?? []);

  return { current, waiting, set, start, stop };
});
