import { defineStore } from 'pinia';
import { computed, shallowReactive, shallowRef } from 'vue';
import type { ShareId } from '#shared/ids.ts';
import type { Audience, Share } from '#shared/model/share.ts';
import { useApi } from '../api.ts';

/** What this device shares. */
export const useShares = defineStore('shares', () => {
  const api = useApi();
  /** Each is replaced, never changed: of thousands nothing has to be watched but that. */
  const byId = shallowRef(shallowReactive(new Map<ShareId, Share>()));

  const set = (share: Share): void => void byId.value.set(share.id, share);
  const remove = (id: ShareId): void => void byId.value.delete(id);
  const all = computed(() => [...byId.value.values()].sort((a, b) => b.addedAt - a.addedAt));
  const bytes = computed(() => all.value.reduce((sum, share) => sum + share.bytes, 0));

  async function load(): Promise<void> {
    const shares = await api.call('shares.list', {});
    byId.value = shallowReactive(new Map(shares.map((share) => [share.id, share])));
  }

  const add = async (path: string, audience: Audience): Promise<void> => set(await api.call('shares.add', { path, audience }));
  const setAudience = async (share: ShareId, audience: Audience): Promise<void> => set(await api.call('shares.update', { share, audience }));
  const rename = async (share: ShareId, name: string): Promise<void> => set(await api.call('shares.update', { share, name }));
  const rescan = async (share: ShareId): Promise<void> => set(await api.call('shares.rescan', { share }));
  const pauseHashing = async (share: ShareId, paused: boolean): Promise<void> => set(await api.call('shares.pauseHashing', { share, paused }));
  async function stop(share: ShareId): Promise<void> {
    await api.call('shares.remove', { share });
    remove(share);
  }

  return { byId, all, bytes, set, remove, load, add, setAudience, rename, rescan, pauseHashing, stop };
});
