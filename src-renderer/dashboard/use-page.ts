import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';
import type { AdminAnswer, AdminRouteName } from '#shared/protocol/bootstrap-admin.ts';
import { second } from '#shared/units.ts';
import { AdminError, askServer, type AdminQuery } from './admin-client.ts';

const refreshMs = 2 * second;
/** A search costs the server more than a page, and its result changes less. */
const searchRefreshMs = 10 * second;
const typingMs = 250;

/** One page of a list of the server's, read anew while it is shown. `query` without `from`: its change leads to the first page. */
export function usePage<Name extends AdminRouteName>(name: Name, token: () => string, query: () => AdminQuery) {
  const answer = shallowRef<AdminAnswer<Name> | null>(null) as Ref<AdminAnswer<Name> | null>;
  const failed = ref<AdminError['code'] | null>(null);
  const from = ref(0);
  /** Where the pages before this one began. */
  const before = ref<number[]>([]);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let turn = 0;

  async function read(): Promise<void> {
    const mine = ++turn;
    if (timer !== null) clearTimeout(timer);
    const asked = query();
    if (!document.hidden) {
      try {
        const next = await askServer(name, token(), { ...asked, from: from.value });
        if (mine !== turn) return;
        answer.value = next;
        failed.value = null;
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
        if (mine !== turn) return;
        failed.value = error.code;
      }
    }
    if (mine !== turn) return;
    timer = setTimeout(() => { void read(); }, asked['words'] === undefined || asked['words'] === '' ? refreshMs : searchRefreshMs);
  }

  function go(to: number): void {
    from.value = to;
    void read();
  }

  watch(() => JSON.stringify(query()), () => {
    turn++;
    if (timer !== null) clearTimeout(timer);
    before.value = [];
    from.value = 0;
    timer = setTimeout(() => { void read(); }, typingMs);
  });
  onScopeDispose(() => {
    turn++;
    if (timer !== null) clearTimeout(timer);
  });
  void read();

  return {
    answer, failed, from,
    hasPrevious: () => before.value.length > 0,
    next: (to: number) => {
      before.value = [...before.value, from.value];
      go(to);
    },
    previous: () => {
      const to = before.value.at(-1) ?? 0;
      before.value = before.value.slice(0, -1);
      go(to);
    },
  };
}
