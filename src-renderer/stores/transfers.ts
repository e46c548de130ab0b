import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import type { CallArgs, CallResult } from '#shared/api/contract.ts';
import type { TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Priority, Transfer, TransferState } from '#shared/model/transfer.ts';
import { useApi } from '../api.ts';

const finishedStates: ReadonlySet<TransferState> = new Set(['done', 'cancelled']);
/** A failed transfer waits for the user, so it stays among the active ones. */
export const isFinished = (transfer: Transfer): boolean => finishedStates.has(transfer.state);

const rankOf: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };
const historyPage = 200;

/** Downloads and uploads: what is under way, and the history as far as it was looked at. */
export const useTransfers = defineStore('transfers', () => {
  const api = useApi();
  /** Each is replaced, never changed: of thousands nothing has to be watched but that. */
  const byId = shallowRef(shallowReactive(new Map<TransferId, Transfer>()));
  const finishedTotal = ref(0);
  const nextHistory = ref<string | null>(null);

  function set(transfer: Transfer): void {
    const before = byId.value.get(transfer.id);
    finishedTotal.value += Number(isFinished(transfer)) - Number(before !== undefined && isFinished(before));
    byId.value.set(transfer.id, transfer);
  }
  function remove(id: TransferId): void {
    const before = byId.value.get(id);
    if (before && isFinished(before)) finishedTotal.value--;
    byId.value.delete(id);
  }

  /** As the node fetches them: what comes later stands below, and nothing moves under the pointer. */
  const inTurn = (a: Transfer, b: Transfer): number => rankOf[a.priority] - rankOf[b.priority] || a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1);
  const active = computed(() => [...byId.value.values()].filter((transfer) => !isFinished(transfer)).sort(inTurn));
  const finished = computed(() => [...byId.value.values()].filter(isFinished).sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0)));
  const failed = computed(() => active.value.filter((transfer) => transfer.state === 'failed'));
  const moving = computed(() => active.value.filter((transfer) => transfer.state !== 'paused' && transfer.state !== 'failed'));

  async function listUnfinished(): Promise<Transfer[]> {
    const all: Transfer[] = [];
    let cursor: string | null = null;
    do {
      const page: CallResult<'transfers.list'> = await api.call('transfers.list', { finished: false, limit: limits.browse.entriesPerPage, ...(cursor === null ? {} : { cursor }) });
      all.push(...page.transfers);
      cursor = page.next;
    } while (cursor !== null);
    return all;
  }

  async function load(): Promise<void> {
    const [unfinished, history] = await Promise.all([listUnfinished(), api.call('transfers.list', { finished: true, limit: historyPage })]);
    byId.value = shallowReactive(new Map([...unfinished, ...history.transfers].map((transfer) => [transfer.id, transfer])));
    finishedTotal.value = history.total;
    nextHistory.value = history.next;
  }
  async function loadMoreHistory(): Promise<void> {
    const cursor = nextHistory.value;
    if (cursor === null) return;
    nextHistory.value = null;
    const page = await api.call('transfers.list', { finished: true, cursor, limit: historyPage });
    for (const transfer of page.transfers) byId.value.set(transfer.id, transfer);
    nextHistory.value = page.next;
  }

  const start = async (args: CallArgs<'transfers.start'>): Promise<Transfer> => {
    const transfer = await api.call('transfers.start', args);
    set(transfer);
    return transfer;
  };
  const pause = async (id: TransferId): Promise<void> => set(await api.call('transfers.pause', { id }));
  const resume = async (id: TransferId): Promise<void> => set(await api.call('transfers.resume', { id }));
  const cancel = async (id: TransferId, deletePartial: boolean): Promise<void> => set(await api.call('transfers.cancel', { id, deletePartial }));
  const retry = async (id: TransferId): Promise<void> => void (await api.call('transfers.retry', { id }));
  const retryAll = async (): Promise<void> => void (await api.call('transfers.retry', {}));
  const pauseAll = async (paused: boolean): Promise<void> => void (await api.call('transfers.pauseAll', { paused }));
  const setPriority = async (id: TransferId, priority: Priority): Promise<void> => set(await api.call('transfers.setPriority', { id, priority }));
  const setInOrder = async (id: TransferId, inOrder: boolean): Promise<void> => set(await api.call('transfers.setInOrder', { id, inOrder }));
  async function forget(id?: TransferId): Promise<void> {
    await api.call('transfers.forget', id === undefined ? {} : { id });
    for (const transfer of id === undefined ? finished.value : [...byId.value.values()].filter((each) => each.id === id)) remove(transfer.id);
    if (id === undefined) finishedTotal.value = 0;
  }

  return {
    byId, active, finished, failed, moving, finishedTotal, nextHistory,
    set, remove, load, loadMoreHistory, start, pause, resume, cancel, retry, retryAll, pauseAll, setPriority, setInOrder, forget,
  };
});
