import { describe, expect, it } from 'vitest';
import { defaultSwarm, swarmPresets } from '#main/lab/engine/swarm-options.ts';
import { launderedSwarm } from '#main/lab/engine/tiny-swarm.ts';
import { KiB, hour } from '#shared/units.ts';
import { trySwarm } from './try-swarm.ts';

const runs = 1000;

describe('where some list the file for everybody whom no origin lets have it', () => {
  it(`none of them gets what none of them has, in ${runs} swarms with trouble of every kind, and everybody else gets everything`, () => {
    for (let seed = 1; seed <= runs; seed++) trySwarm(launderedSwarm(seed));
  }, 60_000);

  it('one set of options has one history', () => {
    for (const seed of [11, 12, 13]) expect(trySwarm(launderedSwarm(seed))).toEqual(trySwarm(launderedSwarm(seed)));
  });

  it('the check sees it when peers pass on whatever they have', () => {
    const swarm = { ...defaultSwarm, peers: 12, bytes: 40 * 64 * KiB, pieceBytes: 64 * KiB, limitMs: 4 * hour, launder: 0.3, known: 0.1 };
    expect(() => trySwarm({ ...swarm, proven: false })).toThrow('gets to somebody who may not have it');
    expect(trySwarm({ ...swarm, proven: true }).done).toBe(8);
  });
});

it('a crowd whose origin has everything is as fast as if nobody asked it', () => {
  const crowd = { ...swarmPresets.bharambe, peers: 20, bytes: 100 * 256 * KiB, neighbours: 20 };
  const [trusting, asking] = [false, true].map((proven) => trySwarm({ ...crowd, proven }));
  expect(asking?.last).toBeLessThan(1.05 * (trusting?.last ?? 0));
  expect(asking?.originCopies).toBeLessThan(1.05 * (trusting?.originCopies ?? 0));
});
