import { describe, expect, it } from 'vitest';
import { useTransfers } from '../../../src-renderer/stores/transfers.ts';
import { createFakeNode } from '../fake-node.ts';
import { inventTransfer } from '../fake/transfers.ts';
import { surroundings } from '../with-app.ts';

describe('the list of transfers', () => {
  it('has all that is not finished, however many they are, and what failed among them', async () => {
    const node = createFakeNode({ empty: true });
    node.world.transfers = Array.from({ length: 2500 }, (_, number) => inventTransfer({ name: `file ${number}`, state: number % 2 === 0 ? 'paused' : 'failed' }));
    node.world.transfers.push(...Array.from({ length: 300 }, (_, number) => inventTransfer({ name: `old ${number}`, state: 'done', finishedAt: number })));
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    expect([transfers.active.length, transfers.failed.length, transfers.finishedTotal]).toEqual([2500, 1250, 300]);
    expect(node.calls.map(({ name }) => name)).toEqual(Array.from({ length: 4 }, () => 'transfers.list'));
  });

  it('counts what is finished once, and no more when it goes on', async () => {
    const node = createFakeNode({ empty: true });
    const done = inventTransfer({ name: 'film', state: 'done', finishedAt: 1 });
    node.world.transfers = [done];
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    transfers.set(done);
    expect(transfers.finishedTotal).toBe(1);
    transfers.set({ ...done, state: 'running' });
    expect([transfers.active.length, transfers.finishedTotal]).toEqual([1, 0]);
  });
});
