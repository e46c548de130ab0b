import { onScopeDispose, ref, shallowRef } from 'vue';
import type { Overview } from '#shared/protocol/bootstrap-admin.ts';
import { second } from '#shared/units.ts';
import { AdminError, askServer } from './admin-client.ts';

const refreshMs = 2 * second;
/** Of the tab, not of the browser: it goes with the tab, and no other page of this origin keeps it longer. */
const storageKey = 'distrishare-admin-token';

/** `asking`: not known yet. `off`: the server has no token. */
export type SessionState = 'asking' | 'off' | 'signed-out' | 'signed-in';

/** Signing in, and the overview, read anew every two seconds while somebody looks. */
export function useSession() {
  const state = ref<SessionState>('asking');
  const token = ref(sessionStorage.getItem(storageKey) ?? '');
  const overview = shallowRef<Overview | null>(null);
  const readAt = ref(0);
  /** Why the last question had no answer. */
  const problem = shallowRef<AdminError | null>(null);
  const isBusy = ref(false);
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function read(): Promise<void> {
    const asked = token.value;
    try {
      const answer = await askServer('overview', asked);
      if (asked !== token.value) return;
      overview.value = answer;
      readAt.value = Date.now();
      problem.value = null;
      state.value = 'signed-in';
      sessionStorage.setItem(storageKey, asked);
    } catch (error) {
      if (!(error instanceof AdminError)) throw error;
      if (asked !== token.value) return;
      // Nobody has said anything wrong before anything was entered.
      problem.value = error.code === 'not-authorised' && asked === '' ? null : error;
      if (error.code === 'not-found') state.value = 'off';
      else if (error.code === 'not-authorised') forget();
      else if (state.value === 'asking' && error.code === 'rate-limited') state.value = 'signed-out';
    }
  }

  function forget(): void {
    sessionStorage.removeItem(storageKey);
    token.value = '';
    overview.value = null;
    state.value = 'signed-out';
  }

  /** Once more whenever it is known that there is something to read, or that it is not known. */
  async function follow(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    if (!document.hidden) await read();
    const goesOn = state.value === 'signed-in' || state.value === 'asking';
    timer = goesOn ? setTimeout(() => { void follow(); }, Math.max(refreshMs, problem.value?.retryAfterMs ?? 0)) : null;
  }

  async function signIn(entered: string): Promise<void> {
    isBusy.value = true;
    token.value = entered;
    try {
      await follow();
    } finally {
      isBusy.value = false;
    }
  }

  function signOut(): void {
    if (timer !== null) clearTimeout(timer);
    problem.value = null;
    forget();
  }

  const lookAgain = (): void => { if (!document.hidden && state.value === 'signed-in') void follow(); };
  document.addEventListener('visibilitychange', lookAgain);
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', lookAgain);
    if (timer !== null) clearTimeout(timer);
  });
  void follow();
  return { state, token, overview, readAt, problem, isBusy, signIn, signOut, again: follow };
}
