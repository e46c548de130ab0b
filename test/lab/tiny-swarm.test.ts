import { expect, it } from 'vitest';
import type { SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { launderedSwarm, tinySwarm } from '#main/lab/engine/tiny-swarm.ts';
import { trySwarm } from './try-swarm.ts';

/** How many times as long as its peers stay a piece takes that all take from one source at once. */
function livesAPiece({ pieceBytes, peers, originUp, churnPerHour }: SwarmOptions): number {
  return (((pieceBytes * peers) / originUp) * churnPerHour) / 3600;
}

it.each([['swarms', tinySwarm], ['swarms with launderers', launderedSwarm]] as const)('where all take at once, who comes and goes sees a whole piece now and then: %s', (_, drawn) => {
  const swarms = Array.from({ length: 20_000 }, (_none, seed) => drawn(seed)).filter(({ lan }) => lan);
  const most = Math.max(...swarms.map(livesAPiece));
  expect(most).toBeLessThan(4.001);
  // They are tried up to there: few of them see one.
  expect(most).toBeGreaterThan(3.9);
});

/** It was drawn with eight: one piece came in an hour, and 41 of them not in the 12 hours that it may take. */
it('eight peers of one network who come and go get 41 pieces from a slow line', () => {
  const swarm = launderedSwarm(15600295);
  const report = trySwarm(swarm);
  expect(report.done).toBe(7);
  expect(report.last).toBeLessThan(swarm.limitMs / 1000 / 4);
});
