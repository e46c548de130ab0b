import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompressionPolicy } from '#main/core/compression/compression-policy.ts';
import { KiB, MiB } from '#shared/units.ts';

interface Play {
  readonly policy?: CompressionPolicy;
  readonly from?: number;
  readonly blocks?: number;
  readonly blockBytes?: number;
  readonly rate: number | null;
  /** Compressed bytes a plain one; 1: does not shrink. */
  readonly ratio: number;
  readonly msPerMiB?: number;
  /** By the clock; the processor's own time when left out. */
  readonly clockMsPerMiB?: number;
  readonly subject?: string | null;
}

/** Sends blocks over a line, one after the other, each in the time the line needs for it; a string tells which were compressed. */
function play({ policy = new CompressionPolicy(), from = 0, blocks = 100, blockBytes = 256 * KiB, rate, ratio, msPerMiB = 4, clockMsPerMiB = msPerMiB, subject = 'file' }: Play): { policy: CompressionPolicy; now: number; blocks: string; asked: number } {
  let now = from;
  let told = '';
  let asked = 0;
  for (let block = 0; block < blocks; block++) {
    const begun = policy.begin(now, { bytes: blockBytes, bytesPerSecond: rate, subject: () => { asked++; return subject; } });
    told += begun === null ? '.' : 'c';
    const took = { workMs: (msPerMiB * blockBytes) / MiB, timeMs: (clockMsPerMiB * blockBytes) / MiB };
    if (begun !== null) policy.ended(now + took.timeMs, begun, blockBytes, ratio > 0.9 ? null : ratio * blockBytes, took);
    now += (1000 * blockBytes * (begun === null || ratio > 0.9 ? 1 : ratio)) / (rate ?? 1e9);
  }
  return { policy, now, blocks: told, asked };
}
const compressed = (told: string): number => told.replaceAll('.', '').length;

describe('compression', () => {
  it('is used for text on a line of 2 MB/s, from the first block on', () => {
    expect(play({ rate: 2e6, ratio: 0.3 }).blocks).toBe('c'.repeat(100));
  });

  it.each([['a gigabit line', 110e6], ['loopback', 600e6], ['a line nobody knows', null]])('is not even thought of on %s', (_name, rate) => {
    const { blocks, asked } = play({ rate, ratio: 0.1 });
    expect([compressed(blocks), asked]).toEqual([0, 0]);
  });

  it('is not used where the processor is too slow for the line', () => {
    expect(compressed(play({ rate: 10e6, ratio: 0.3, msPerMiB: 4 }).blocks)).toBe(100);
    // This program is busy with other things: they count as well.
    expect(compressed(play({ rate: 10e6, ratio: 0.3, msPerMiB: 40 }).blocks)).toBeLessThan(8);
  });

  it('is not put off by a first small block that took its time', () => {
    const policy = new CompressionPolicy();
    expect(policy.begin(0, { bytes: 16 * KiB, bytesPerSecond: 2e6, subject: () => 'file' })).toBe('file');
    policy.ended(50, 'file', 16 * KiB, 3000, { workMs: 50, timeMs: 50 });
    expect(play({ policy, from: 50, rate: 2e6, ratio: 0.2 }).blocks).toBe('c'.repeat(100));
  });

  it('is used on a machine that other programs keep busy, as far as it gets done in time', () => {
    expect(compressed(play({ rate: 2e6, ratio: 0.3, clockMsPerMiB: 400 }).blocks)).toBe(100);
    const policy = new CompressionPolicy();
    play({ policy, rate: 2e6, ratio: 0.3, clockMsPerMiB: 400 });
    const ask = (): boolean => policy.begin(40_000, { bytes: 256 * KiB, bytesPerSecond: 2e6, subject: () => 'file' }) !== null;
    expect([ask(), ask(), ask(), ask()]).toEqual([true, true, true, true]);
    policy.ended(40_100, 'file', 256 * KiB, 0.3 * 256 * KiB, { workMs: 1, timeMs: 1000 });
    // Three wait; a fourth would wait longer than the line needs for it.
    expect(ask()).toBe(false);
  });

  it('comes back when the machine is not busy any more', () => {
    const { policy, now } = play({ rate: 10e6, ratio: 0.3, msPerMiB: 40, blocks: 40 });
    expect(compressed(play({ policy, from: now, rate: 10e6, ratio: 0.3, msPerMiB: 4, blocks: 20 }).blocks)).toBe(0);
    expect(compressed(play({ policy, from: now + 6000, rate: 10e6, ratio: 0.3, msPerMiB: 4, blocks: 20 }).blocks)).toBe(20);
  });

  it('follows the line', () => {
    const slow = play({ rate: 2e6, ratio: 0.3, blocks: 20 });
    const fast = play({ policy: slow.policy, from: slow.now, rate: 200e6, ratio: 0.3, blocks: 20 });
    const again = play({ policy: slow.policy, from: fast.now, rate: 2e6, ratio: 0.3, blocks: 20 });
    expect([slow, fast, again].map(({ blocks }) => compressed(blocks))).toEqual([20, 0, 20]);
  });

  it('samples what does not shrink ever more seldom', () => {
    const { blocks } = play({ rate: 2e6, ratio: 1, blocks: 2000 });
    expect(blocks.slice(0, 12)).toBe('c........c..');
    expect(compressed(blocks)).toBeLessThan(14);
    expect(compressed(blocks.slice(1000))).toBeGreaterThan(1);
  });

  it('finds out when a file begins to shrink in the middle, and when it stops to', () => {
    const first = play({ rate: 2e6, ratio: 1, blocks: 300 });
    const middle = play({ policy: first.policy, from: first.now, rate: 2e6, ratio: 0.2, blocks: 600 });
    expect(middle.blocks.endsWith('c'.repeat(100))).toBe(true);
    const last = play({ policy: first.policy, from: middle.now, rate: 2e6, ratio: 1, blocks: 300 });
    expect(compressed(last.blocks)).toBeLessThan(25);
  });

  it('weighs what is saved: a little less is enough on a very slow line only', () => {
    expect(compressed(play({ rate: 20e6, ratio: 0.85, blocks: 200 }).blocks)).toBeLessThan(15);
    expect(compressed(play({ rate: 1e6, ratio: 0.85, blocks: 200 }).blocks)).toBe(200);
  });

  it('leaves alone what its name says is compressed, and blocks too small to save anything', () => {
    expect(compressed(play({ rate: 2e6, ratio: 0.3, subject: null }).blocks)).toBe(0);
    expect(compressed(play({ rate: 2e6, ratio: 0.3, blockBytes: 1000 }).blocks)).toBe(0);
  });

  it('lets nothing wait for the compressor longer than what the line needs for it', () => {
    const policy = new CompressionPolicy();
    play({ policy, rate: 20e6, ratio: 0.2, blocks: 10 });
    const ask = (): boolean => policy.begin(1000, { bytes: MiB, bytesPerSecond: 20e6, subject: () => 'file' }) !== null;
    // A MiB takes the line 52 ms and the compressor 4: what waits before it must not take longer.
    expect(Array.from({ length: 20 }, ask).filter((yes) => yes)).toHaveLength(14);
    policy.failed(MiB);
    policy.ended(1004, 'file', MiB, 0.2 * MiB, { workMs: 4, timeMs: 4 });
    expect(ask()).toBe(true);
  });

  it('asks for one sample of a new file at a time', () => {
    const policy = new CompressionPolicy();
    const ask = (): boolean => policy.begin(0, { bytes: MiB, bytesPerSecond: 2e6, subject: () => 'file' }) !== null;
    expect([ask(), ask(), ask()]).toEqual([true, false, false]);
  });

  it('never makes a transfer clearly longer than plain, nor waits in vain, whatever line, file and machine', () => {
    fc.assert(fc.property(
      fc.array(fc.record({ rate: fc.double({ min: 1e4, max: 1e9, noNaN: true }), ratio: fc.double({ min: 0.01, max: 1.1, noNaN: true }), msPerMiB: fc.double({ min: 0.5, max: 200, noNaN: true }), blocks: fc.integer({ min: 1, max: 60 }) }), { maxLength: 8 }),
      (phases) => {
        const policy = new CompressionPolicy();
        let [now, plainMs, worstMs] = [0, 0, 0];
        for (const phase of phases) {
          const blockMs = (1000 * 256 * KiB) / phase.rate;
          const played = play({ policy, from: now, ...phase });
          // Even if nothing went on side by side: each compressed block costs its time, and saves what it saves.
          const costMs = compressed(played.blocks) * phase.msPerMiB / 4;
          worstMs += Math.max(played.now - now, costMs);
          plainMs += phase.blocks * blockMs + (phase.msPerMiB / 4) * 8;
          now = played.now;
        }
        expect(worstMs).toBeLessThanOrEqual(1.05 * plainMs + 1);
      },
    ), { numRuns: 300 });
  });
});
