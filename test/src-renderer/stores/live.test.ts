import { describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { useNode } from '../../../src-renderer/stores/node.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { useOffers } from '../../../src-renderer/stores/offers.ts';
import { usePeers } from '../../../src-renderer/stores/peers.ts';
import { useTransfers } from '../../../src-renderer/stores/transfers.ts';
import { settled, surroundings } from '../with-app.ts';
import type { Surroundings } from '../with-app.ts';

async function started(): Promise<Surroundings & { stop: () => void }> {
  const around = surroundings();
  const stop = around.run(() => useLive().start());
  await settled();
  return { ...around, stop };
}

describe('the stores', () => {
  it('hold what the node has, after the first connect', async () => {
    const { run } = await started();
    run(() => {
      expect(useNode().status?.name).toBe('Jade Otter');
      expect(usePeers().near.map((peer) => peer.name)).toEqual(['Amber Falcon', 'Coral Heron', 'Slate Lynx', 'Moss Badger', 'Rose Marten', 'Indigo Wren']);
      expect(usePeers().away.map((peer) => peer.name)).toEqual(['Plum Finch']);
      expect(useTransfers().active).toHaveLength(6);
      expect(useTransfers().finishedTotal).toBe(130);
      expect(useOffers().incoming).toHaveLength(2);
    });
  });

  it('follow the stream, and people keep their places', async () => {
    const { node, run } = await started();
    const first = node.world.peers[0];
    if (!first) throw new Error('nobody invented');
    node.emit({ type: 'peer', peer: { ...first, latencyMs: 99 } });
    run(() => {
      expect(usePeers().all[0]?.latencyMs).toBe(99);
      expect(usePeers().all[0]?.id).toBe(first.id);
    });
    node.emit({ type: 'peer-gone', id: first.id });
    run(() => expect(usePeers().all[0]?.name).toBe('Coral Heron'));
  });

  it('tell once that something arrived, and not of what was there before', async () => {
    const { node, run } = await started();
    const transfer = node.world.transfers[0];
    if (!transfer) throw new Error('nothing invented');
    const done = { ...transfer, state: 'done' as const, finishedAt: 1 };
    node.emit({ type: 'transfer', transfer: done });
    node.emit({ type: 'transfer', transfer: done });
    run(() => {
      expect(useNotices().toasts).toHaveLength(1);
      expect(useTransfers().finishedTotal).toBe(131);
    });
  });

  it('load everything again when the connection comes back', async () => {
    const { node, run } = await started();
    node.connection.value = 'lost';
    node.world.peers = node.world.peers.slice(0, 2);
    await nextTick();
    node.connection.value = 'connected';
    await nextTick();
    await settled();
    run(() => expect(usePeers().all).toHaveLength(2));
  });

  it('hear nothing after they were stopped', async () => {
    const { node, run, stop } = await started();
    stop();
    node.emit({ type: 'status', status: { ...node.world.status(), name: 'Somebody else' } });
    run(() => expect(useNode().status?.name).toBe('Jade Otter'));
  });
});
