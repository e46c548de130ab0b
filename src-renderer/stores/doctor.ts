import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ErrorInfo } from '#shared/errors.ts';
import { errorInfo } from '#shared/errors.ts';
import type { Diagnosis } from '#shared/model/diagnosis.ts';
import { useApi } from '../api.ts';

/** Why nobody, or one person, appears. One question at a time: asking anew ends the one before. */
export const useDoctor = defineStore('doctor', () => {
  const api = useApi();
  const diagnosis = shallowRef<Diagnosis | null>(null);
  const error = shallowRef<ErrorInfo | null>(null);
  let asking: AbortController | null = null;

  /** `peer`: null asks why nobody appears. */
  async function ask(peer: string | null): Promise<void> {
    stop();
    const mine = new AbortController();
    asking = mine;
    error.value = null;
    diagnosis.value = { peer, testing: 'visible', progress: 0, steps: [] };
    try {
      const done = await api.call('doctor.run', peer === null ? {} : { peer }, { signal: mine.signal });
      if (asking === mine) diagnosis.value = done;
    } catch (failure) {
      if (asking !== mine) return;
      error.value = errorInfo(failure);
      diagnosis.value = null;
    } finally {
      if (asking === mine) asking = null;
    }
  }

  /** Forgets what was found, and ends what is under way. */
  function stop(): void {
    asking?.abort();
    asking = null;
    diagnosis.value = null;
    error.value = null;
  }

  /** Somebody else's run is none of ours. */
  function set(now: Diagnosis): void {
    if (asking !== null && diagnosis.value?.peer === now.peer) diagnosis.value = now;
  }

  return { diagnosis, error, ask, stop, set };
});
