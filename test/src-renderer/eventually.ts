import { vi } from 'vitest';

/** Waits until `check` throws no more; patient, since machines that test are busy at times. */
export const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 10_000 });
