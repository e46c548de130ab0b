import { describe, expect, it } from 'vitest';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { useTransfers } from '../../../src-renderer/stores/transfers.ts';
import { createFakeNode } from '../fake-node.ts';
import { inventTransfer } from '../fake/transfers.ts';
import { settled, surroundings } from '../with-app.ts';

describe('the list of transfers', () => {
  it('has all that is not finished, however many they are, and what failed among them', async () => {
    const node = createFakeNode({ empty: true });
    node.world.transfers = Array.from({ length: 2500 }, (_, number) => inventTransfer({ name: `file ${number}`, state: number % 2 === 0 ? 'paused' : 'failed' }));
    node.world.transfers.push(...Array.from({ length: 300 }, (_, number) => inventTransfer({ name: `old ${number}`, state: 'done', finishedAt: number })));
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    expect([transfers.active.length, transfers.failed.length, transfers.finishedTotal]).toEqual([2500, 1250, 300]);
    expect(node.calls.map(({ name }) => name)).toEqual(Array.from({ length: 5 }, () => 'transfers.list'));
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

  it('reads what was received and what was sent page by page, and shows both as far back as both are there', async () => {
    const node = createFakeNode({ empty: true });
    const ended = (direction: 'up' | 'down', number: number) => inventTransfer({ name: `${direction} ${number}`, direction, state: 'done', finishedAt: 10_000 - number });
    // A year of downloads, and a few things that were sent, the first of them long ago.
    node.world.transfers = [...Array.from({ length: 450 }, (_, number) => ended('down', number)), ...[1, 300, 9000].map((number) => ended('up', number))];
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    const sentAmong = (): number => transfers.finishedIn(null).filter(({ direction }) => direction === 'up').length;
    expect([transfers.finishedTotal, transfers.finishedIn(null).length, sentAmong(), transfers.finishedIn('up').length]).toEqual([453, 201, 1, 3]);
    await transfers.loadMoreHistory('up');
    expect(transfers.finishedIn(null).length).toBe(201);
    await transfers.loadMoreHistory(null);
    expect([transfers.finishedIn(null).length, sentAmong()]).toEqual([402, 2]);
    await transfers.loadMoreHistory(null);
    expect([transfers.finishedIn(null).length, sentAmong()]).toEqual([453, 3]);
  });

  it('is as short as it is when another face clears more than was looked at here', async () => {
    const node = createFakeNode({ empty: true });
    const ended = (direction: 'up' | 'down', number: number) => inventTransfer({ name: `${direction} ${number}`, direction, state: 'done', finishedAt: 10_000 - number });
    node.world.transfers = [...Array.from({ length: 300 }, (_, number) => ended('down', number)), ended('up', 5000)];
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    const received = node.world.transfers.slice(0, 300).map(({ id }) => id);
    transfers.forgotten('down', received.slice(0, 299));
    expect([transfers.history.down.total, transfers.history.up.total]).toEqual([1, 1]);
    transfers.forgotten('down', received.slice(299));
    expect([transfers.finishedTotal, transfers.history.down.next]).toEqual([1, null]);
    // Nothing that was received hides any more how far back it goes.
    expect(transfers.finishedIn(null).map(({ name }) => name)).toEqual(['up 5000']);
  });

  it('does not count one that failed among what has finished, when it is forgotten', async () => {
    const node = createFakeNode({ empty: true });
    const failed = inventTransfer({ name: 'failed', state: 'failed' });
    node.world.transfers = [failed, inventTransfer({ name: 'done', state: 'done', finishedAt: 1 })];
    const transfers = surroundings(node).run(useTransfers);
    await transfers.load();
    transfers.forgotten('down', [failed.id]);
    expect([transfers.active.length, transfers.finishedTotal]).toEqual([0, 1]);
  });

  it('forgets what was sent alone', async () => {
    const node = createFakeNode({ empty: true });
    node.world.transfers = [inventTransfer({ name: 'got', state: 'done', finishedAt: 1 }), inventTransfer({ name: 'gave', direction: 'up', state: 'cancelled', finishedAt: 2 })];
    const transfers = surroundings(node).run(() => {
      useLive().start();
      return useTransfers();
    });
    await settled();
    await transfers.forget({ direction: 'up' });
    expect([transfers.finishedIn(null).map(({ name }) => name), transfers.finishedTotal, transfers.history.up.total]).toEqual([['got'], 1, 0]);
    expect(node.world.transfers.map(({ name }) => name)).toEqual(['got']);
    await transfers.forget({});
    expect([transfers.finishedIn(null), transfers.finishedTotal]).toEqual([[], 0]);
  });

  it('says how fast all of it moves as the sum of what each row says', () => {
    const transfers = surroundings(createFakeNode({ empty: true })).run(useTransfers);
    transfers.set(inventTransfer({ name: 'a', rate: 5 }));
    transfers.set(inventTransfer({ name: 'b', rate: 7 }));
    transfers.set(inventTransfer({ name: 'c', direction: 'up', rate: 11 }));
    expect(transfers.rates).toEqual({ down: 12, up: 11 });
    transfers.set(inventTransfer({ name: 'b', state: 'done', rate: 0, finishedAt: 1 }));
    expect(transfers.rates).toEqual({ down: 5, up: 11 });
  });
});
