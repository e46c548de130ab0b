import { defineStore } from 'pinia';
import { computed, shallowReactive, shallowRef } from 'vue';
import type { CallArgs, CallResult } from '#shared/api/contract.ts';
import type { TransferId } from '#shared/ids.ts';
import type { Direction } from '#shared/model/limit.ts';
import { limits } from '#shared/limits.ts';
import type { Priority, Transfer, TransferState } from '#shared/model/transfer.ts';
import type { Timestamp } from '#shared/units.ts';
import { useApi } from '../api.ts';

const finishedStates: ReadonlySet<TransferState> = new Set(['done', 'cancelled']);
/** A failed transfer waits for the user, so it stays among the active ones. */
export const isFinished = (transfer: Transfer): boolean => finishedStates.has(transfer.state);

const rankOf: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };
const historyPage = 200;

/** What has finished in one direction: how much there is, where to read on (null: it is all here), and how far back it is here. */
interface History {
  readonly total: number;
  readonly next: string | null;
  readonly since: Timestamp;
}
const noHistory: History = { total: 0, next: null, since: 0 };
const directions: readonly Direction[] = ['down', 'up'];
const finishedAt = (transfer: Transfer): Timestamp => transfer.finishedAt ?? 0;

/** Downloads and uploads: what is under way, and the history as far as it was looked at. */
export const useTransfers = defineStore('transfers', () => {
  const api = useApi();
  /** Each is replaced, never changed: of thousands nothing has to be watched but that. */
  const byId = shallowRef(shallowReactive(new Map<TransferId, Transfer>()));
  const history = shallowReactive<Record<Direction, History>>({ down: noHistory, up: noHistory });
  const finishedTotal = computed(() => history.down.total + history.up.total);
  const count = (direction: Direction, more: number): void => void (history[direction] = { ...history[direction], total: history[direction].total + more });

  function set(transfer: Transfer): void {
    const before = byId.value.get(transfer.id);
    count(transfer.direction, Number(isFinished(transfer)) - Number(before !== undefined && isFinished(before)));
    byId.value.set(transfer.id, transfer);
  }
  /** The node has forgotten them. What is not here is of the history that was not looked at. */
  function forgotten(direction: Direction, ids: readonly TransferId[]): void {
    const finished = ids.filter((id) => {
      const before = byId.value.get(id);
      byId.value.delete(id);
      return before === undefined || isFinished(before);
    });
    const total = Math.max(0, history[direction].total - finished.length);
    history[direction] = total === 0 ? noHistory : { ...history[direction], total };
  }

  /** As the node fetches them: what comes later stands below, and nothing moves under the pointer. */
  const inTurn = (a: Transfer, b: Transfer): number => rankOf[a.priority] - rankOf[b.priority] || a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1);
  const active = computed(() => [...byId.value.values()].filter((transfer) => !isFinished(transfer)).sort(inTurn));
  const finished = computed(() => [...byId.value.values()].filter(isFinished).sort((a, b) => finishedAt(b) - finishedAt(a)));
  /** What has finished in one direction, or in both as far back as both are here: nothing comes in between later. */
  function finishedIn(direction: Direction | null): Transfer[] {
    if (direction !== null) return finished.value.filter((transfer) => transfer.direction === direction);
    const since = Math.max(history.down.since, history.up.since);
    return finished.value.filter((transfer) => finishedAt(transfer) >= since);
  }
  /** What moves now, in bytes a second: the sum of what the list says of each. */
  const rates = computed(() => active.value.reduce((sum, { direction, rate }) => ({ ...sum, [direction]: sum[direction] + rate }), { down: 0, up: 0 }));
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

  const listFinished = (direction: Direction, cursor: string | null): Promise<CallResult<'transfers.list'>> =>
    api.call('transfers.list', { finished: true, direction, limit: historyPage, ...(cursor === null ? {} : { cursor }) });
  const historyOf = ({ transfers, total, next }: CallResult<'transfers.list'>): History => ({ total, next, since: next === null ? 0 : Math.min(...transfers.map(finishedAt)) });

  async function load(): Promise<void> {
    const [unfinished, down, up] = await Promise.all([listUnfinished(), listFinished('down', null), listFinished('up', null)]);
    byId.value = shallowReactive(new Map([...unfinished, ...down.transfers, ...up.transfers].map((transfer) => [transfer.id, transfer])));
    Object.assign(history, { down: historyOf(down), up: historyOf(up) });
  }
  /** Reads on in one direction, or where less far back is here. */
  async function loadMoreHistory(among: Direction | null): Promise<void> {
    const [direction] = directions.filter((each) => history[each].next !== null && (among === null || each === among)).sort((a, b) => history[b].since - history[a].since);
    if (direction === undefined) return;
    const { next: cursor } = history[direction];
    history[direction] = { ...history[direction], next: null };
    const page = await listFinished(direction, cursor);
    for (const transfer of page.transfers) byId.value.set(transfer.id, transfer);
    history[direction] = historyOf(page);
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
  /** One, or all that has finished in one direction or both. What the node forgets, it tells of. */
  const forget = async (which: CallArgs<'transfers.forget'>): Promise<void> => void (await api.call('transfers.forget', which));

  return {
    byId, active, finishedIn, failed, moving, history, finishedTotal, rates,
    set, forgotten, load, loadMoreHistory, start, pause, resume, cancel, retry, retryAll, pauseAll, setPriority, setInOrder, forget,
  };
});
