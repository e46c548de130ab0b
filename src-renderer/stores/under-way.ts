import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { Offer } from '#shared/model/offer.ts';
import { useOffers } from './offers.ts';
import { useTransfers } from './transfers.ts';

/** Something handed to a person, from the question until everything has arrived there. `rate` is bytes a second, now. */
export interface Push {
  readonly offer: Offer;
  readonly rate: number;
  /** Null: that cannot be told now. */
  readonly etaSeconds: number | null;
}

/** What the list of active transfers shows: a push and the upload that carries it are one line. */
export const useUnderWay = defineStore('under-way', () => {
  const offers = useOffers();
  const all = useTransfers();

  /** Downloads and offers may be thousands, and are never compared each with each. */
  const carriers = computed(() => new Map(all.active.flatMap((upload) => (upload.offer === undefined ? [] : [[upload.offer, upload] as const]))));
  const pushes = computed((): Push[] => offers.outgoing.map((offer) => {
    const { rate = 0, etaSeconds = null } = carriers.value.get(offer.id) ?? {};
    return { offer, rate, etaSeconds };
  }));
  const transfers = computed(() => (carriers.value.size === 0 ? all.active : all.active.filter(({ offer }) => offer === undefined || !offers.byId.has(offer))));
  /** Whether any download gets something: one that does not waits for its turn then. */
  const moving = computed(() => all.active.some((transfer) => transfer.direction === 'down' && transfer.rate > 0));
  const count = computed(() => pushes.value.length + transfers.value.length);

  return { pushes, transfers, moving, count };
});
