import { defineStore } from 'pinia';
import { computed, shallowReactive, shallowRef } from 'vue';
import type { DeviceId, OfferId } from '#shared/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import { useApi } from '../api.ts';

/** What people hand to each other and are asked about, in both directions. */
export const useOffers = defineStore('offers', () => {
  const api = useApi();
  /** Each is replaced, never changed: of thousands nothing has to be watched but that. */
  const byId = shallowRef(shallowReactive(new Map<OfferId, Offer>()));

  const set = (offer: Offer): void => void byId.value.set(offer.id, offer);
  const remove = (id: OfferId): void => void byId.value.delete(id);

  const oldestFirst = (a: Offer, b: Offer): number => a.at - b.at;
  /** Waiting for this user's yes, the first to come first. */
  const incoming = computed(() => [...byId.value.values()].filter((offer) => offer.direction === 'in' && offer.state === 'asked').sort(oldestFirst));
  /** Waiting for somebody else's yes, or on its way after it. */
  const outgoing = computed(() =>
    [...byId.value.values()].filter((offer) => offer.direction === 'out' && (offer.state === 'sending' || offer.state === 'asked' || offer.state === 'accepted')).sort(oldestFirst));

  /** Everything this user has handed to others. */
  const sent = computed(() => [...byId.value.values()].filter((offer) => offer.direction === 'out'));

  async function load(): Promise<void> {
    const offers = await api.call('offers.list', {});
    byId.value = shallowReactive(new Map(offers.map((offer) => [offer.id, offer])));
  }

  async function send(peer: DeviceId, paths: string[]): Promise<Offer> {
    const offer = await api.call('offers.send', { peer, paths });
    set(offer);
    return offer;
  }
  const sendText = async (peer: DeviceId, text: string): Promise<void> => set(await api.call('offers.sendText', { peer, text }));
  const accept = async (id: OfferId, to?: string): Promise<void> => set(await api.call('offers.accept', to === undefined ? { id } : { id, to }));
  const decline = async (id: OfferId): Promise<void> => set(await api.call('offers.decline', { id }));
  const cancel = async (id: OfferId): Promise<void> => set(await api.call('offers.cancel', { id }));

  return { byId, incoming, outgoing, sent, set, remove, load, send, sendText, accept, decline, cancel };
});
