import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { DeviceId } from '#shared/ids.ts';
import { leftOutNames } from '#shared/model/offer.ts';
import { useNotices } from './notices.ts';
import { useOffers } from './offers.ts';
import { usePeers } from './peers.ts';

/** Handing files or a text to people: what is held until it is known to whom. */
export const useSending = defineStore('sending', () => {
  const offers = useOffers();
  const notices = useNotices();
  const peers = usePeers();
  /** Dropped in an empty place; the user chooses people next. */
  const undecided = shallowRef<readonly string[] | null>(null);
  const textFor = ref<DeviceId | null>(null);

  async function send(to: readonly DeviceId[], paths: readonly string[]): Promise<void> {
    undecided.value = null;
    for (const peer of to) {
      const sent = await notices.attempt(() => offers.send(peer, [...paths]));
      const person = peers.byId.get(peer);
      if (sent && person && !person.autoAccept) notices.add({ kind: 'info', title: 'ui.notice.asked', params: { name: person.name, n: paths.length } });
      if (sent?.leftOut) notices.add({ kind: 'info', title: 'ui.notice.leftOut', text: 'ui.notice.leftOutText', params: { n: sent.leftOut.count, names: leftOutNames(sent.leftOut) } });
    }
  }
  async function sendText(peer: DeviceId, text: string): Promise<void> {
    textFor.value = null;
    const sent = await notices.attempt(() => offers.sendText(peer, text).then(() => true));
    const person = peers.byId.get(peer);
    if (sent && person) notices.add({ kind: 'info', title: 'ui.notice.textSent', params: { name: person.name } });
  }
  const choosePeople = (paths: readonly string[]): void => void (undecided.value = paths);
  const writeTo = (peer: DeviceId): void => void (textFor.value = peer);
  function close(): void {
    undecided.value = null;
    textFor.value = null;
  }

  return { undecided, textFor, send, sendText, choosePeople, writeTo, close };
});
