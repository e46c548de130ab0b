import { describe, expect, it } from 'vitest';
import { hour } from '#shared/units.ts';
import { defaultSwarm, type SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { trySwarm } from './try-swarm.ts';

/** Swarms that once broke a rule, as small as they could be made, each with what was wrong. */
const found: Record<string, Partial<SwarmOptions>> = {
  'a line so slow that the first block of each peer took longer than a stall': {
    seed: 115187, peers: 4, bytes: 1_519_871, pieceBytes: 262_144, originUp: 25_000, peerUp: 50_000, latencyMs: 0.2, lan: true, neighbours: 7, arriveWithinMs: 1000,
  },
  'a peer whose word came while the file was closed for a moment was never heard again': {
    seed: 123486, peers: 6, origins: 2, bytes: 795_149, pieceBytes: 65_536, originUp: 25_000, peerUp: 50_000, peerDown: 200_000, latencyMs: 0.2, lan: true, neighbours: 5, arriveWithinMs: 1000,
    leaveWhenDone: true, partitions: 2, partitionMs: 100_000, awayMs: 1000, diskBytesPerSecond: 2_000_000, diskFails: 0.09,
  },
  'two peers that have banned each other answered each other for ever': {
    seed: 507741, peers: 7, bytes: 679_031, pieceBytes: 65_536, originUp: 25_000, peerUp: 50_000, peerDown: 200_000, latencyMs: 0.2, lan: true, neighbours: 8, arriveWithinMs: 1000,
    churnPerHour: 198.77, awayMs: 1000, partitionMs: 100_000, stall: 0.331, lie: 0.318, diskBytesPerSecond: 2_000_000, diskFails: 0.002,
  },
  'peers that are started again every nine seconds spent them on a first block larger than they lived to see': {
    seed: 709542, peers: 7, bytes: 1_055_944, pieceBytes: 262_144, originUp: 25_000, peerUp: 50_000, peerDown: 200_000, latencyMs: 0.2, lan: true, neighbours: 4, arriveWithinMs: 20_000,
    churnPerHour: 390.82, awayMs: 1000, partitionMs: 100_000, diskBytesPerSecond: 2_000_000, diskFails: 0.016, shuffle: 0.008,
  },
  'a peer whose last piece was written while the file was closed, and that went away before it was open again, never counted as done': {
    seed: 3553, peers: 3, bytes: 4 * 65_536, pieceBytes: 65_536, originUp: 500_000, peerUp: 50_000, peerDown: 50_000, latencyMs: 0.2, lan: true, neighbours: 7, arriveWithinMs: 1000,
    churnPerHour: 217.679, awayMs: 1000, diskBytesPerSecond: 2_000_000, diskFails: 0.2,
  },
};

describe('a swarm that once failed', () => {
  it.each(Object.entries(found))('keeps every promise: %s', (_, options) => {
    const { peers = 0, stall = 0, lie = 0 } = options;
    const report = trySwarm({ ...defaultSwarm, limitMs: hour, ...options });
    expect(report.done).toBe(peers - Math.round(peers * stall) - Math.round(peers * lie));
  });
});
