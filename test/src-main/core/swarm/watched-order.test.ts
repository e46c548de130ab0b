import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickAhead } from '#main/core/swarm/watched-order.ts';
import { seeded } from './world.ts';

/** A swarm of one device that had everything and five others. A character a piece: how many of the five have it, or `.` where it cannot be asked for. */
function pick(picture: string, { from = 0, random = seeded(1) } = {}): number | null {
  const having = (piece: number): number => Number(picture[piece] === '.' ? 0 : picture[piece] ?? 0);
  const content = { pieces: picture.length, members: { size: 6 }, availability: (piece: number) => 1 + having(piece), isUnspread: (piece: number) => having(piece) === 0 };
  return pickAhead(content, from, (piece) => picture[piece] !== '.', random);
}

/** All that are ever picked. */
function picks(picture: string, from = 0): number[] {
  const random = seeded(7);
  return [...new Set(Array.from({ length: 500 }, () => pick(picture, { from, random }) ?? -1))].toSorted((a, b) => a - b);
}

describe('somebody who watches, as others do, asks for', () => {
  it('one of the next six pieces that nobody else has', () => {
    expect(picks('1.02000.30000')).toEqual([2, 4, 5, 6, 9, 10]);
  });

  it('none of them when they are far ahead', () => {
    expect(picks(`1${'2'.repeat(23)}000`)).toEqual([0]);
    expect(picks(`1${'2'.repeat(22)}000`)).toEqual([23]);
  });

  it('what comes first, when others are further on', () => {
    const near = '100000'.repeat(4);
    expect(pick(`${near}111001`)).toBeNull();
    expect(picks(`${near}110001`)).toEqual([1, 2, 3, 4, 5, 7]);
    // The last piece says nothing.
    expect(picks(`${near}5`)).toEqual([1, 2, 3, 4, 5, 7]);
  });

  it('the rarest of the next sixteen, when all of these have spread', () => {
    expect(picks('3213451245555555')).toEqual([2, 6]);
    expect(picks('33333333333333331')).toEqual(Array.from({ length: 16 }, (_, piece) => piece));
  });

  it('the first one of those that all have', () => {
    expect(picks('.555555')).toEqual([1]);
  });

  it('nothing before the first piece that is missed', () => {
    expect(picks('00001111', 4)).toEqual([4, 5, 6, 7]);
  });

  it('nothing that cannot be asked for', () => {
    expect(pick('......')).toBeNull();
  });
});

it('whatever others have, the piece is one that can be asked for, near, and no other near one is rarer', () => {
  fc.assert(fc.property(fc.stringMatching(/^[.0-5]{1,60}$/), fc.nat(59), fc.nat(), (picture, from, seed) => {
    const piece = pick(picture, { from, random: seeded(seed) });
    const near = picture.slice(from, from + 16).replaceAll('.', '');
    const ahead = picture.slice(from, from + 24);
    if (piece === null) return (near === '' && !ahead.includes('0')) || [...picture.slice(from + 24, -1)].some((other) => other !== '0' && other !== '.');
    const having = picture[piece] ?? '.';
    return having !== '.' && piece >= from && piece < from + 24 && (having === '0') === ahead.includes('0') && [...near].every((other) => other >= having);
  }));
});
