import { describe, expect, it } from 'vitest';
import { KiB, MiB, second } from '#shared/units.ts';
import { PeerWorld } from './peer-world.ts';

const everybody = (world: PeerWorld, count: number): void => {
  for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) world.link(a, b);
};

/** One seed (node 0) and leechers that all know each other. */
function swarm({ leechers, bytes, pieceBytes, seedUp, up, seed = 1, latencyMs = 0.2, limit }: { leechers: number; bytes: number; pieceBytes: number; seedUp: number; up: number; seed?: number; latencyMs?: number; limit?: number }): PeerWorld {
  const world = new PeerWorld({ bytes, pieceBytes, latencyMs, seed });
  world.add({ up: seedUp, local: true });
  for (let count = 0; count < leechers; count++) world.add({ up, local: true });
  everybody(world, leechers + 1);
  world.seed(0);
  if (limit !== undefined) world.step(0, { type: 'upload-limit', bytesPerSecond: limit });
  const all = world.nodes.map((_, index) => index);
  for (let index = 1; index <= leechers; index++) world.leech(index, all.filter((other) => other !== index));
  return world;
}

describe('one limited seed and eight leechers', () => {
  const bytes = 256 * MiB;
  const limit = 20_000_000;
  const world = swarm({ leechers: 8, bytes, pieceBytes: MiB, seedUp: 500_000, up: 200_000, limit });
  world.run(60 * second);
  const last = Math.max(...world.nodes.slice(1).map((node) => node.completeAt ?? Infinity));

  it('finish soon after the seed has sent one copy', () => {
    expect(last).toBeLessThan((1000 * bytes * 1.1) / limit);
  });

  it('take little more than one copy from the seed', () => {
    expect((world.nodes[0]?.sentBytes ?? Infinity) / bytes).toBeLessThan(1.15);
  });

  it('ban nobody', () => {
    expect(world.banned).toEqual([]);
  });
});

it('goes on when the seed leaves after one copy', () => {
  const bytes = 64 * MiB;
  const world = swarm({ leechers: 4, bytes, pieceBytes: MiB, seedUp: 20_000, up: 200_000, limit: 20_000_000 });
  for (let ms = 100; (world.nodes[0]?.sentBytes ?? 0) < bytes * 1.02 && ms < 20_000; ms += 100) world.run(ms);
  for (let index = 1; index <= 4; index++) world.unlink(0, index);
  world.run(60 * second);
  expect(world.nodes.slice(1).every((node) => node.completeAt !== null)).toBe(true);
});

it('serves far peers in slots, so that a slow line is not cut into crumbs', () => {
  const world = new PeerWorld({ bytes: 8 * MiB, pieceBytes: 256 * KiB, latencyMs: 40, seed: 3 });
  world.add({ up: 600 });
  for (let count = 0; count < 20; count++) world.add({ up: 50 });
  everybody(world, 21);
  world.seed(0);
  const all = world.nodes.map((_, index) => index);
  for (let index = 1; index <= 20; index++) world.leech(index, all.filter((other) => other !== index));
  world.run(600 * second);
  const times = world.nodes.slice(1).map((node) => node.completeAt ?? Infinity);
  const bound = Math.max((8 * MiB) / 600, (20 * 8 * MiB) / (600 + 20 * 50));
  expect(Math.max(...times)).toBeLessThan(bound * 2);
});

it('takes what a member has that was banned and forgiven on the same link, though it has only a part', () => {
  const world = new PeerWorld({ bytes: 64 * MiB, pieceBytes: MiB, latencyMs: 1, seed: 5 });
  world.add({ up: 100_000, local: true });
  const member = { up: 100_000, local: true, corrupt: 1 };
  world.add(member);
  world.link(0, 1);
  const half = new Uint8Array(8).fill(0xf0);
  world.step(1, { type: 'content-kept', content: 1, pieces: world.pieces, have: half });
  world.leech(0, [1]);
  world.run(5 * second);
  expect(world.banned).toContainEqual({ by: 0, peer: 1 });
  expect(world.nodes[0]?.machine.content(1)?.members.has(1)).toBe(false);
  member.corrupt = 0;
  world.step(0, { type: 'peer-forgiven', peer: 1 });
  world.step(0, { type: 'member-found', content: 1, peer: 1 });
  world.run(20 * second);
  expect(world.nodes[0]?.machine.content(1)?.have.count).toBe(32);
});

describe('what is fetched and not all shown', () => {
  const world = new PeerWorld({ bytes: 4 * MiB, pieceBytes: MiB, latencyMs: 1, seed: 7 });
  const [seed, middle, end] = Array.from({ length: 3 }, () => world.add({ up: 100_000, local: true }));
  if (seed === undefined || middle === undefined || end === undefined) throw new Error('no nodes');
  world.link(seed, middle);
  world.link(middle, end);
  world.seed(seed);
  world.leech(middle, [seed]);
  world.step(middle, { type: 'content-kept', content: 1, pieces: world.pieces, have: null, shown: new Uint8Array(1) });
  world.leech(end, [middle]);
  const hadByEnd = (): number | undefined => world.nodes[end]?.machine.content(1)?.have.count;

  it('is told to nobody, and had by nobody', () => {
    world.run(5 * second);
    expect(world.nodes[middle]?.machine.content(1)?.have.count).toBe(4);
    expect(world.nodes[end]?.machine.content(1)?.availability(0)).toBe(0);
    expect(hadByEnd()).toBe(0);
  });

  it('is told when it is shown', () => {
    world.step(middle, { type: 'pieces-shown', content: 1, pieces: [2] });
    world.run(10 * second);
    expect(hadByEnd()).toBe(1);
    world.step(middle, { type: 'pieces-shown', content: 1, pieces: [0, 1, 3] });
    world.run(20 * second);
    expect(hadByEnd()).toBe(4);
  });
});
