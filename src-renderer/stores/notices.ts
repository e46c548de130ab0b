import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { ErrorInfo } from '#shared/errors.ts';
import { errorInfo } from '#shared/errors.ts';
import type { UiTextKey } from '#shared/i18n/index.ts';
import type { Timestamp } from '#shared/units.ts';

export type NoticeBody =
  | { readonly kind: 'problem'; readonly error: ErrorInfo }
  | { readonly kind: 'done' | 'info'; readonly title: UiTextKey; readonly text?: UiTextKey; readonly params: Readonly<Record<string, string | number>> };

export interface NoticeAction {
  readonly label: UiTextKey;
  run(): void;
}

export interface Notice {
  readonly id: number;
  readonly at: Timestamp;
  readonly body: NoticeBody;
  readonly action?: NoticeAction;
}

const toastsAtOnce = 4;
const kept = 50;

/** What the user should hear of once: shown as toasts, kept for the bell. */
export const useNotices = defineStore('notices', () => {
  const history = ref<Notice[]>([]);
  const toasts = ref<Notice[]>([]);
  const unread = ref(0);
  let nextId = 1;

  function add(body: NoticeBody, action?: NoticeAction): void {
    const same = toasts.value.find((notice) => JSON.stringify(notice.body) === JSON.stringify(body));
    if (same) return;
    const notice: Notice = { id: nextId++, at: Date.now(), body, ...(action ? { action } : {}) };
    toasts.value = [...toasts.value, notice].slice(-toastsAtOnce);
    history.value = [notice, ...history.value].slice(0, kept);
    unread.value++;
  }

  const problem = (thrown: unknown): void => {
    const error = errorInfo(thrown);
    // What was cancelled was wanted so; of another version the frame tells, once.
    if (error.code !== 'cancelled' && error.code !== 'other-version') add({ kind: 'problem', error });
  };
  const close = (id: number): void => void (toasts.value = toasts.value.filter((notice) => notice.id !== id));
  const read = (): void => void (unread.value = 0);

  /** Runs what a button asked for and tells of its failure; the answer is null then. */
  async function attempt<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      problem(error);
      return null;
    }
  }

  return { history: computed(() => history.value), toasts: computed(() => toasts.value), unread, add, problem, close, read, attempt };
});
