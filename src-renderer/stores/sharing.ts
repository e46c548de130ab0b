import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Audience } from '#shared/model/share.ts';
import { useNotices } from './notices.ts';
import { useShares } from './shares.ts';

/** Adding shares: nothing is shared before the user said with whom. */
export const useSharing = defineStore('sharing', () => {
  const shares = useShares();
  const notices = useNotices();
  const waiting = shallowRef<readonly string[] | null>(null);
  /** Marked beforehand: it was asked for in a room. */
  const suggested = shallowRef<Audience | null>(null);

  function ask(paths: readonly string[], suggestion: Audience | null = null): void {
    waiting.value = paths.length > 0 ? paths : null;
    suggested.value = suggestion;
  }
  async function share(audience: Audience): Promise<void> {
    const paths = waiting.value ?? [];
    waiting.value = null;
    for (const path of paths) await notices.attempt(() => shares.add(path, audience));
  }
  const close = (): void => void (waiting.value = null);

  return { waiting, suggested, ask, share, close };
});
