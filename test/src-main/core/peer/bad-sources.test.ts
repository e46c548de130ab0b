import { describe, expect, it } from 'vitest';
import { MiB, second } from '#shared/units.ts';
import { PeerWorld, type NodeOptions } from './peer-world.ts';

const line = { up: 20_000, local: true };
const bytes = 256 * MiB;

/** Node 0 fetches from so many honest sources, which come next, and from others. Liars have nothing. */
function download(honest: number, others: readonly NodeOptions[]): PeerWorld {
  const world = new PeerWorld({ bytes, pieceBytes: MiB, latencyMs: 1, seed: 3 });
  world.add(line);
  const sources = [...Array.from({ length: honest }, () => line), ...others].map((options) => world.add(options));
  for (const source of sources) {
    world.link(0, source);
    if (world.nodes[source]?.options.lies === true) world.leech(source, []);
    else world.seed(source);
  }
  world.leech(0, sources);
  return world;
}
const doneAt = (world: PeerWorld): number => world.nodes[0]?.completeAt ?? Infinity;
/** How long the honest ones take by themselves. */
const alone = (honest: number): number => bytes / line.up / honest;

const faults: Record<string, NodeOptions> = {
  'sends wrong bytes': { ...line, corrupt: 1 },
  'sends wrong bytes now and then': { ...line, corrupt: 0.1 },
  'never answers': { ...line, silent: 1 },
  'leaves every second block out': { ...line, silent: 0.5 },
  'leaves a block out now and then': { ...line, silent: 0.05 },
  'says that it has what it has not': { ...line, lies: true },
  'ends its connection at every block': { ...line, loses: 1 },
  'ends its connection now and then': { ...line, loses: 0.1 },
  'is very slow': { ...line, up: 20 },
  'is far away and slow': { up: 20 },
};

describe('among two honest sources one that', () => {
  it.each(Object.entries(faults))('%s does no harm to speak of', (_, fault) => {
    const world = download(2, [fault]);
    world.run(60 * second);
    // The pieces that it held when it was found out, at worst.
    expect(doneAt(world)).toBeLessThan(alone(2) * 1.1);
    for (const { peer } of world.banned) expect(peer).toBe(3);
  });
});

describe('more bad sources than honest ones that', () => {
  it.each(Object.entries(faults))('%s do little harm', (_, fault) => {
    const world = download(2, Array.from({ length: 6 }, () => fault));
    world.run(60 * second);
    expect(doneAt(world)).toBeLessThan(alone(2) * 1.5);
    for (const { peer } of world.banned) expect(peer).toBeGreaterThan(2);
  });
});

describe('a source that', () => {
  const found: readonly string[] = ['sends wrong bytes', 'never answers', 'leaves every second block out', 'leaves a block out now and then', 'says that it has what it has not', 'ends its connection at every block'];
  it.each(found)('%s is found out within ten seconds', (name) => {
    const world = download(1, [faults[name] ?? line]);
    const isFound = (): boolean => {
      const standing = world.nodes[0]?.machine.downloading.standing(world.now, 1)?.sources.find(({ peer }) => peer === 2);
      return standing === undefined || standing.state === 'banned' || standing.state === 'stalled';
    };
    let at = 0;
    // Before the first block is asked for there is nothing to find.
    for (world.run(10); !isFound() && at < 60 * second; world.run(at)) at += 100;
    expect(at).toBeLessThanOrEqual(10 * second);
    expect(doneAt(world)).toBe(Infinity);
  });
});

it.each([16, 40])('%i slow sources do not hold up a fast one', (slow) => {
  const world = new PeerWorld({ bytes, pieceBytes: MiB, latencyMs: 5, seed: 3 });
  world.add(line);
  const sources = [{ ...line, up: 50_000 }, ...Array.from({ length: slow }, () => ({ up: 20 }))].map((options) => world.add(options));
  for (const source of sources) {
    world.link(0, source);
    world.seed(source);
  }
  world.leech(0, sources);
  world.run(600 * second);
  expect(doneAt(world)).toBeLessThan((bytes / 50_000) * 1.1);
});

it('slow sources are all used at once, as many as there are buffers for, when there is no fast one', () => {
  const world = download(0, Array.from({ length: 16 }, () => ({ up: 100 })));
  world.run(3600 * second);
  expect(doneAt(world)).toBeLessThan((bytes / 1600) * 1.1);
});
