import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiB, MiB, second } from '#shared/units.ts';
import { fetchingWorld, lan, seeded, SwarmWorld } from './world.ts';

describe('one source', () => {
  it('fetches every piece once, in file order', () => {
    const swarm = fetchingWorld([20], { 1: lan });
    swarm.run();
    expect([...swarm.complete]).toEqual([1]);
    const order = [...new Set(swarm.requests.map((request) => request.piece))];
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect([...swarm.written.values()].every((times) => times === 1)).toBe(true);
    expect(swarm.buffered).toBe(0);
  });

  it('gives up nothing that is on its way to have room for itself, though it was taken for slow when it began', () => {
    const swarm = new SwarmWorld(seeded(1), { receiveBudgetBytes: 4 * MiB, requestWindowBytes: 16 * MiB });
    swarm.diskMs = 100;
    swarm.addPeer(1, lan);
    swarm.step({ type: 'download-added', download: 1, priority: 1 });
    const files = [200 * KiB, 900 * KiB, 8 * MiB];
    for (const [at, bytes] of files.entries()) {
      swarm.step({ type: 'file-opened', download: 1, file: at + 1, bytes, pieceBytes: MiB, have: null });
      swarm.step({ type: 'source-added', file: at + 1, peer: 1, pieces: 'all' });
    }
    swarm.run();
    expect(swarm.complete.size).toBe(3);
    expect(swarm.requests.reduce((sum, { length }) => sum + length, 0)).toBe(files.reduce((sum, bytes) => sum + bytes, 0));
  });

  it('never asks for what is verified already', () => {
    const swarm = new SwarmWorld(seeded(1));
    swarm.addPeer(1, lan);
    swarm.step({ type: 'download-added', download: 1, priority: 1 });
    swarm.step({ type: 'file-opened', download: 1, file: 1, bytes: 10 * MiB, pieceBytes: MiB, have: Uint8Array.of(0b1011_1111, 0b0100_0000) });
    swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
    swarm.run();
    expect(new Set(swarm.requests.map((request) => request.piece))).toEqual(new Set([1, 8]));
    expect(swarm.complete.has(1)).toBe(true);
  });

  it.each([
    ['that take about 100 ms at the measured rate', 2000, 128 * KiB],
    ['of 64 KiB from a slow peer, which fewer would only cost turns', 20, 64 * KiB],
  ])('asks in blocks %s', (_what, bytesPerMs, blockBytes) => {
    const swarm = fetchingWorld([4], { 1: { bytesPerMs, latencyMs: 20 } });
    swarm.run();
    expect(swarm.complete.has(1)).toBe(true);
    const late = swarm.requests.slice(-20);
    expect(Math.max(...late.map((request) => request.length))).toBe(blockBytes);
  });

  it('keeps a fast path busy: the window grows to what bandwidth and delay need', () => {
    const swarm = fetchingWorld([400], { 1: { bytesPerMs: 100 * KiB, latencyMs: 50 } });
    swarm.run();
    const ideal = (400 * MiB) / (100 * KiB);
    expect(swarm.completeAt).toBeLessThan(ideal * 1.25);
  });

  it('starves when it leaves, and goes on when it is back', () => {
    const swarm = fetchingWorld([8], { 1: lan });
    swarm.run(5);
    swarm.dropPeer(1);
    expect(swarm.starved).toEqual([1]);
    swarm.addPeer(1, lan);
    swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
    swarm.run();
    expect(swarm.complete.has(1)).toBe(true);
  });
});

describe('several sources', () => {
  it('uses all of them at once, in proportion to their rates', () => {
    const swarm = fetchingWorld([200], { 1: lan, 2: { bytesPerMs: 50 * KiB, latencyMs: 1 } });
    swarm.run();
    const bytesOf = (peer: number): number => swarm.requests.filter((request) => request.peer === peer).reduce((sum, request) => sum + request.length, 0);
    expect(bytesOf(1)).toBeGreaterThan(bytesOf(2) * 1.4);
    expect(swarm.completeAt).toBeLessThan(((200 * MiB) / (150 * KiB)) * 1.3);
  });

  it('asks somebody else when one goes silent, within 10 s', () => {
    const swarm = fetchingWorld([30], { 1: lan, 2: { ...lan, silent: 1 } });
    swarm.run();
    expect(swarm.complete.has(1)).toBe(true);
    expect(swarm.completeAt).toBeLessThan(10 * second);
  });

  it('bans a liar after two bad pieces and still finishes', () => {
    const swarm = fetchingWorld([40], { 1: { ...lan, corrupt: 1 }, 2: lan });
    swarm.run();
    expect(swarm.complete.has(1)).toBe(true);
    expect(swarm.strikes.get(1)).toBeGreaterThanOrEqual(2);
    const after = swarm.requests.filter((request) => request.peer === 1).at(-1)?.at ?? 0;
    expect(after).toBeLessThan(swarm.now / 2);
  });

  it('says that nobody is left when only a banned one has a file, also for files that come later, until it is forgiven', () => {
    const swarm = fetchingWorld([10], { 1: { ...lan, corrupt: 1 } });
    swarm.run();
    expect(swarm.starved).toEqual([1]);
    const asked = swarm.requests.length;
    swarm.step({ type: 'file-opened', download: 1, file: 2, bytes: 4 * MiB, pieceBytes: MiB, have: null });
    swarm.step({ type: 'source-added', file: 2, peer: 1, pieces: 'all' });
    expect(swarm.starved).toEqual([1, 2]);
    expect(swarm.requests.length).toBe(asked);
    swarm.step({ type: 'peer-forgiven', peer: 1 });
    swarm.step({ type: 'source-added', file: 2, peer: 1, pieces: 'all' });
    expect(swarm.requests.length).toBeGreaterThan(asked);
  });

  it('a slow last piece does not hold up the end', () => {
    const swarm = fetchingWorld([3], { 1: { bytesPerMs: 20, latencyMs: 1 }, 2: lan });
    swarm.run();
    expect(swarm.completeAt).toBeLessThan(5 * second);
  });
});

it('a last piece that two slow peers are at is asked of a fast one that comes later', () => {
  const swarm = fetchingWorld([1], { 1: { bytesPerMs: 20, latencyMs: 1 }, 2: { bytesPerMs: 20, latencyMs: 1 } });
  swarm.run(10 * second);
  expect(new Set(swarm.requests.map(({ peer }) => peer))).toEqual(new Set([1, 2]));
  swarm.addPeer(3, lan);
  swarm.step({ type: 'source-added', file: 1, peer: 3, pieces: 'all' });
  swarm.run();
  expect(swarm.completeAt).toBeLessThan(11 * second);
});

it('a last piece that is all here is asked of nobody else, until the disk says that it is wrong', () => {
  const slow = { bytesPerMs: 20, latencyMs: 1 };
  for (const corrupt of [0, 1]) {
    const swarm = fetchingWorld([1], { 1: { bytesPerMs: 100, latencyMs: 1, corrupt }, 2: slow });
    swarm.diskMs = 5 * second;
    swarm.run(12 * second);
    expect(new Set(swarm.requests.map(({ peer }) => peer))).toEqual(new Set([1, 2]));
    swarm.addPeer(3, lan);
    swarm.step({ type: 'source-added', file: 1, peer: 3, pieces: 'all' });
    swarm.run(14 * second);
    expect(swarm.requests.filter(({ peer }) => peer === 3)).toEqual([]);
    swarm.run(18 * second);
    expect(swarm.requests.some(({ peer }) => peer === 3)).toBe(corrupt === 1);
  }
});

it('a last piece whose source has fallen silent is asked of another one, though that was no faster before', () => {
  const swarm = fetchingWorld([60], { 1: lan, 2: { bytesPerMs: 60 * KiB, latencyMs: 1 } });
  swarm.run(230);
  expect(swarm.complete.size).toBe(0);
  swarm.setBehaviour(1, { silent: 1 });
  swarm.run();
  expect(swarm.completeAt).toBeLessThan(7 * second);
});

it('the download with the higher priority fetches first', () => {
  const swarm = fetchingWorld([50], { 1: lan });
  swarm.step({ type: 'download-added', download: 2, priority: 2 });
  swarm.step({ type: 'file-opened', download: 2, file: 9, bytes: 50 * MiB, pieceBytes: MiB, have: null });
  swarm.step({ type: 'source-added', file: 9, peer: 1, pieces: 'all' });
  swarm.run();
  const lastHigh = Math.max(...swarm.requests.filter((request) => request.file === 9).map((request) => request.at));
  const lastNormal = Math.max(...swarm.requests.filter((request) => request.file === 1).map((request) => request.at));
  expect(lastHigh).toBeLessThan(lastNormal);
});

describe('downloads wanted as much as each other', () => {
  const dsl = { bytesPerMs: 1000, latencyMs: 10 };
  /** Beside the first download: a file of so many pieces at these peers, as a download of its own. */
  const begin = (swarm: SwarmWorld, download: number, pieces: number, peers: readonly number[]): void => {
    swarm.step({ type: 'download-added', download, priority: 1 });
    swarm.step({ type: 'file-opened', download, file: download, bytes: pieces * MiB, pieceBytes: MiB, have: null });
    for (const peer of peers) swarm.step({ type: 'source-added', file: download, peer, pieces: 'all' });
  };
  const bytesOf = (swarm: SwarmWorld, file: number, peer: number): number => swarm.requests.filter((request) => request.file === file && request.peer === peer).reduce((sum, { length }) => sum + length, 0);

  it('take turns by bytes: a small one does not wait for a large one of the same source', () => {
    const swarm = fetchingWorld([100], { 1: dsl });
    swarm.run(10 * second);
    begin(swarm, 2, 4, [1]);
    swarm.run(10 * second + (1.1 * (2 * 4 + 2) * MiB) / dsl.bytesPerMs);
    expect([...swarm.complete]).toEqual([2]);
    swarm.run();
    expect([...swarm.complete]).toEqual([2, 1]);
    // The line was never idle.
    expect(swarm.completeAt).toBeLessThan((1.02 * 104 * MiB) / dsl.bytesPerMs + second);
  });

  it('get the same, whichever began first', () => {
    const swarm = fetchingWorld([100], { 1: dsl });
    swarm.run(20 * second);
    for (const download of [2, 3]) begin(swarm, download, 100, [1]);
    swarm.requests.length = 0;
    swarm.run(80 * second);
    const given = [1, 2, 3].map((file) => bytesOf(swarm, file, 1));
    expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(2 * MiB);
  });

  it('whose sources were away save up little', () => {
    const swarm = fetchingWorld([100], { 1: dsl });
    begin(swarm, 2, 100, []);
    swarm.run(60 * second);
    swarm.requests.length = 0;
    swarm.step({ type: 'source-added', file: 2, peer: 1, pieces: 'all' });
    swarm.run(70 * second);
    expect(bytesOf(swarm, 1, 1)).toBeGreaterThan(3 * MiB);
  });

  it('leave a source that only one of them has to that one, and the other source to the other', () => {
    const swarm = fetchingWorld([100], { 1: dsl, 2: dsl });
    begin(swarm, 2, 100, [1]);
    swarm.run(40 * second);
    expect(bytesOf(swarm, 2, 1)).toBeGreaterThan(5 * bytesOf(swarm, 1, 1));
  });

  it('do not wait for one that has no room for more', () => {
    const swarm = fetchingWorld([100], { 1: lan });
    swarm.isDiskStuck = true;
    swarm.run(second);
    begin(swarm, 2, 4, [1]);
    swarm.step({ type: 'download-priority', download: 1, priority: 2 });
    swarm.run(2 * second);
    expect(bytesOf(swarm, 2, 1)).toBe(4 * MiB);
  });
});

it('keeps to the download limit', () => {
  const swarm = fetchingWorld([10], { 1: lan });
  swarm.step({ type: 'rate-limit', bytesPerSecond: 1_000_001 });
  swarm.run();
  // The window that was asked for before the limit came is free.
  expect(swarm.completeAt).toBeGreaterThan(8 * second);
  expect(swarm.completeAt).toBeLessThan(11.5 * second);
});

it('what did not have to travel counts against no limit', () => {
  const swarm = fetchingWorld([40], { 1: { ...lan, wireShare: 0.25 } });
  swarm.step({ type: 'rate-limit', bytesPerSecond: 1_000_001 });
  swarm.run();
  // 40 MiB in a quarter of their bytes; the window that was asked for before the limit came is free.
  expect(swarm.completeAt).toBeGreaterThan(8 * second);
  expect(swarm.completeAt).toBeLessThan(11 * second);
});

it('what is refused counts against no limit: something else is asked for at once', () => {
  const swarm = new SwarmWorld(seeded(1));
  swarm.step({ type: 'rate-limit', bytesPerSecond: 1_000_001 });
  swarm.addPeer(1, { ...lan, silent: 1 });
  swarm.step({ type: 'download-added', download: 1, priority: 1 });
  swarm.step({ type: 'file-opened', download: 1, file: 1, bytes: 10 * MiB, pieceBytes: MiB, have: null });
  swarm.step({ type: 'source-added', file: 1, peer: 1, pieces: 'all' });
  swarm.run(0.5 * second);
  const before = swarm.requests.length;
  swarm.step({ type: 'tick' });
  expect(swarm.requests.length).toBe(before);
  swarm.step({ type: 'block-refused', request: swarm.requests.at(-1)?.request ?? 0, why: 'elsewhere' });
  expect(swarm.requests.length).toBe(before + 1);
});

it('keeps to the limit of one peer, and the others go on at full speed', () => {
  const swarm = fetchingWorld([100], { 1: lan, 2: lan });
  swarm.step({ type: 'rate-limit', bytesPerSecond: 100_000, scope: 1 });
  swarm.run();
  const from = (peer: number): number => swarm.requests.filter((request) => request.peer === peer).reduce((sum, { length }) => sum + length, 0);
  expect(swarm.complete.size).toBe(1);
  // What was on its way before the limit came is free: one window.
  expect(from(1)).toBeLessThan(3 * MiB);
  const alone = fetchingWorld([100], { 2: lan });
  alone.run();
  // The piece that the limited one is at in the end is asked of the other after 2 s.
  expect(swarm.completeAt).toBeLessThan(alone.completeAt + 2.2 * second);
});

it('a limited peer that is the only source is asked at its pace, and the download ends', () => {
  const swarm = fetchingWorld([4], { 1: lan });
  swarm.step({ type: 'rate-limit', bytesPerSecond: 500_000, scope: 1 });
  swarm.run();
  expect(swarm.complete.size).toBe(1);
  expect(swarm.completeAt).toBeGreaterThan(5 * second);
  expect(swarm.completeAt).toBeLessThan(9 * second);
});

describe('a source', () => {
  it('that is slow but sends is no stalled one, however long a block takes', () => {
    const swarm = fetchingWorld([1], { 1: { bytesPerMs: 3, latencyMs: 20 } });
    swarm.run();
    expect(swarm.requests.filter(({ begin }) => begin === 0)).toHaveLength(1);
    expect(swarm.completeAt).toBeLessThan(360 * second);
    expect(swarm.machine.standing(swarm.now, 1)?.sources).toMatchObject([{ late: 0 }]);
  });

  it('that stops in the middle of a block is found within 10 s', () => {
    for (let cutMs = 5000; cutMs < 9000; cutMs += 250) {
      const swarm = fetchingWorld([1], { 1: { bytesPerMs: 3, latencyMs: 20 } });
      swarm.run(cutMs);
      swarm.stopPeer(1);
      let foundMs = 0;
      while (foundMs < 60 * second && swarm.machine.standing(swarm.now, 1)?.sources[0]?.state !== 'stalled') swarm.run(cutMs + (foundMs += 100));
      expect(foundMs).toBeLessThanOrEqual(10 * second);
      expect(foundMs).toBeGreaterThan(4 * second);
    }
  });

  it('that nobody can stand in for is asked again soon, for little and ever more patiently', () => {
    const swarm = fetchingWorld([20], { 1: lan });
    swarm.run(40);
    swarm.stopPeer(1);
    swarm.run(126 * second);
    const again = swarm.requests.filter(({ at }) => at > 1000);
    expect(again.map(({ length }) => length)).toEqual(again.map(() => 64 * KiB));
    expect(again.map(({ at }) => Math.round(at / second))).toEqual([9, 26, 59, 92, 125]);
    expect(swarm.machine.standing(swarm.now, 1)?.sources).toMatchObject([{ state: 'stalled', until: null }]);
  });

  it('that others can stand in for is left alone for a while', () => {
    const swarm = fetchingWorld([2000], { 1: lan, 2: { bytesPerMs: 20_000, latencyMs: 1 } });
    swarm.run(40);
    swarm.stopPeer(1);
    swarm.run(15 * second);
    expect(swarm.requests.filter(({ at, peer }) => at > 1000 && peer === 1)).toEqual([]);
    const standing = swarm.machine.standing(swarm.now, 1)?.sources.find(({ peer }) => peer === 1);
    expect(standing?.state).toBe('stalled');
    expect(standing?.until).toBeGreaterThan(swarm.now);
  });
});

it('a removed download leaves nothing behind', () => {
  const swarm = fetchingWorld([50, 1, 1], { 1: lan });
  swarm.run(12);
  swarm.step({ type: 'download-removed', download: 1 });
  swarm.run();
  expect(swarm.buffered).toBe(0);
  expect(swarm.machine.budgetUsed).toBe(0);
  expect(swarm.complete.size).toBeLessThan(3);
});

it('finishes whatever the peers do and whenever they leave and return, within its budget, as long as one is honest, which is never blamed', () => {
  const chance = fc.double({ min: 0, max: 0.9, noNaN: true });
  const peer = fc.record({ bytesPerMs: fc.integer({ min: 100, max: 100_000 }), latencyMs: fc.integer({ min: 0, max: 300 }), corrupt: chance, silent: chance, refuse: chance });
  const flap = fc.record({ afterMs: fc.integer({ min: 1, max: 2000 }), who: fc.nat({ max: 5 }) });
  fc.assert(fc.property(fc.nat(), fc.array(peer, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }), fc.array(flap, { maxLength: 20 }), (seed, others, files, flaps) => {
    const limits = { receiveBudgetBytes: 6 * MiB, requestWindowBytes: 4 * MiB };
    const swarm = new SwarmWorld(seeded(seed), limits);
    const all = [...others, { bytesPerMs: 5000, latencyMs: 10 }];
    all.forEach((behaviour, number) => { swarm.addPeer(number, behaviour); });
    swarm.step({ type: 'download-added', download: 1, priority: 0 });
    files.forEach((pieces, file) => {
      swarm.step({ type: 'file-opened', download: 1, file, bytes: pieces * MiB - 1, pieceBytes: MiB, have: null });
      all.forEach((_, number) => { swarm.step({ type: 'source-added', file, peer: number, pieces: 'all' }); });
    });
    for (const { afterMs, who } of flaps) {
      swarm.run(swarm.now + afterMs);
      const number = who % all.length;
      swarm.dropPeer(number);
      swarm.addPeer(number, all[number] ?? expect.fail('no peer'));
      files.forEach((_, file) => { swarm.step({ type: 'source-added', file, peer: number, pieces: 'all' }); });
    }
    swarm.run();
    expect(swarm.complete.size).toBe(files.length);
    expect(swarm.strikes.get(others.length)).toBeUndefined();
    expect(swarm.buffered).toBe(0);
    expect(swarm.machine.budgetUsed).toBe(0);
    expect(swarm.maxBuffered).toBeLessThanOrEqual(limits.requestWindowBytes);
  }), { numRuns: 300 });
});
