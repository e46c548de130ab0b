import { useIntervalFn } from '@vueuse/core';
import { shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { TransferId } from '#shared/ids.ts';
import type { TransferDetail } from '#shared/model/transfer.ts';
import { second } from '#shared/units.ts';
import { useApi } from '../api.ts';
import { useNotices } from '../stores/notices.ts';

/** The details of the one transfer that is open, read once a second while it is. */
export function useTransferDetail(id: Readonly<Ref<TransferId | null>>): Readonly<Ref<TransferDetail | null>> {
  const api = useApi();
  const notices = useNotices();
  const detail = shallowRef<TransferDetail | null>(null);
  let asking = false;

  const { pause, resume } = useIntervalFn(() => void read(), second, { immediate: false });
  async function read(): Promise<void> {
    const wanted = id.value;
    if (wanted === null || asking || api.state.value !== 'connected') return;
    asking = true;
    const answer = await notices.attempt(() => api.call('transfers.get', { id: wanted }));
    asking = false;
    if (id.value !== wanted) return;
    // One failure is told once; asking on every second would repeat it. What has ended does not change any more.
    if (answer === null || answer.transfer.state === 'done' || answer.transfer.state === 'cancelled') pause();
    if (answer) detail.value = answer;
  }
  watch(id, (now) => {
    detail.value = null;
    if (now === null) return pause();
    void read();
    resume();
  }, { immediate: true });
  return detail;
}
