import { defineStore } from 'pinia';
import { computed, watch } from 'vue';
import { assertNever } from '#shared/assert.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { appVersion } from '#shared/app-version.ts';
import type { DeviceId } from '#shared/ids.ts';
import { useApi } from '../api.ts';
import { useDoctor } from './doctor.ts';
import { useNode } from './node.ts';
import { useNotices } from './notices.ts';
import { useOffers } from './offers.ts';
import { usePeers } from './peers.ts';
import { useRooms } from './rooms.ts';
import { useSearch } from './search.ts';
import { useShares } from './shares.ts';
import { announceOffer, announceRoom, announceRoomGone, announceTransfer } from './announce.ts';
import { useTransfers } from './transfers.ts';

/** Keeps every store as the node is: loads after each connect, then follows the one stream of events. */
export const useLive = defineStore('live', () => {
  const api = useApi();
  const doctor = useDoctor();
  const node = useNode();
  const notices = useNotices();
  const offers = useOffers();
  const peers = usePeers();
  const rooms = useRooms();
  const search = useSearch();
  const shares = useShares();
  const transfers = useTransfers();
  /** This page and its node are of different versions. */
  const otherVersion = computed(() => api.otherVersion.value || (node.status !== null && node.status.version !== appVersion));
  const listingListeners = new Set<(peer: DeviceId, share: string) => void>();

  function take(event: NodeEvent): void {
    switch (event.type) {
      case 'status': return node.setStatus(event.status);
      case 'settings': return node.setSettings(event.settings);
      case 'peer': return peers.set(event.peer);
      case 'peer-gone': return peers.remove(event.id);
      case 'pairing': return peers.setPairing(event.pairing);
      case 'room': {
        announceRoom(notices, rooms.byId.get(event.room.id), event.room);
        return rooms.set(event.room);
      }
      case 'room-gone': {
        announceRoomGone(notices, event);
        return event.became === null ? rooms.remove(event.id) : rooms.renumber(event.id, event.became);
      }
      case 'share': return shares.set(event.share);
      case 'share-gone': return shares.remove(event.id);
      case 'listing': return listingListeners.forEach((listener) => listener(event.peer, event.share));
      case 'transfer': {
        announceTransfer(notices, transfers.byId.get(event.transfer.id), event.transfer);
        return transfers.set(event.transfer);
      }
      case 'transfers-gone': return transfers.forgotten(event.direction, event.ids);
      case 'offer': {
        announceOffer(notices, offers.byId.get(event.offer.id), event.offer, peers.byId.get(event.offer.peer)?.name ?? '');
        return offers.set(event.offer);
      }
      case 'offer-gone': return offers.remove(event.id);
      case 'search': return search.set(event.search);
      case 'diagnosis': return doctor.set(event.diagnosis);
      case 'problem': return notices.add({ kind: 'problem', error: event.error });
      default: return assertNever(event);
    }
  }

  async function load(): Promise<void> {
    await notices.attempt(() => Promise.all([node.load(), peers.load(), rooms.load(), transfers.load(), offers.load(), shares.load()]));
  }

  /** Returns the way to stop. */
  function start(): () => void {
    const unsubscribe = api.subscribe(take);
    const unwatch = watch(api.state, (state) => { if (state === 'connected') void load(); }, { immediate: true });
    return () => {
      unsubscribe();
      unwatch();
    };
  }

  function onListing(listener: (peer: DeviceId, share: string) => void): () => void {
    listingListeners.add(listener);
    return () => void listingListeners.delete(listener);
  }

  return { state: api.state, otherVersion, start, take, onListing };
});
