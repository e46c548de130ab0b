import { describe, expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { OriginProof } from '#main/core/swarm/origin-proof.ts';
import { MiB } from '#shared/units.ts';
import { seeded } from './world.ts';

const pieces = 1024;
const proofOf = (have = new Bitfield(pieces), shown: Uint8Array | null = null, seed = 1): OriginProof => new OriginProof(have, shown, () => MiB, seeded(seed));

/** All pieces come from others, one after the other, to somebody whose origin has only those of `knows`; how many are shown in the end that it lacks, and how many places it was asked for. */
function fetchAll(knows: (piece: number) => boolean, seed: number): { lacked: number; shown: number; places: number } {
  const proof = proofOf(undefined, null, seed);
  let places = 0;
  let isSilent = false;
  for (let piece = 0; piece < pieces; piece++) {
    proof.came(piece);
    while (!isSilent && proof.isDue) {
      const asked = Array.from({ length: proof.placesIn(proof.untested.length) }, () => proof.draw(proof.untested));
      places += asked.length;
      isSilent = !asked.every((place) => knows(place.piece));
      if (!isSilent) proof.passed(proof.untested);
    }
  }
  let lacked = 0;
  for (let piece = 0; piece < pieces; piece++) if (proof.shown.has(piece) && !knows(piece)) lacked++;
  return { lacked, shown: proof.shown.count, places };
}

it('shows what the origin gave at once, and of the rest nothing before it has passed a test', () => {
  const proof = proofOf();
  expect(proof.given(3)).toEqual([3]);
  expect(proof.came(7)).toEqual([]);
  expect([proof.isDue, proof.draw(proof.untested).piece]).toEqual([true, 7]);
  expect(proof.passed([7])).toEqual([7]);
  expect(proof.isDue).toBe(false);
});

it('shows no more on trust than was tested, and nothing of the first pieces', () => {
  const proof = proofOf();
  const came = (...pieces: number[]): number[] => pieces.flatMap((piece) => proof.came(piece));
  came(0, 1, 2);
  expect(proof.passed(proof.untested)).toEqual([0, 1, 2]);
  expect([came(3, 4, 5, 6), proof.isDue]).toEqual([[], true]);
  expect(proof.passed(proof.untested)).toEqual([3, 4, 5, 6]);
  expect([came(7), proof.passed([7])]).toEqual([[], [7]]);
  expect([came(8, 9, 10), proof.isDue]).toEqual([[8, 9, 10], false]);
  expect([came(11), proof.isDue]).toEqual([[11], true]);
  expect(came(12, 13, 14, 15, 16, 17)).toEqual([12, 13, 14, 15]);
  expect(proof.passed(proof.untested.slice(0, 9))).toEqual([16, 17]);
});

it('draws places from what is to be tested only, all over its pieces', () => {
  const proof = proofOf(new Bitfield(pieces, new Uint8Array([0b0110_0000])));
  const drawn = Array.from({ length: 200 }, () => proof.draw(proof.untested));
  expect(new Set(drawn.map(({ piece }) => piece))).toEqual(new Set([1, 2]));
  expect(Math.max(...drawn.map(({ begin, length }) => begin + length))).toBeLessThanOrEqual(MiB);
  expect(Math.max(...drawn.map(({ begin }) => begin))).toBeGreaterThan(0.9 * MiB);
  expect(Math.min(...drawn.map(({ begin }) => begin))).toBeLessThan(0.1 * MiB);
});

it('counts what was shown in an earlier life and is still here, and forgets what turns out wrong', () => {
  const proof = proofOf(new Bitfield(pieces, new Uint8Array([0xc0])), new Uint8Array([0xa0]));
  // Piece 2 was shown once, and is not here any more.
  expect([proof.shown.has(0), proof.shown.has(1), proof.shown.has(2), proof.untested]).toEqual([true, false, false, [1]]);
  proof.lost(0);
  proof.lost(1);
  expect([proof.shown.count, proof.untested, proof.isDue]).toEqual([0, [], false]);
});

it('shows nothing of an origin that gave other bytes, whatever comes from it', () => {
  const proof = proofOf();
  proof.given(1);
  proof.came(2);
  proof.disproved();
  expect([proof.given(3), proof.came(4), proof.shown.count, proof.isDue]).toEqual([[], [], 0, false]);
});

describe('an origin', () => {
  it('that has everything is asked for a few places, and everything is shown', () => {
    const { shown, places } = fetchAll(() => true, 1);
    expect(shown).toBe(pieces);
    expect(places).toBeLessThan(200);
  });

  it('that answered for all until now is asked for more where much is to be tested at once', () => {
    expect(proofOf(new Bitfield(pieces, new Uint8Array(pieces / 8).fill(0xff))).placesIn(pieces)).toBeGreaterThan(70);
  });

  it.each([[0, 0], [0.1, 0], [0.5, 0.05], [0.75, 1], [0.9, 4]])('that has %d of all pieces gains hardly any (300 downloads)', (share, most) => {
    let lacked = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const known = Array.from({ length: pieces }, () => random() < share);
      lacked += fetchAll((piece) => known[piece] === true, seed).lacked;
    }
    expect(lacked / 300).toBeLessThanOrEqual(most);
  });

  it('that has nothing but the beginning gains nothing by having that fetched first', () => {
    for (let seed = 1; seed <= 100; seed++) expect(fetchAll((piece) => piece < 8, seed).lacked).toBeLessThanOrEqual(8);
  });
});
