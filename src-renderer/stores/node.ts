import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type * as z from 'zod';
import type { nodeStatusSchema } from '#shared/model/status.ts';
import type { Settings, SettingsPatch } from '#shared/settings.ts';
import { useApi } from '../api.ts';

export type NodeStatus = z.infer<typeof nodeStatusSchema>;

/** Samples of the small graphs in the strip; the node reports at most twice a second. */
const samples = 60;

/** This device: what it is, how fast it moves, and its settings. */
export const useNode = defineStore('node', () => {
  const api = useApi();
  const status = shallowRef<NodeStatus | null>(null);
  const settings = shallowRef<Settings | null>(null);
  const downRates = ref<number[]>([]);
  const upRates = ref<number[]>([]);

  function setStatus(next: NodeStatus): void {
    status.value = next;
    downRates.value = [...downRates.value, next.downRate].slice(-samples);
    upRates.value = [...upRates.value, next.upRate].slice(-samples);
  }
  const setSettings = (next: Settings): void => void (settings.value = next);

  async function load(): Promise<void> {
    const [nextStatus, nextSettings] = await Promise.all([api.call('node.status', {}), api.call('settings.get', {})]);
    setStatus(nextStatus);
    settings.value = nextSettings;
  }

  const change = async (patch: SettingsPatch): Promise<void> => setSettings(await api.call('settings.set', { patch }));
  const setDemo = async (on: boolean): Promise<void> => void (await api.call(on ? 'demo.start' : 'demo.stop', {}));

  return { status, settings, downRates: computed(() => downRates.value), upRates: computed(() => upRates.value), setStatus, setSettings, load, change, setDemo };
});
