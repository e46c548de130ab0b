import { describe, expect, it } from 'vitest';
import { KiB, MiB, second } from '#shared/units.ts';
import { fetchingWorld, lan, seeded, SwarmWorld } from './world.ts';

describe('what came of a piece before its source left', () => {
  const slow = { bytesPerMs: 50, latencyMs: 20 };

  it('is not asked for again: another one is asked from there on', () => {
    const swarm = fetchingWorld([1], { 1: slow });
    swarm.run(10 * second);
    swarm.dropPeer(1);
    const before = swarm.requests.length;
    swarm.addPeer(2, slow);
    swarm.step({ type: 'source-added', file: 1, peer: 2, pieces: 'all' });
    swarm.run();
    const begins = swarm.requests.slice(before).map(({ begin }) => begin);
    expect(begins[0]).toBeGreaterThan(400 * KiB);
    expect(begins[0]).toBeLessThan(500 * KiB);
    expect(begins).toEqual(begins.toSorted((a, b) => a - b));
    expect(swarm.completeAt).toBeLessThan(22 * second);
  });

  it('adds up, when it never stays as long as one piece takes', () => {
    const swarm = fetchingWorld([3], { 1: slow });
    for (let times = 0; times < 100 && swarm.complete.size === 0; times++) {
      swarm.run(swarm.now + 3 * second);
      swarm.dropPeer(1);
      swarm.addPeer(1, slow);
      swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
    }
    // Three pieces take 63 s.
    expect(swarm.completeAt).toBeLessThan(75 * second);
  });

  it('is kept of a block that was not whole, in whole leaves', () => {
    const swarm = fetchingWorld([1], { 1: { bytesPerMs: 10, latencyMs: 1 } });
    swarm.run(5 * second);
    expect(swarm.requests[0]).toMatchObject({ begin: 0, length: 64 * KiB });
    swarm.dropPeer(1);
    swarm.addPeer(2, lan);
    const before = swarm.requests.length;
    swarm.step({ type: 'source-added', file: 1, peer: 2, pieces: 'all' });
    expect(swarm.requests[before]).toMatchObject({ begin: 48 * KiB });
  });

  it('comes before anything else, and nothing of it is left when the download goes', () => {
    const swarm = fetchingWorld([9], { 1: slow, 2: lan });
    swarm.run(20);
    swarm.step({ type: 'choked', peer: 2, choked: true });
    swarm.run(5 * second);
    const begun = swarm.requests.find(({ peer }) => peer === 1)?.piece;
    const before = swarm.requests.length;
    swarm.dropPeer(1);
    swarm.step({ type: 'choked', peer: 2, choked: false });
    expect(swarm.requests[before]).toMatchObject({ peer: 2, piece: begun });
    expect(swarm.requests[before]?.begin).toBeGreaterThan(0);
    swarm.dropPeer(2);
    expect(swarm.buffered).toBeGreaterThan(0);
    swarm.step({ type: 'file-closed', file: 1 });
    expect(swarm.buffered).toBe(0);
    expect(swarm.machine.budgetUsed).toBe(0);
  });

  it('makes way when its buffer is needed, the oldest first', () => {
    const swarm = new SwarmWorld(seeded(1), { receiveBudgetBytes: 3 * MiB, requestWindowBytes: 3 * MiB });
    swarm.step({ type: 'download-added', download: 1, priority: 1 });
    swarm.step({ type: 'file-opened', download: 1, file: 1, bytes: 8 * MiB, pieceBytes: MiB, have: null });
    for (const [peer, pieces] of [[1, 0b1000_0000], [2, 0b0100_0000]] as const) {
      swarm.addPeer(peer, slow);
      swarm.step({ type: 'source-added', file: 1, peer, pieces: Uint8Array.of(pieces) });
    }
    swarm.run(3 * second);
    swarm.dropPeer(1);
    swarm.dropPeer(2);
    expect(swarm.buffered).toBe(2 * MiB);
    // One more piece fits beside them; two take the place of the older.
    swarm.addPeer(3, { ...slow, silent: 1 });
    swarm.step({ type: 'source-added', file: 1, peer: 3, pieces: Uint8Array.of(0b0010_0000) });
    swarm.addPeer(4, { ...slow, silent: 1 });
    swarm.step({ type: 'source-added', file: 1, peer: 4, pieces: Uint8Array.of(0b0001_0000) });
    const before = swarm.requests.length;
    for (const peer of [5, 6]) {
      swarm.addPeer(peer, lan);
      swarm.step({ type: 'source-added', file: 1, peer, pieces: Uint8Array.of(peer === 5 ? 0b0100_0000 : 0b1000_0000) });
    }
    swarm.run(swarm.now + 5 * second);
    const firstOf = (piece: number): number | undefined => swarm.requests.slice(before).find((request) => request.piece === piece)?.begin;
    expect(firstOf(0)).toBe(0);
    expect(firstOf(1)).toBeGreaterThan(100 * KiB);
    expect(swarm.maxBuffered).toBeLessThanOrEqual(3 * MiB);
  });

  it('is no reason to blame whoever went on with it: the one that gave it wrong is blamed when the right bytes are known', () => {
    const swarm = fetchingWorld([2], { 1: { ...slow, corrupt: 1 } });
    swarm.run(10 * second);
    swarm.dropPeer(1);
    swarm.addPeer(2, lan);
    swarm.step({ type: 'source-added', file: 1, peer: 2, pieces: 'all' });
    swarm.addPeer(1, { ...slow, silent: 1 });
    swarm.run();
    expect(swarm.complete.size).toBe(1);
    expect([...swarm.strikes]).toEqual([[1, 1]]);
    const whole = swarm.requests.filter(({ peer, piece }) => peer === 2 && piece === 0).map(({ begin }) => begin);
    // Once from where it was left, once from the beginning.
    expect(whole.filter((begin) => begin === 0)).toHaveLength(1);
    expect(whole[0]).toBeGreaterThan(0);
  });

  it('was wrong from several: each of them goes on only with what came from itself, so that one gives all of it, however often it leaves', () => {
    const swarm = fetchingWorld([1], { 1: { ...slow, corrupt: 1 } });
    swarm.run(5 * second);
    swarm.dropPeer(1);
    const returns = (peer: number): void => {
      swarm.addPeer(peer, slow);
      swarm.step({ type: 'source-added', file: 1, peer, pieces: 'all' });
    };
    for (let times = 0; times < 30 && swarm.complete.size === 0; times++) {
      returns(2);
      swarm.run(swarm.now + 3 * second);
      swarm.dropPeer(2);
    }
    expect(swarm.complete.size).toBe(1);
    // 21 s for all of it, after 16 s for the rest of what was wrong.
    expect(swarm.completeAt).toBeLessThan(50 * second);
    expect([...swarm.strikes.keys()]).toEqual([]);
    const begins = swarm.requests.filter(({ begin }) => begin === 0).map(({ peer }) => peer);
    expect(begins).toEqual([1, 2]);
  });

  it('is not kept when it came from one that has sent wrong bytes', () => {
    const swarm = fetchingWorld([3], { 1: { ...slow, corrupt: 1 } });
    swarm.run(25 * second);
    expect([...swarm.strikes]).toEqual([[1, 1]]);
    swarm.dropPeer(1);
    expect(swarm.buffered).toBe(0);
  });

  it('is not kept where pieces cannot be put together', () => {
    const swarm = new SwarmWorld(seeded(1));
    swarm.addPeer(1, slow);
    swarm.step({ type: 'download-added', download: 1, priority: 1 });
    swarm.step({ type: 'file-opened', download: 1, file: 1, bytes: MiB, pieceBytes: MiB, have: null, isContinuable: false });
    swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
    swarm.run(10 * second);
    swarm.dropPeer(1);
    expect(swarm.buffered).toBe(0);
  });
});
