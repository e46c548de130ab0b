import { expect, it } from 'vitest';
import { usePeers } from '../../../src-renderer/stores/peers.ts';
import type { Pairing } from '#shared/model/peer.ts';
import { createFakeNode } from '../fake-node.ts';
import { inventedPeople } from '../fake/people.ts';
import { surroundings } from '../with-app.ts';

const [somebody] = inventedPeople();
if (somebody === undefined) throw new Error('nobody is there');
const pairing = (state: Pairing['state']): Pairing => ({ peer: somebody.id, state, code: '482 913', startedByUs: true, expiresAt: 1 });

it('a comparison of codes that the user leaves is out of sight, also when it was over already, and a new one is not', async () => {
  // A node that knows of nobody, so of no comparison either.
  const peers = surroundings(createFakeNode({ empty: true })).run(usePeers);
  peers.setPairing(pairing('waiting-for-them'));
  await expect(peers.leavePairing(somebody.id)).rejects.toMatchObject({ code: 'not-found' });
  expect(peers.openPairing).toBeNull();
  peers.setPairing(pairing('failed'));
  expect(peers.openPairing).toBeNull();
  peers.setPairing(pairing('compare'));
  peers.setPairing(pairing('failed'));
  expect(peers.openPairing).toMatchObject({ state: 'failed' });
});
