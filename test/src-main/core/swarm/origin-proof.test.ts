import { describe, expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { OriginProof, type Place } from '#main/core/swarm/origin-proof.ts';
import { MiB } from '#shared/units.ts';
import { seeded } from './world.ts';

const pieces = 1024;
const proofOf = (have = new Bitfield(pieces), shown: Uint8Array | null = null, seed = 1): OriginProof => new OriginProof(have, shown, () => MiB, seeded(seed));

/** A test under way: an origin is asked the same until it can answer. */
interface Test { readonly pieces: readonly number[]; readonly places: readonly Place[] }

/**
 * Several fetch a file, its pieces in an order of their own, for the word of one who can answer at `knows`, and wherever one of them
 * shows a piece. How many pieces are shown by any of them, how many it did not have, and how many places each was asked for.
 */
function fetchAll(knows: (place: Place) => boolean, { seed, fetching = 1, first = [] }: { seed: number; fetching?: number; first?: readonly number[] }): { lacked: number; shown: number; places: number } {
  const random = seeded(seed);
  const all = Array.from({ length: fetching }, () => {
    const rest = Array.from({ length: pieces }, (_, piece) => piece).filter((piece) => !first.includes(piece)).map((piece) => [random(), piece] as const).toSorted(([a], [b]) => a - b);
    return { proof: proofOf(undefined, null, seed), order: [...first, ...rest.map(([, piece]) => piece)], test: null as Test | null };
  });
  const isShown = (piece: number): boolean => all.some(({ proof }) => proof.shown.has(piece));
  let places = 0;
  for (let come = 0; come < pieces; come++) {
    for (const one of all) {
      one.proof.came(one.order[come] ?? 0);
      while (one.test !== null || one.proof.untested.length > 0) {
        if (one.test === null) {
          const tested = one.proof.untested;
          one.test = { pieces: tested, places: one.proof.asksFor(tested).map((piece) => one.proof.draw(piece)) };
          places += one.test.places.length;
        }
        if (!one.test.places.every((place) => isShown(place.piece) || knows(place))) break;
        one.proof.passed(one.test.pieces);
        one.test = null;
      }
    }
  }
  let [shown, lacked] = [0, 0];
  for (let piece = 0; piece < pieces; piece++) {
    if (!isShown(piece)) continue;
    shown++;
    if (!knows({ piece, begin: 0, length: 256 }) || !knows({ piece, begin: MiB - 256, length: 256 })) lacked++;
  }
  return { shown, lacked, places: places / fetching };
}

it('shows what the origin gave at once, and of the rest nothing before it has passed a test', () => {
  const proof = proofOf();
  expect(proof.given(3)).toEqual([3]);
  proof.came(7);
  expect([proof.shown.count, proof.untested]).toEqual([1, [7]]);
  expect(proof.passed([7])).toEqual([7]);
  expect([proof.shown.count, proof.untested]).toEqual([2, []]);
});

it('asks for a place in each piece, for eight of the first one, and for no more than 64 pieces at once', () => {
  const proof = proofOf(new Bitfield(pieces, new Uint8Array(pieces / 8).fill(0xff)));
  expect(proof.untested).toEqual(Array.from({ length: 64 }, (_, piece) => piece));
  expect(proof.asksFor([5])).toEqual(Array.from({ length: 8 }, () => 5));
  expect(proof.asksFor(proof.untested)).toEqual(proof.untested);
  proof.passed(proof.untested);
  expect(proof.untested[0]).toBe(64);
  expect(proof.asksFor([64])).toEqual([64]);
  expect(proof.asksFor([64, 65])).toEqual([64, 65]);
});

it('draws places all over a piece, and within it', () => {
  const proof = proofOf();
  const drawn = Array.from({ length: 200 }, () => proof.draw(1));
  expect(new Set(drawn.map(({ piece }) => piece))).toEqual(new Set([1]));
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
  expect([proof.shown.count, proof.untested]).toEqual([0, []]);
});

it('shows nothing of an origin that gave other bytes, whatever comes from it', () => {
  const proof = proofOf();
  proof.given(1);
  proof.came(2);
  proof.disproved();
  proof.came(4);
  expect([proof.given(3), proof.shown.count, proof.untested]).toEqual([[], 0, []]);
});

describe('an origin', () => {
  it('that has everything is asked for little more than a place in each piece, and everything is shown', () => {
    const { shown, places } = fetchAll(() => true, { seed: 1 });
    expect(shown).toBe(pieces);
    expect(places).toBeLessThan(pieces + 100);
  });

  it.each([0, 0.1, 0.5, 0.9, 0.99])('that has %d of all pieces is given no other, though it learns what is shown, and many fetch it', (share) => {
    for (const fetching of [1, 6]) {
      for (let seed = 1; seed <= 4; seed++) {
        const random = seeded(seed);
        const known = Array.from({ length: pieces }, () => random() < share);
        expect(fetchAll(({ piece }) => known[piece] === true, { seed, fetching }).lacked).toBe(0);
      }
    }
  });

  it('that has nothing but the beginning gains nothing by having that fetched first', () => {
    for (const known of [1, 8, 100]) {
      const first = Array.from({ length: known }, (_, piece) => piece);
      for (let seed = 1; seed <= 4; seed++) expect(fetchAll(({ piece }) => piece < known, { seed, fetching: 4, first })).toMatchObject({ lacked: 0, shown: known });
    }
  });

  it('that has the first half of every piece is hardly ever given the rest of one', () => {
    let lacked = 0;
    for (let seed = 1; seed <= 100; seed++) lacked += fetchAll(({ begin, length }) => begin + length <= MiB / 2, { seed }).lacked;
    expect(lacked / 100).toBeLessThan(0.05);
  });
});
