import { describe, expect, it } from 'vitest';
import { KiB, MiB, hour } from '#shared/units.ts';
import { defaultSwarm, swarmPresets, type SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { tinySwarm } from '#main/lab/engine/tiny-swarm.ts';
import { trySwarm } from './try-swarm.ts';

const runs = 3000;

const small: SwarmOptions = { ...defaultSwarm, peers: 12, bytes: 20 * 64 * KiB - 1000, pieceBytes: 64 * KiB, limitMs: 4 * hour };

describe('swarms with trouble of every kind', () => {
  it(`keep every promise in ${runs} runs`, () => {
    for (let seed = 1; seed <= runs; seed++) trySwarm(tinySwarm(seed));
  }, 60_000);

  it('have one history for one set of options', () => {
    for (const seed of [11, 12, 13, 14, 15]) {
      expect(trySwarm(tinySwarm(seed))).toEqual(trySwarm(tinySwarm(seed)));
    }
    expect(trySwarm({ ...small, seed: 1 }).history).not.toBe(trySwarm({ ...small, seed: 2 }).history);
  });
});

describe('each trouble by itself', () => {
  const troubles: Record<string, Partial<SwarmOptions>> = {
    loss: { loss: 0.05 },
    'coming and going': { churnPerHour: 300, awayMs: 3000 },
    'leaving when done': { leaveWhenDone: true },
    'a cut that nobody notices': { partitions: 2, partitionMs: 5000 },
    'a cut that ends links': { partitions: 1, partitionMs: 90_000 },
    'peers that do not answer': { stall: 0.3 },
    'disks that fail': { diskFails: 0.02 },
    'answers that come late, twice and out of order': { shuffle: 0.3 },
    'arrivals at random': { arrivalsPerSecond: 0.5 },
  };
  it.each(Object.entries(troubles))('is no reason not to finish, nor to blame anybody: %s', (_, trouble) => {
    for (const lan of [false, true]) {
      const report = trySwarm({ ...small, ...trouble, lan });
      expect(report.last).toBeGreaterThan(report.bound);
      expect(report.bans).toBe(0);
    }
  });

  it('costs some bytes, and bans, where peers send wrong ones', () => {
    for (const trouble of [{ corrupt: 0.3 }, { lie: 0.3 }]) {
      const report = trySwarm({ ...small, ...trouble });
      expect(report.done).toBe(8);
      expect(report.bans).toBeGreaterThan(0);
      expect(report.overhead).toBeGreaterThan(1);
    }
  });
});

it('a crowd that comes at once uses nearly all there is to send with', () => {
  const report = trySwarm({ ...swarmPresets.bharambe, peers: 30, bytes: 200 * 256 * KiB });
  expect(report.utilisation).toBeGreaterThan(0.9);
  expect(report.overhead).toBeLessThan(1.05);
});

it('a crowd on one network takes little more than a copy from a source whose line all wait for, though nobody set a limit', () => {
  const line = 110e6;
  const report = trySwarm({ ...defaultSwarm, lan: true, latencyMs: 0.3, peers: 20, neighbours: 30, arriveWithinMs: 0, proven: true, bytes: 256 * MiB, originUp: line, peerUp: line, peerDown: line, limitMs: hour });
  expect(report.originCopies).toBeLessThan(1.4);
  expect(report.last).toBeLessThan(1.5 * report.bound);
});
