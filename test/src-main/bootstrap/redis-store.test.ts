import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { differingRuns, troubles } from './simulated-servers.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }); });
afterEach(() => { vi.useRealTimers(); });

describe('servers on one Redis, in whatever order things happen', () => {
  it.each(Object.keys(troubles))('become alike when devices change at both %s', async (trouble) => {
    expect(await differingRuns(trouble, 1, 60)).toEqual([]);
  });

  // Each left them different once.
  it.each([['and all goes well', 380], ['and all goes well', 1243], ['and all goes well', 1393], ['and fall silent', 1127], ['and fall silent', 1431]])('become alike when devices change at both %s, in run %i', async (trouble, seed) => {
    expect(await differingRuns(trouble, seed, 1)).toEqual([]);
  });
});
