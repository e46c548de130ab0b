import { describe, expect, it } from 'vitest';
import { MiB, hour } from '#shared/units.ts';
import { defaultSwarm, type SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { reportSwarm, type SwarmReport } from '#main/lab/engine/swarm-report.ts';
import { SwarmWorld } from '#main/lab/engine/swarm-world.ts';
import { trySwarm } from './try-swarm.ts';

const line = 110e6;
const limit = 20e6;
/** Nine peers that come at once to a source on their network. */
const swarm: SwarmOptions = { ...defaultSwarm, lan: true, latencyMs: 0.3, peers: 9, neighbours: 30, arriveWithinMs: 0, bytes: 256 * MiB, originUp: line, peerUp: line, peerDown: line, limitMs: hour };
/** One of them watches, and reaches nobody but the source. */
const withOneApart: SwarmOptions = { ...swarm, watch: 1 / 9, apart: 1 / 9 };

/** Seconds after which a node had the first `pieces`, and how the run ended. */
function watch(options: SwarmOptions, pieces: number): { readonly seconds: number; readonly report: SwarmReport } {
  const world = new SwarmWorld(options);
  const watcher = world.nodes.find(({ number }) => world.isWatching(number));
  let seconds = 0;
  for (let isDone = false; !isDone;) {
    isDone = world.advance(100);
    const written = watcher?.checker.written;
    if (seconds === 0 && written !== undefined && Array.from({ length: pieces }, (_, piece) => written.has(piece)).every(Boolean)) seconds = world.simulation.now / 1e6;
  }
  return { seconds, report: reportSwarm(world) };
}

describe('somebody who watches while it arrives, and reaches only a source that others wait for, too', () => {
  it.each([['has', limit], ['has no', 0]])('gets its first pieces no later than its part of the source allows, when that %s limit', (_, originLimit) => {
    const part = (originLimit > 0 ? originLimit : line) / swarm.peers;
    for (let seed = 1; seed <= 3; seed++) {
      const { seconds } = watch({ ...withOneApart, originLimit, seed }, 16);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan((16 * MiB) / part);
    }
  });
});

describe('people far from each other who all watch', () => {
  it.each([1, 2, 3])('have most of it from each other, and soon what they need first (seed %i)', (seed) => {
    const { originCopies, last, watched } = trySwarm({ ...defaultSwarm, peers: 8, watch: 1, seed });
    // Each for itself, piece by piece, took 4.2 to 4.4 copies and 114 to 122 s, and each stood still for 38 to 45 s.
    expect(originCopies).toBeLessThan(2.5);
    expect(last).toBeLessThan(80);
    expect(watched?.begins).toBeLessThan(20);
    expect(watched?.first16MiB).toBeLessThan(35);
    expect(watched?.stalled).toBeLessThan(25);
  });

  it('make it hardly slower for all when half of them do', () => {
    const last = (part: number): number => [1, 2, 3].reduce((sum, seed) => sum + trySwarm({ ...defaultSwarm, peers: 8, watch: part, seed }).last, 0);
    expect(last(0.5)).toBeLessThan(1.05 * last(0));
  });
});

it.each([['one after the other', 1], ['as it spreads best', 0]])('eight that reach each other take little more than a copy from a limited source, when they fetch pieces %s', (_, part) => {
  const { report } = watch({ ...swarm, peers: 8, originLimit: limit, watch: part }, 0);
  expect(report.originCopies).toBeLessThan(1.1);
  expect(report.last).toBeLessThan((1.1 * 256 * MiB) / limit);
});
