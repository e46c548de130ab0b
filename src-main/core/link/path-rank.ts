import type { PathKind } from '#shared/model/peer.ts';

/**
 * How good a way to a device is, best first. `near`: nothing but the own network is in between. `far`: whatever lies outside of it, with or without a VPN;
 * of the two neither is better, since a VPN may lead around as well as straight, and who set one up may want it. `carried`: a server has to carry every byte.
 */
const ranks = ['near', 'far', 'carried'] as const;
export type PathRank = (typeof ranks)[number];

const rankOf: Readonly<Record<PathKind, PathRank>> = { loopback: 'near', lan: 'near', internet: 'far', overlay: 'far', relay: 'carried' };

export const isBetter = (one: PathRank, other: PathRank): boolean => ranks.indexOf(one) < ranks.indexOf(other);

/**
 * The rank of a connection that both ends look at: each sees addresses of its own (a router or a virtual machine in between shows others to one of them), and the
 * worse view counts, so that both come to the same. `theirs` is undefined where a device of an earlier version does not tell.
 */
export function rankOfPath(ours: PathKind, theirs: PathKind | undefined): PathRank {
  const [one, other] = [rankOf[ours], rankOf[theirs ?? ours]];
  return isBetter(one, other) ? other : one;
}
