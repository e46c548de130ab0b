import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiB, second } from '#shared/units.ts';
import { RateGate } from '#main/core/rate/rate-gate.ts';

/** Asks for `blockBytes` at a time from each peer whenever it may, for `untilMs`; gives what each got. */
function run(gate: RateGate, peers: readonly number[], { blockBytes = 16 * KiB, untilMs = 20 * second } = {}): number[] {
  const got = peers.map(() => 0);
  for (let now = 0; now < untilMs; now++) {
    for (let progress = true; progress;) {
      progress = false;
      for (const [at, peer] of peers.entries()) {
        if (!gate.isOpen(now) || !gate.admits(now, peer)) continue;
        gate.pay(peer, blockBytes);
        got[at] = (got[at] ?? 0) + blockBytes;
        // A world without limits: nobody takes more than this.
        progress = (got[at] ?? 0) < 100_000_000;
      }
    }
  }
  return got;
}

describe('the strictest limit wins', () => {
  it('a peer gets what is least: its own, its line, or everybody together', () => {
    const rate = fc.integer({ min: 20_000, max: 2_000_000 });
    fc.assert(fc.property(rate, rate, rate, (all, line, own) => {
      const gate = new RateGate();
      gate.peerUp(1, 'far');
      gate.set(0, 'all', all);
      gate.set(0, 'far', line);
      gate.set(0, 1, own);
      const [bytes = 0] = run(gate, [1]);
      const wanted = Math.min(all, line, own) * 20;
      expect(Math.abs(bytes - wanted)).toBeLessThan(wanted * 0.02 + 2 * 16 * KiB);
    }), { numRuns: 8 });
  });

  it('says which one', () => {
    const gate = new RateGate();
    gate.peerUp(1, 'near');
    gate.peerUp(2, 'far');
    run(gate, [1, 2], { untilMs: 1 });
    expect([gate.bindingOf(1, 1), gate.bindingOf(1, 2)]).toEqual([null, null]);
    gate.set(0, 1, 100_000);
    run(gate, [1, 2], { untilMs: 100 });
    expect([gate.bindingOf(100, 1), gate.bindingOf(100, 2)]).toEqual(['peer', null]);
    gate.set(100, 'far', 100_000);
    expect(gate.admits(100, 2)).toBe(false);
    expect([gate.bindingOf(101, 1), gate.bindingOf(101, 2)]).toEqual(['peer', 'line']);
    gate.set(101, 'far', null);
    gate.set(101, 1, null);
    gate.set(101, 'all', 100_000);
    expect(gate.isOpen(101)).toBe(false);
    expect([gate.bindingOf(102, 1), gate.bindingOf(102, 2)]).toEqual(['all', 'all']);
  });

  it('forgets the limit of a peer that went', () => {
    const gate = new RateGate();
    gate.peerUp(1, null);
    gate.set(0, 1, 1024);
    expect(gate.admits(0, 1)).toBe(false);
    gate.peerDown(1);
    gate.peerUp(1, null);
    expect(gate.admits(0, 1)).toBe(true);
  });
});

it('a peer at its limit leaves the rest to the others', () => {
  const gate = new RateGate();
  for (const peer of [1, 2, 3]) gate.peerUp(peer, 'near');
  gate.set(0, 'all', 1_000_000);
  gate.set(0, 1, 50_000);
  const [slow = 0, ...others] = run(gate, [1, 2, 3]);
  expect(slow).toBeLessThan(20 * 50_000 + 2 * 16 * KiB);
  expect(slow + (others[0] ?? 0) + (others[1] ?? 0)).toBeGreaterThan(20 * 1_000_000 * 0.98);
});

it('wakes when the first who waits may go on, and not at all when nobody waits', () => {
  const gate = new RateGate();
  gate.peerUp(1, null);
  gate.peerUp(2, null);
  gate.set(0, 1, 1000);
  gate.set(0, 2, 10_000);
  expect(gate.nextWake(0)).toBeNull();
  gate.admits(0, 1);
  gate.pay(1, 1000);
  gate.admits(0, 1);
  const alone = gate.nextWake(0) ?? 0;
  gate.admits(0, 2);
  expect(gate.nextWake(0)).toBeLessThan(alone);
  gate.forgetWaiting();
  expect(gate.nextWake(0)).toBeNull();
});
