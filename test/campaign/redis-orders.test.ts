import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { differingRuns, troubles } from '../src-main/bootstrap/simulated-servers.ts';

/** `npm run campaign:redis-orders`: two servers on a simulated Redis, in RUNS (default 5000) orders of events for each kind of trouble, from SEED on. Prints the seeds that leave them different. */
const runs = Number(process.env['RUNS'] ?? 5000);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }); });
afterEach(() => { vi.useRealTimers(); });

it.each(Object.keys(troubles))('servers on one Redis become alike when devices change at both %s', async (trouble) => {
  const differing = await differingRuns(trouble, seed, runs);
  console.log(`devices change at both ${trouble}: seeds ${seed} to ${seed + runs - 1}, ${differing.length} of ${runs} left them different${differing.map((each) => ` ${each}`).join('')}`);
  expect(differing).toEqual([]);
});
