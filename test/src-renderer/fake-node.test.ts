import { describe, expect, it } from 'vitest';
import { calls } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { createFakeNode } from './fake-node.ts';

describe('the invented node', () => {
  it('answers as the contract says, so that the UI is tested on what a real node gives', async () => {
    const { api, world } = createFakeNode();
    expect(() => calls['node.status'].result.parse(world.status())).not.toThrow();
    calls['settings.get'].result.parse(await api.call('settings.get', {}));
    calls['peers.list'].result.parse(await api.call('peers.list', {}));
    calls['shares.list'].result.parse(await api.call('shares.list', {}));
    calls['offers.list'].result.parse(await api.call('offers.list', {}));
    calls['transfers.list'].result.parse(await api.call('transfers.list', { finished: true }));
    calls['browse.list'].result.parse(await api.call('browse.list', { peer: 'Amber Falcon', path: 'Film scans/2024/Porto roll 07', limit: 1000 }));
    for (const transfer of world.transfers) calls['transfers.get'].result.parse(await api.call('transfers.get', { id: transfer.id }));
  });

  it('has a folder of 100,000 entries, handed out in pages', async () => {
    const { api } = createFakeNode();
    const first = await api.call('browse.list', { peer: 'Slate Lynx', path: 'Backups/photos-all', limit: 1000 });
    expect(first.entries).toHaveLength(1000);
    expect(first.total).toBe(100_000);
    const second = await api.call('browse.list', { peer: 'Slate Lynx', path: 'Backups/photos-all', limit: 1000, cursor: first.next ?? '' });
    expect(second.entries[0]?.name).toBe('IMG_001000.jpg');
  });

  it('lets bytes move and answers trickle in as time passes', async () => {
    const node = createFakeNode();
    const events: NodeEvent[] = [];
    node.api.subscribe((event) => events.push(event));
    await node.api.call('search.start', { words: 'porto' });
    node.advance(500);
    const early = events.findLast((event) => event.type === 'search')?.search.hits.length ?? 0;
    node.advance(3000);
    const late = events.findLast((event) => event.type === 'search')?.search.hits.length ?? 0;
    expect(late).toBeGreaterThan(early);
    const moves = events.flatMap((event) => (event.type === 'transfer' && event.transfer.name.startsWith('ubuntu') ? [event.transfer.doneBytes] : []));
    expect(moves[1]).toBeGreaterThan(moves[0] ?? 0);
  });
});
