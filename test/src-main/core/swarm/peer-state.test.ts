import { expect, it } from 'vitest';
import { PeerState } from '#main/core/swarm/peer-state.ts';

it.each([['near', true, 250], ['far', false, 2000]])('a %s peer that sent us elsewhere for a piece is asked for it again soon enough for how fast news travel there', (_where, local, after) => {
  const peer = new PeerState({ type: 'peer-up', peer: 1, latencyMs: 1, local });
  peer.avoid(0, 7, 3);
  peer.timePasses(after - 1);
  expect(peer.avoided(7)).toEqual(new Set([3]));
  peer.timePasses(after);
  expect(peer.avoided(7)).toBeNull();
});

it('a peer that sends us elsewhere again and again is asked for the first piece as soon as for any', () => {
  const peer = new PeerState({ type: 'peer-up', peer: 1, latencyMs: 1, local: true });
  for (let piece = 0; piece < 5; piece++) peer.avoid(60 * piece, 7, piece);
  expect(peer.avoidUntil).toBe(250);
  peer.timePasses(250);
  expect(peer.isAvoiding).toBe(false);
  peer.avoid(251, 7, 5);
  expect(peer.avoidUntil).toBe(501);
});
