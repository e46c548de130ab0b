import { describe, expect, it } from 'vitest';
import { offerIdSchema } from '#shared/model/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import { useOffers } from '../../../src-renderer/stores/offers.ts';
import { useTransfers } from '../../../src-renderer/stores/transfers.ts';
import { useUnderWay } from '../../../src-renderer/stores/under-way.ts';
import { createFakeNode } from '../fake-node.ts';
import { deviceIdFor, epoch } from '../fake/people.ts';
import { inventedOffer } from '../fake/shares.ts';
import { inventTransfer } from '../fake/transfers.ts';
import { surroundings } from '../with-app.ts';

const stores = () => surroundings(createFakeNode({ empty: true })).run(() => ({ offers: useOffers(), transfers: useTransfers(), underWay: useUnderWay() }));
const push = (part: Partial<Offer>): Offer => ({ ...inventedOffer(), direction: 'out', peer: deviceIdFor('Coral Heron'), items: [{ name: 'Photos', kind: 'folder', bytes: 9e6, files: 3 }], count: 1, bytes: 9e6, at: epoch, ...part });

describe('what is under way', () => {
  it('stands in the order in which it will be fetched, whoever comes later below', () => {
    const { transfers, underWay } = stores();
    for (const [name, addedAt, priority] of [['second', 2, 'normal'], ['first', 1, 'normal'], ['last', 0, 'low'], ['urgent', 3, 'high']] as const) transfers.set(inventTransfer({ name, addedAt, priority }));
    expect(underWay.transfers.map((each) => each.name)).toEqual(['urgent', 'first', 'second', 'last']);
  });

  it('shows a push once: asked, then how far it is, with its speed, until everything has arrived', () => {
    const { offers, transfers, underWay } = stores();
    offers.set(push({ state: 'asked' }));
    expect(underWay.pushes).toMatchObject([{ offer: { state: 'asked' }, rate: 0, etaSeconds: null }]);
    offers.set(push({ state: 'accepted', doneBytes: 3e6 }));
    transfers.set(inventTransfer({ name: 'Photos', direction: 'up', peers: [deviceIdFor('Coral Heron')], bytes: 3e6, rate: 1e6, etaSeconds: 6, offer: push({}).id }));
    // The same folder, taken from a share by another one.

    transfers.set(inventTransfer({ name: 'Photos', id: inventTransfer({ name: 'other' }).id, direction: 'up', peers: [deviceIdFor('Slate Lynx')] }));
    expect(underWay.pushes).toMatchObject([{ offer: { doneBytes: 3e6 }, rate: 1e6, etaSeconds: 6 }]);
    expect(underWay.transfers.map((each) => each.peers)).toEqual([[deviceIdFor('Slate Lynx')]]);
    expect(underWay.count).toBe(2);
    offers.set(push({ state: 'done', doneBytes: 9e6 }));
    expect([underWay.pushes, underWay.count]).toEqual([[], 1]);
    // Fetched again from what is shared, it is an upload like any other.
    transfers.set(inventTransfer({ name: 'Photos', id: inventTransfer({ name: 'third' }).id, direction: 'up', peers: [deviceIdFor('Coral Heron')], addedAt: epoch + 5, bytes: 20e6 }));
    expect(underWay.count).toBe(2);
  });

  it('compares no download with any offer, however many there are of both', () => {
    const { offers, transfers, underWay } = stores();
    let looked = 0;
    for (let number = 0; number < 50; number++) {
      offers.set(push({ id: offerIdSchema.parse(number.toString(16).padStart(32, '0')), state: 'done' }));
      transfers.set(Object.defineProperty(inventTransfer({ name: `file ${number}` }), 'direction', { get: () => { looked++; return 'down'; } }));
    }
    transfers.set(inventTransfer({ name: 'given', direction: 'up', peers: [deviceIdFor('Slate Lynx')] }));
    expect([underWay.count, looked]).toEqual([51, 50]);
  });

  it('knows which downloads get nothing because others are fetched first', () => {
    const { transfers, underWay } = stores();
    transfers.set(inventTransfer({ name: 'a', rate: 0 }));
    expect(underWay.moving).toBe(false);
    transfers.set(inventTransfer({ name: 'b', rate: 5 }));
    expect(underWay.moving).toBe(true);
  });
});
