import { builtinEnvironments } from 'vitest/runtime';

let isOpen = false;

/**
 * The environment of the renderer's tests: one window for all files that a process runs, since what they import
 * (Vue among it) keeps the document it met first. What a test leaves on the page, `clear-page.ts` takes away.
 */
export default {
  name: 'one-window',
  viteEnvironment: 'client',
  async setup(global: typeof globalThis) {
    if (!isOpen) await builtinEnvironments['happy-dom'].setup(global, {});
    isOpen = true;
    return { teardown: () => undefined };
  },
};
