import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';
import type { DeviceId } from '#shared/ids.ts';
import type { PeerLimits } from '#shared/model/limit.ts';
import type { Pairing, Peer } from '#shared/model/peer.ts';
import { useApi } from '../api.ts';

/** Other people's devices, and comparisons of codes with them. */
export const usePeers = defineStore('peers', () => {
  const api = useApi();
  /** Each is replaced, never changed: of hundreds nothing has to be watched but that. */
  const byId = shallowReactive(new Map<DeviceId, Peer>());
  const pairings = ref(new Map<DeviceId, Pairing>());
  /** A card keeps its place: order of first sight, not of the last packet. */
  const order = ref<DeviceId[]>([]);

  function set(peer: Peer): void {
    if (!byId.has(peer.id)) order.value.push(peer.id);
    byId.set(peer.id, peer);
  }
  function remove(id: DeviceId): void {
    byId.delete(id);
    order.value = order.value.filter((other) => other !== id);
  }
  /** Comparisons that the user does not want to see any more: that they end is no news. */
  const left = new Set<DeviceId>();
  const closePairing = (peer: DeviceId): void => void pairings.value.delete(peer);
  function setPairing(pairing: Pairing): void {
    const { peer, state } = pairing;
    if (left.has(peer) && state === 'failed') return closePairing(peer);
    left.delete(peer);
    pairings.value.set(peer, pairing);
  }

  const all = computed(() => order.value.flatMap((id) => byId.get(id) ?? []));
  const online = computed(() => all.value.filter((peer) => peer.online && peer.trust !== 'blocked'));
  const near = computed(() => online.value.filter((peer) => peer.path !== 'internet' && peer.path !== 'overlay'));
  const far = computed(() => online.value.filter((peer) => peer.path === 'internet' || peer.path === 'overlay'));
  /** Hundreds after some months: whom the user trusts, then who was here last. */
  const away = computed(() => all.value.filter((peer) => !peer.online && peer.trust !== 'blocked').sort((a, b) => Number(b.trust === 'paired') - Number(a.trust === 'paired') || b.lastSeen - a.lastSeen));
  const limited = computed(() => all.value.filter(({ limits }) => limits !== undefined && (limits.down !== 'off' || limits.up !== 'off')));
  const blocked = computed(() => all.value.filter((peer) => peer.trust === 'blocked'));
  /** What a person should look at now: codes to compare, or how a comparison ended. */
  const openPairing = computed(() => [...pairings.value.values()][0] ?? null);

  async function load(): Promise<void> {
    const [peers, running] = await Promise.all([api.call('peers.list', {}), api.call('pairing.list', {})]);
    const present = new Set(peers.map((peer) => peer.id));
    for (const id of [...byId.keys()]) if (!present.has(id)) remove(id);
    peers.forEach(set);
    pairings.value = new Map(running.map((pairing) => [pairing.peer, pairing]));
  }

  const connect = async (address: string): Promise<Peer> => {
    const peer = await api.call('peers.connect', { address });
    set(peer);
    return peer;
  };
  const block = async (peer: DeviceId, blocked: boolean): Promise<void> => set(await api.call('peers.block', { peer, blocked }));
  const setAutoAccept = async (peer: DeviceId, autoAccept: boolean): Promise<void> => set(await api.call('peers.setAutoAccept', { peer, autoAccept }));
  const setLimits = async (peer: DeviceId, limits: Partial<PeerLimits>): Promise<void> => set(await api.call('peers.setLimits', { peer, ...limits }));
  const unpair = async (peer: DeviceId): Promise<void> => set(await api.call('peers.unpair', { peer }));
  const forgive = async (peer: DeviceId): Promise<void> => set(await api.call('peers.forgive', { peer }));
  async function forget(peer: DeviceId): Promise<void> {
    await api.call('peers.forget', { peer });
    remove(peer);
  }
  const startPairing = async (peer: DeviceId): Promise<void> => setPairing(await api.call('pairing.start', { peer }));
  const answerPairing = async (peer: DeviceId, same: boolean): Promise<void> => setPairing(await api.call('pairing.answer', { peer, same }));
  /** Not the same, and out of sight whatever becomes of that. */
  async function leavePairing(peer: DeviceId): Promise<void> {
    left.add(peer);
    closePairing(peer);
    await api.call('pairing.answer', { peer, same: false });
  }

  return {
    byId, all, online, near, far, away, blocked, limited, openPairing,
    set, remove, setPairing, closePairing, load, connect, block, setAutoAccept, setLimits, unpair, forgive, forget, startPairing, answerPairing, leavePairing,
  };
});
