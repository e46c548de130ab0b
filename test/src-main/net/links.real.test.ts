import { describe, expect, it } from 'vitest';
import { listNetworks } from '#main/net/networks.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { second } from '#shared/units.ts';
import { rawDial } from './raw-peer.ts';
import { linkedPair, startNode } from './test-nodes.ts';

const key = new Uint8Array(32).fill(7);

describe('a link', () => {
  it('comes up at both ends and says who is there', async () => {
    const { a, b, ab, ba } = await linkedPair();
    expect(ab.remote).toEqual({ id: b.identity.id, name: 'b', platform: 'linux', version: '0.1.0', listenPort: b.port });
    expect(ba.remote).toMatchObject({ id: a.identity.id, name: 'a', listenPort: a.port });
    expect([ab.dialled, ba.dialled]).toEqual([true, false]);
    expect([ab.path, ba.path]).toEqual(['loopback', 'loopback']);
    expect(ab.address).toEqual(b.address);
    expect(a.links.get(b.identity.id)).toBe(ab);
    expect([...b.links.all()]).toEqual([ba]);
  });

  it('is given again to whoever dials again', async () => {
    const { a, b, ab, ba } = await linkedPair();
    expect(await a.links.dial(b.address, {})).toBe(ab);
    expect(await a.links.dial({ host: '127.0.0.1', port: 1 }, { expect: b.identity.id })).toBe(ab);
    expect(await b.links.dial(a.address, {})).toBe(ba);
    expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
  });

  it('is one and the same when both dial at once, many times over', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
      const [ab, ba, again] = await Promise.all([a.links.dial(b.address, {}), b.links.dial(a.address, {}), a.links.dial(b.address, {})]);
      expect(again).toBe(ab);
      expect(ab.dialled).toBe(!ba.dialled);
      ab.notify({ kind: 'renamed', name: `round ${round}` });
      await b.handler.until(() => b.handler.notices.length === 1);
      expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
      expect([a.handler.closedLinks.length, b.handler.closedLinks.length]).toEqual([0, 0]);
    }
  });

  it('ends at both ends when one closes it, and can be made again', async () => {
    const { a, b, ab, ba } = await linkedPair();
    ab.close({ code: 'cancelled' });
    await b.handler.until(() => ba.isClosed);
    expect(ab.isClosed).toBe(true);
    expect(a.handler.closedLinks).toEqual([{ link: ab, reason: { code: 'cancelled' } }]);
    expect(b.handler.closedLinks).toEqual([{ link: ba, reason: { code: 'link-closed' } }]);
    expect(b.links.get(a.identity.id)).toBeUndefined();
    expect((await b.links.dial(a.address, {})).isClosed).toBe(false);
  });

  it('carries what devices say of swarms, in order', async () => {
    const { b, ab } = await linkedPair();
    ab.join(key, Uint8Array.of(0b1010_0000));
    ab.has(key, 1);
    ab.choke(true);
    ab.choke(false);
    ab.join(key, 'all');
    ab.leave(key);
    await b.handler.until(() => b.handler.swarm.length === 6);
    const named = '07'.repeat(32);
    expect(b.handler.swarm).toEqual([{ joined: named, pieces: 'a0' }, { has: named, piece: 1 }, { choked: true }, { choked: false }, { joined: named, pieces: 'all' }, { left: named }]);
  });

  it('gives both ends the same keying material', async () => {
    const { ab, ba } = await linkedPair();
    expect(ab.exportKey('distrishare test', 32)).toEqual(ba.exportKey('distrishare test', 32));
    expect(ab.exportKey('distrishare test', 32)).not.toEqual(ab.exportKey('distrishare other', 32));
  });

  it('measures its round trip', async () => {
    const { a, ab, ba } = await linkedPair();
    // The answer to the first ping was sent before this notice.
    a.handler.answer = () => Promise.resolve({ names: [], count: 0, bytes: 0 });
    await ba.request('shares', {});
    await ab.request('shares', {}).catch(() => undefined);
    expect(ab.latencyMs).toBeGreaterThan(0);
    expect(ab.latencyMs).toBeLessThan(1000);
  });

  it('stays up while the other end is closed and opened again', async () => {
    const { a, b } = await linkedPair();
    await b.links.close();
    await a.handler.until(() => a.handler.closedLinks.length === 1);
    const again = await startNode('b again', { identity: b.identity });
    expect((await a.links.dial(again.address, { expect: b.identity.id })).remote.name).toBe('b again');
  });

  it.skipIf(listNetworks([]).length === 0)('that was silent is asked at once when networks have changed', async () => {
    let ahead = 0;
    const node = await startNode('a', { now: () => performance.now() + ahead });
    const peer = await rawDial(node.address) ?? expect.fail('not let in');
    await peer.greet();
    const pings = (): number => peer.frames.filter((frame) => 'type' in frame && frame.type === frameType.ping).length;
    await expect.poll(pings).toBe(1);
    ahead = 10 * second;
    node.links.networksChanged();
    await expect.poll(pings).toBe(2);
  });
});
