import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KiB, second } from '#shared/units.ts';
import { PeerWorld, type NodeOptions } from './peer-world.ts';

const line = { up: 20_000, local: true };
const saboteurs: fc.Arbitrary<NodeOptions> = fc.oneof(
  fc.constantFrom({ ...line, corrupt: 1 }, { ...line, silent: 1 }, { ...line, lies: true }),
  fc.record({ corrupt: fc.double({ min: 0.1, max: 1, noNaN: true }), silent: fc.double({ min: 0, max: 1, noNaN: true }), lies: fc.boolean() }).map((faults) => ({ ...line, ...faults })),
);
const bytes = 24 * 256 * KiB;

/** A seed, honest leechers, and saboteurs of which some have the file and some fetch it. */
function sabotaged(seed: number, honest: number, bad: readonly { options: NodeOptions; has: boolean }[]): PeerWorld {
  const world = new PeerWorld({ bytes, pieceBytes: 256 * KiB, latencyMs: 1, seed });
  for (let count = 0; count <= honest; count++) world.add(line);
  for (const { options } of bad) world.add(options);
  const all = world.nodes.map((_, index) => index);
  for (const a of all) for (const b of all.slice(a + 1)) world.link(a, b);
  world.seed(0);
  bad.forEach(({ has }, at) => { if (has) world.seed(honest + 1 + at); });
  for (const index of all) if (index > 0 && bad[index - honest - 1]?.has !== true) world.leech(index, all.filter((other) => other !== index));
  return world;
}

it('whatever saboteurs do, the honest finish as if the time of one fault had been added, and nobody bans an honest one', () => {
  fc.assert(fc.property(
    fc.integer(), fc.integer({ min: 1, max: 4 }), fc.array(fc.record({ options: saboteurs, has: fc.boolean() }), { minLength: 1, maxLength: 3 }),
    (seed, honest, bad) => {
      const world = sabotaged(seed, honest, bad);
      world.run(60 * second);
      const alone = ((honest + bad.length) * bytes) / line.up;
      for (const { completeAt } of world.nodes.slice(1, honest + 1)) expect(completeAt ?? Infinity).toBeLessThan(alone + 10 * second);
      for (const { peer } of world.banned) expect(peer).toBeGreaterThan(honest);
    },
  ), { numRuns: 100 });
});
