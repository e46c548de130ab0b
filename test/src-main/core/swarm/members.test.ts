import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { all, Members, none } from '#main/core/swarm/members.ts';

const peer = fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 2 ** 31 - 1 }));
const deedsOf = (pieces: number) => fc.array(fc.oneof(
  fc.record({ do: fc.constant('joins'), peer, bits: fc.uint8Array({ maxLength: Math.ceil(pieces / 8) + 1 }) }),
  fc.record({ do: fc.constant('joins with all'), peer }),
  fc.record({ do: fc.constant('leaves'), peer }),
  fc.record({ do: fc.constant('gets'), peer, piece: fc.integer({ min: -1, max: pieces + 1 }) }),
), { maxLength: 60 });
const piecesOf = (bits: Uint8Array, pieces: number): Set<number> =>
  new Set(Array.from({ length: pieces }, (_, at) => at).filter((at) => ((bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0));

it('are who joined and did not leave, with what each has', () => {
  const whole = fc.integer({ min: 1, max: 100 }).chain((pieces) => fc.tuple(fc.constant(pieces), deedsOf(pieces), fc.uint8Array({ minLength: Math.ceil(pieces / 8), maxLength: Math.ceil(pieces / 8) })));
  fc.assert(fc.property(whole, ([pieces, deeds, asked]) => {
    const members = new Members(pieces);
    const known = new Map<number, Set<number> | 'all'>();
    for (const each of deeds) {
      const has = known.get(each.peer);
      if ('piece' in each) {
        const isNews = has instanceof Set && each.piece >= 0 && each.piece < pieces && !has.has(each.piece);
        const row = members.row(each.peer);
        if (row >= 0) expect(members.addPiece(row, each.piece)).toBe(isNews);
        if (isNews) has.add(each.piece);
        continue;
      }
      members.remove(each.peer);
      known.delete(each.peer);
      if (each.do === 'leaves') continue;
      members.add(each.peer, 'bits' in each ? each.bits : 'all');
      known.set(each.peer, 'bits' in each ? piecesOf(each.bits, pieces) : 'all');
    }
    expect(members.size).toBe(known.size);
    expect([...members.keys()].toSorted((a, b) => a - b)).toEqual([...known.keys()].toSorted((a, b) => a - b));
    for (let number = 0; number <= 12; number++) expect(members.has(number)).toBe(known.has(number));
    const wanted = piecesOf(asked, pieces);
    for (const [number, has] of known) {
      const row = members.row(number);
      expect(row === all).toBe(has === 'all');
      expect(row).not.toBe(none);
      expect(members.hasEverything(row)).toBe(has === 'all' || has.size === pieces);
      for (let piece = 0; piece < pieces; piece++) expect(members.hasPiece(row, piece)).toBe(has === 'all' || has.has(piece));
      expect(members.lacksAnyOf(row, maskOf(wanted, pieces))).toBe(has !== 'all' && [...wanted].some((piece) => !has.has(piece)));
    }
  }), { numRuns: 500 });
});

/** As a bit field without bits behind the last piece. */
function maskOf(wanted: ReadonlySet<number>, pieces: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(pieces / 8));
  for (const piece of wanted) bytes[piece >> 3] = (bytes[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
  return bytes;
}

it('are fed by others when they got more than we began to give them since they joined, also in a row that somebody else had before', () => {
  const members = new Members(10);
  const row = members.add(1, Uint8Array.of(0b1110_0000, 0));
  expect(members.isFedByOthers(row)).toBe(false);
  members.noteGiven(row);
  members.addPiece(row, 5);
  expect(members.isFedByOthers(row)).toBe(false);
  members.addPiece(row, 6);
  expect(members.isFedByOthers(row)).toBe(true);
  members.remove(1);
  expect(members.isFedByOthers(members.add(2, Uint8Array.of(0b1111_1111, 0)))).toBe(false);
});

it('are good for what is counted for those who have a piece, also in a row that somebody else had before', () => {
  const members = new Members(10);
  const first = members.add(1, Uint8Array.of(0b1000_0000, 0));
  members.add(2, 'all');
  members.addUsefulOfHolders(0, 1);
  members.addUsefulOfHolders(1, 1);
  expect(members.useful(first)).toBe(1);
  members.remove(1);
  members.addUsefulOfHolders(0, 1);
  const later = members.add(3, Uint8Array.of(0b0100_0000, 0));
  expect(later).toBe(first);
  expect(members.useful(later)).toBe(0);
  members.addUsefulOfHolders(1, 1);
  members.addUseful(later, 1);
  expect(members.useful(later)).toBe(2);
});
