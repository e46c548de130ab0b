import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { differingRuns, troubles } from './simulated-servers.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }); });
afterEach(() => { vi.useRealTimers(); });

describe('servers on one Redis, in whatever order things happen', () => {
  it.each(Object.keys(troubles))('become alike, and vouch for no list that is not the device’s, when devices change at both %s', async (trouble) => {
    expect(await differingRuns(trouble, 1, 40)).toEqual([]);
  });
});
