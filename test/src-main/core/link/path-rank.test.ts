import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isBetter, rankOfPath } from '#main/core/link/path-rank.ts';
import { pathKindSchema } from '#shared/model/peer.ts';

const kind = fc.constantFrom(...pathKindSchema.options);

it('the own network is better than all that lies outside of it, with or without a VPN, and a relay is worse than anything', () => {
  expect(pathKindSchema.options.map((path) => [path, rankOfPath(path, path)])).toEqual([['loopback', 'near'], ['lan', 'near'], ['overlay', 'far'], ['internet', 'far'], ['relay', 'carried']]);
  expect([isBetter('near', 'far'), isBetter('far', 'carried'), isBetter('far', 'far'), isBetter('carried', 'near')]).toEqual([true, true, false, false]);
});

it('both ends come to the same rank, which is not better than either of them thinks', () => {
  fc.assert(fc.property(kind, kind, (ours, theirs) => {
    const rank = rankOfPath(ours, theirs);
    expect(rankOfPath(theirs, ours)).toBe(rank);
    expect(isBetter(rank, rankOfPath(ours, undefined)) || isBetter(rank, rankOfPath(theirs, undefined))).toBe(false);
  }));
});
