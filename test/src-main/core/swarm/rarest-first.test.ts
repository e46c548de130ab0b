import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Content } from '#main/core/swarm/content.ts';
import { all, Members } from '#main/core/swarm/members.ts';
import { RarestFirst } from '#main/core/swarm/rarest-first.ts';

/** Random numbers that every test gets the same. */
function dice(): () => number {
  let state = 1;
  return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}

const pieces = 40;
const peer = fc.nat({ max: 5 });
const piece = fc.nat({ max: pieces - 1 });
const bits = fc.uint8Array({ minLength: pieces / 8, maxLength: pieces / 8 });
const deed = fc.oneof(
  fc.record({ do: fc.constant('joins'), peer, bits }),
  fc.record({ do: fc.constant('joins with all'), peer }),
  fc.record({ do: fc.constant('leaves'), peer }),
  fc.record({ do: fc.constant('has'), peer, piece }),
  fc.record({ do: fc.constant('is wanted'), piece }),
  fc.record({ do: fc.constant('is not wanted'), piece }),
);

it('is the rarest of what a member can give, whatever happened before', () => {
  fc.assert(fc.property(fc.array(deed, { maxLength: 80 }), fc.array(piece, { maxLength: 4 }), (deeds, avoidedPieces) => {
    const content = new Content(1, pieces, null);
    const rarest = content.rarest(dice());
    for (const each of deeds) {
      if (!('peer' in each)) {
        if (each.do === 'is wanted') content.want(each.piece);
        else content.unwant(each.piece);
      } else if ('bits' in each) content.setMember(each.peer, each.bits);
      else if ('piece' in each) content.noteHas(each.peer, each.piece);
      else if (each.do === 'leaves') content.removeMember(each.peer);
      else content.setMember(each.peer, 'all');
    }
    const avoided = new Set(avoidedPieces);
    for (const number of content.members.keys()) {
      const member = content.members.row(number);
      const possible = Array.from({ length: pieces }, (_, at) => at).filter((at) => content.isWanted(at) && content.memberHas(number, at) && !avoided.has(at));
      const least = Math.min(...possible.map((at) => content.availability(at)));
      const picked = rarest.pick(content.members, member, avoided);
      if (possible.length === 0) expect(picked).toBeNull();
      else expect(possible.filter((at) => content.availability(at) === least)).toContain(picked);
      const any = rarest.pickAny(content.members, member, avoided);
      if (possible.length === 0) expect(any).toBeNull();
      else expect(possible).toContain(any);
    }
  }), { numRuns: 300 });
});

it('is any of equals, each about as often', () => {
  const counts = new Array<number>(8).fill(0);
  const random = dice();
  const members = new Members(8);
  const member = members.add(1, Uint8Array.of(0b1101_1111));
  for (let run = 0; run < 4000; run++) {
    const rarest = new RarestFirst(8, random);
    for (let each = 0; each < 8; each++) rarest.want(each, each < 6 ? 1 : 2);
    // 0 becomes common; 1 is fetched and lost again; the peer lacks 2.
    rarest.recount(0, 1, 2);
    rarest.unwant(1, 1);
    rarest.want(1, 1);
    const picked = rarest.pick(members, member, null) ?? 0;
    counts[picked] = (counts[picked] ?? 0) + 1;
  }
  for (const each of [1, 3, 4, 5]) expect(counts[each]).toBeGreaterThan(850);
  expect(counts[0]).toBe(0);
  expect(counts[2]).toBe(0);
});

it('takes what all have for equally common', () => {
  const members = new Members(3);
  const rarest = new RarestFirst(3, () => 0);
  rarest.want(0, 500);
  rarest.want(1, 40);
  rarest.want(2, 30);
  expect(rarest.pick(members, all, null)).toBe(2);
  rarest.recount(0, 500, 3);
  expect(rarest.pick(members, all, null)).toBe(0);
});
