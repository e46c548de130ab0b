import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { useOffers } from './offers.ts';
import { useTransfers } from './transfers.ts';

/** Something handed to a person, from the question until everything has arrived there. `rate` is bytes a second, now. */
export interface Push {
  readonly offer: Offer;
  readonly rate: number;
}

/** What the list of active transfers shows: a push and the upload that carries it are one line. */
export const useUnderWay = defineStore('under-way', () => {
  const offers = useOffers();
  const all = useTransfers();

  /** Also just after the last byte: an upload is seen until nobody has asked anything of it for a while. */
  const carries = (upload: Transfer, offer: Offer): boolean =>
    upload.peers.includes(offer.peer) && upload.addedAt >= offer.at && offer.items.some((item) => item.name === upload.name) &&
    (offer.state === 'accepted' || (offer.state === 'done' && upload.bytes <= offer.bytes));
  /** Few: an upload is a line for half a minute after its last byte. Downloads and offers may be thousands, and are never compared each with each. */
  const uploads = computed(() => all.active.filter((transfer) => transfer.direction === 'up'));
  const pushes = computed((): Push[] => offers.outgoing.map((offer) => ({
    offer, rate: uploads.value.reduce((sum, transfer) => sum + (carries(transfer, offer) ? transfer.rate : 0), 0),
  })));
  const carrying = computed(() => new Set(uploads.value.filter((transfer) => offers.sent.some((offer) => carries(transfer, offer))).map((transfer) => transfer.id)));
  const transfers = computed(() => (carrying.value.size === 0 ? all.active : all.active.filter((transfer) => !carrying.value.has(transfer.id))));
  /** Whether any download gets something: one that does not waits for its turn then. */
  const moving = computed(() => all.active.some((transfer) => transfer.direction === 'down' && transfer.rate > 0));
  const count = computed(() => pushes.value.length + transfers.value.length);

  return { pushes, transfers, moving, count };
});
