import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Sought } from '#main/core/servers/holder-questions.ts';
import { Holders } from '#main/node/servers/holders.ts';
import { contentIdOf, deviceIdOf, isTransferId } from '#shared/ids.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const content = contentIdOf(new Uint8Array(32).fill(1));
const holder = (number: number): BootstrapNode => ({ deviceId: deviceIdOf(new Uint8Array(32).fill(number)), addresses: [`192.0.2.${number}:47800`], outside: `192.0.2.${number}` });
const id = '0000000000000001';
if (!isTransferId(id)) throw new Error('sixteen digits are an id');
const moving: Sought = { id, isWaiting: false, etaSeconds: 3600, brake: 'their-limit', feeding: 1, audience: { kind: 'public' }, contents: [content] };

it('whoever servers name for a download that moves slowly is dialled, and who comes later in its turn', async () => {
  const world = { online: false, named: [holder(1)], dialled: [] as string[], asked: 0, failed: [] as unknown[] };
  const holders = new Holders({
    servers: {
      get areOnline() { return world.online; },
      holders: (ids) => {
        expect(ids).toEqual([content]);
        world.asked++;
        return world.named.length === 0 ? Promise.reject(new Error('the server is gone')) : Promise.resolve(world.named);
      },
    },
    waiter: { rings: 0, linked: () => Promise.resolve(false) },
    introduce: ({ outside }) => world.dialled.push(outside) > 0,
    downloads: () => [moving], now: () => performance.now(), background: (work) => { work.catch((error: unknown) => world.failed.push(error)); },
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world.asked).toBe(0);
  world.online = true;
  await vi.advanceTimersByTimeAsync(25_000);
  expect(world).toMatchObject({ asked: 1, dialled: ['192.0.2.1'] });
  world.named = [holder(1), holder(2)];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world).toMatchObject({ asked: 2, dialled: ['192.0.2.1', '192.0.2.1', '192.0.2.2'] });
  world.named = [];
  await vi.advanceTimersByTimeAsync(120_000);
  expect(world.failed).toHaveLength(1);
  holders.close();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(world.asked).toBe(3);
});
