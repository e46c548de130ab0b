import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '#shared/units.ts';
import type { PriorityRank } from '#main/core/swarm/events.ts';
import { seeded, SwarmWorld } from './world.ts';

const lan = { bytesPerMs: 100 * KiB, latencyMs: 1 };
const slow = { bytesPerMs: 200, latencyMs: 20 };
const peers = [1, 2, 3];
/** Two pieces at a time. */
const narrow = { receiveBudgetBytes: 2 * MiB, requestWindowBytes: 2 * MiB };

/** One download with files of so many 1 MiB pieces, all of them at three peers. */
function world(files: readonly { pieces: number; priority?: PriorityRank; isGrowing?: boolean }[], { inOrder = false, seed = 1, behaviour = lan, limits = narrow } = {}): SwarmWorld {
  const swarm = new SwarmWorld(seeded(seed), limits);
  for (const peer of peers) swarm.addPeer(peer, behaviour);
  swarm.step({ type: 'download-added', download: 1, priority: 1, inOrder });
  files.forEach(({ pieces, priority, isGrowing = false }, index) => {
    swarm.step({ type: 'file-opened', download: 1, file: index + 1, bytes: pieces * MiB - 5, pieceBytes: MiB, have: null, isGrowing, ...(priority === undefined ? {} : { priority }) });
  });
  // Known together, so that the first request of all is already a choice.
  for (const peer of peers) files.forEach((_, index) => { swarm.step({ type: 'source-added', file: index + 1, peer, pieces: 'all' }); });
  return swarm;
}

/** Pieces of a file in the order they were first asked for. */
const asked = (swarm: SwarmWorld, file = 1): number[] => [...new Set(swarm.requests.filter((request) => request.file === file).map(({ piece }) => piece))];
const isSorted = (numbers: readonly number[]): boolean => numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0));

describe('on a volume without holes', () => {
  it('pieces come from the beginning to the end, whoever takes part, and also for somebody who watches', () => {
    for (const inOrder of [false, true]) {
      const swarm = world([{ pieces: 200, isGrowing: true }], { inOrder });
      swarm.run();
      expect(asked(swarm)).toHaveLength(200);
      expect(isSorted(asked(swarm))).toBe(true);
    }
  });

  it('a piece that only is there later waits for nobody', () => {
    const swarm = world([{ pieces: 8, isGrowing: true }]);
    for (const peer of peers) swarm.step({ type: 'source-added', file: 1, peer, pieces: Uint8Array.of(0b0000_1111) });
    swarm.run(5000);
    expect(asked(swarm).toSorted((a, b) => a - b).slice(-4)).toEqual([4, 5, 6, 7]);
  });
});

describe('pieces are read again soon after they came', () => {
  it('by others who lack them, as long as these take part', () => {
    const swarm = world([{ pieces: 8 }]);
    expect(swarm.machine.file(1)?.isReadSoon).toBe(false);
    swarm.addPeer(9, lan);
    swarm.step({ type: 'source-added', file: 1, peer: 9, pieces: Uint8Array.of(0b1000_0000) });
    expect(swarm.machine.file(1)?.isReadSoon).toBe(true);
    swarm.dropPeer(9);
    expect(swarm.machine.file(1)?.isReadSoon).toBe(false);
  });

  it('by a user who watches', () => {
    expect(world([{ pieces: 8 }], { inOrder: true }).machine.file(1)?.isReadSoon).toBe(true);
  });
});

describe('a download that is watched', () => {
  it('comes from the beginning to the end, however many give it, with its last part right after its first', () => {
    const swarm = world([{ pieces: 250 }], { inOrder: true });
    swarm.run();
    // One piece of a hundred at either end.
    expect(asked(swarm).slice(0, 6)).toEqual([0, 1, 2, 247, 248, 249]);
    expect(isSorted(asked(swarm).slice(6))).toBe(true);
    expect(swarm.complete.has(1)).toBe(true);
  });

  it('comes nearly so where others fetch it, too: its first four pieces strictly, then none from far ahead', () => {
    const swarm = world([{ pieces: 120 }], { inOrder: true });
    swarm.addPeer(9, slow);
    swarm.step({ type: 'source-added', file: 1, peer: 9, pieces: Uint8Array.of(0b0000_1000) });
    swarm.run();
    const order = asked(swarm).filter((piece) => piece >= 6 && piece < 118);
    expect(isSorted(order)).toBe(false);
    for (const [at, piece] of order.entries()) expect(piece - Math.min(...order.slice(at))).toBeLessThan(24);
    expect(swarm.complete.has(1)).toBe(true);
  });

  it('comes file by file', () => {
    const swarm = world([{ pieces: 20 }, { pieces: 20 }, { pieces: 20 }], { inOrder: true });
    swarm.run();
    const files = [...new Set(swarm.requests.map(({ file, piece }) => file * 100 + piece))].map((key) => Math.floor(key / 100));
    expect(files).toEqual(files.toSorted((a, b) => a - b));
  });

  it('may become one while it runs, and cease to be one: what was asked for comes all the same', () => {
    const swarm = world([{ pieces: 300 }], { behaviour: slow });
    swarm.run(60_000);
    const before = asked(swarm).length;
    expect(before).toBeGreaterThan(4);
    expect(isSorted(asked(swarm))).toBe(false);
    swarm.step({ type: 'download-order', download: 1, inOrder: true });
    swarm.run(180_000);
    const during = asked(swarm).slice(before);
    const middle = during.filter((piece) => piece >= 3 && piece < 297);
    expect(middle.length).toBeGreaterThan(10);
    expect(isSorted(middle)).toBe(true);
    swarm.step({ type: 'download-order', download: 1, inOrder: false });
    swarm.run();
    expect(isSorted(asked(swarm).slice(before + during.length))).toBe(false);
    expect([...swarm.written.values()].every((times) => times === 1)).toBe(true);
    expect(swarm.complete.has(1)).toBe(true);
  });

  it('gets what failed before what is further on', () => {
    const swarm = world([{ pieces: 2 }, { pieces: 60 }], { inOrder: true, behaviour: slow });
    // Both pieces of the first file are on their way, each from another peer.
    const [first, other] = swarm.requests.filter(({ file, begin }) => file === 1 && begin === 0).map(({ peer }) => peer);
    expect(first).not.toBe(other);
    swarm.run(2000);
    const before = swarm.requests.length;
    const begun = swarm.requests.filter(({ peer }) => peer !== first).map(({ file, piece }) => `${file}/${piece}`);
    swarm.dropPeer(first ?? 0);
    swarm.run();
    const next = swarm.requests.slice(before).find(({ file, piece }) => !begun.includes(`${file}/${piece}`));
    expect(next).toMatchObject({ file: 1, piece: 0 });
    expect([...swarm.complete]).toEqual([1, 2]);
  });
});

describe('files of a download', () => {
  it('are fetched by priority, equals in the order they were opened', () => {
    const swarm = world([{ pieces: 8, priority: 0 }, { pieces: 8 }, { pieces: 8, priority: 2 }, { pieces: 8 }]);
    swarm.run();
    expect([...swarm.complete]).toEqual([3, 2, 4, 1]);
  });

  it('change places while they run, and no piece is fetched twice', () => {
    const swarm = world([{ pieces: 30 }, { pieces: 30 }, { pieces: 30 }], { behaviour: slow });
    swarm.run(20_000);
    expect(asked(swarm, 3)).toEqual([]);
    swarm.step({ type: 'file-priority', file: 3, priority: 2 });
    swarm.step({ type: 'file-priority', file: 1, priority: 0 });
    swarm.run();
    expect([...swarm.complete]).toEqual([3, 2, 1]);
    expect([...swarm.written.values()].every((times) => times === 1)).toBe(true);
  });

  it('give way to one another only where the same peer has both', () => {
    const swarm = new SwarmWorld(seeded(1), narrow);
    for (const peer of [1, 2]) swarm.addPeer(peer, lan);
    swarm.step({ type: 'download-added', download: 1, priority: 1 });
    for (const file of [1, 2]) swarm.step({ type: 'file-opened', download: 1, file, bytes: 10 * MiB, pieceBytes: MiB, have: null, priority: file === 2 ? 2 : 0 });
    swarm.step({ type: 'source-added', file: 2, peer: 2, pieces: 'all' });
    swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
    swarm.run();
    expect(swarm.complete).toEqual(new Set([1, 2]));
    expect(swarm.requests.find(({ peer }) => peer === 1)?.file).toBe(1);
  });
});

it('whatever changes when, every piece is fetched and none is written twice', () => {
  const change = fc.record({ afterMs: fc.integer({ min: 1, max: 3000 }), inOrder: fc.boolean(), file: fc.integer({ min: 1, max: 4 }), priority: fc.constantFrom<PriorityRank>(0, 1, 2) });
  fc.assert(fc.property(fc.nat(), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }), fc.array(change, { maxLength: 12 }), (seed, sizes, changes) => {
    const swarm = world(sizes.map((pieces) => ({ pieces })), { seed, behaviour: { bytesPerMs: 2000, latencyMs: 10 } });
    for (const { afterMs, inOrder, file, priority } of changes) {
      swarm.run(swarm.now + afterMs);
      swarm.step({ type: 'download-order', download: 1, inOrder });
      swarm.step({ type: 'file-priority', file, priority });
    }
    swarm.run();
    expect(swarm.complete.size).toBe(sizes.length);
    expect([...swarm.written.values()].every((times) => times === 1)).toBe(true);
    expect(swarm.buffered).toBe(0);
  }), { numRuns: 200 });
});

describe('files of one piece', () => {
  /** One device has all four, another one the first two. Files that the first device is asked for, in that order. */
  function askedOfWhoHasAll(inOrder: boolean): number[] {
    const swarm = new SwarmWorld(seeded(1));
    for (const peer of [1, 2]) swarm.addPeer(peer, slow);
    swarm.step({ type: 'choked', peer: 1, choked: true });
    swarm.step({ type: 'download-added', download: 1, priority: 1, inOrder });
    for (const file of [1, 2, 3, 4]) swarm.step({ type: 'file-opened', download: 1, file, bytes: MiB, pieceBytes: MiB, have: null });
    for (const [peer, files] of [[1, [1, 2, 3, 4]], [2, [1, 2]]] as const) for (const file of files) swarm.step({ type: 'source-added', file, peer, pieces: 'all' });
    swarm.step({ type: 'choked', peer: 1, choked: false });
    swarm.run();
    expect(swarm.complete.size).toBe(4);
    return [...new Set(swarm.requests.filter(({ peer }) => peer === 1).map(({ file }) => file))];
  }

  it('whoever has all of them gives first what nobody else has', () => {
    expect(askedOfWhoHasAll(false).slice(0, 2)).toEqual([3, 4]);
  });

  it('they come as they lie where somebody watches', () => {
    expect(askedOfWhoHasAll(true).slice(0, 2)).toEqual([2, 3]);
  });
});
