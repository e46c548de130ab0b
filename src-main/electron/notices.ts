import type { NodeEvent } from '#shared/api/events.ts';
import { formatBytes } from '#shared/i18n/format.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Pairing } from '#shared/model/peer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { shownName } from '#shared/names.ts';
import type { Timestamp } from '#shared/units.ts';
import { errorSentences, translate } from '../api/translate.ts';

/** What a notification shows below its title, as the system takes it: on Linux notification servers read markup there (Desktop Notifications, `body-markup`), and texts and names of strangers are none. */
export const noticeBody = (body: string, platform: NodeJS.Platform): string => (platform === 'linux' ? body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : body);

/** Something the person should hear of while looking elsewhere, and the page that shows it. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly route: string;
}

/**
 * Decides from the stream of events what deserves a notification. An event carries the whole state of a thing, and
 * may repeat it: only a change into a state is news, and what was over before the shell started never is.
 */
export class Notices {
  readonly #startedAt: Timestamp;
  readonly #names = new Map<string, string>();
  readonly #seen = new Map<string, string>();

  constructor(startedAt: Timestamp) {
    this.#startedAt = startedAt;
  }

  step(event: NodeEvent, locale: Locale): Notice | null {
    switch (event.type) {
      case 'peer':
        this.#names.set(event.peer.id, event.peer.name);
        return null;
      case 'peer-gone':
        this.#names.delete(event.id);
        return null;
      case 'transfer':
        return this.#isNews(event.transfer.id, event.transfer.state) ? this.#ofTransfer(event.transfer, locale) : null;
      case 'offer':
        return this.#isNews(event.offer.id, event.offer.state) ? this.#ofOffer(event.offer, locale) : null;
      case 'pairing':
        return this.#isNews(event.pairing.peer, event.pairing.state) ? this.#ofPairing(event.pairing, locale) : null;
      case 'transfers-gone':
        for (const id of event.ids) this.#seen.delete(id);
        return null;
      case 'offer-gone':
        this.#seen.delete(event.id);
        return null;
      default:
        return null;
    }
  }

  #isNews(id: string, state: string): boolean {
    const changed = this.#seen.get(id) !== state;
    this.#seen.set(id, state);
    return changed;
  }

  #nameOf(peer: string): string {
    return this.#names.get(peer) ?? peer.slice(0, 7);
  }

  #ofTransfer(transfer: Transfer, locale: Locale): Notice | null {
    if (transfer.direction !== 'down') return null;
    const params = { name: transfer.name };
    if (transfer.state === 'done' && (transfer.finishedAt ?? 0) >= this.#startedAt) {
      return { title: translate(locale, 'notification.transferDone.title', params), body: translate(locale, 'notification.transferDone.body', { folder: transfer.path ?? '' }), route: '/transfers' };
    }
    if (transfer.state === 'failed') {
      const body = transfer.reason === null ? '' : errorSentences(locale, transfer.reason).what;
      return { title: translate(locale, 'notification.transferFailed.title', params), body, route: '/transfers' };
    }
    return null;
  }

  #ofOffer(offer: Offer, locale: Locale): Notice | null {
    const params = { name: this.#nameOf(offer.peer) };
    if (offer.direction === 'in') {
      if (offer.text !== null) return offer.state === 'asked' ? { title: translate(locale, 'notification.text.title', params), body: offer.text.slice(0, 120), route: '/' } : null;
      if (offer.state !== 'asked') return null;
      const [first] = offer.items;
      const what = offer.count === 1 && first ? shownName(first.name) : translate(locale, 'count.items', { n: offer.count });
      return { title: translate(locale, 'notification.offer.title', params), body: translate(locale, 'notification.offer.body', { what, size: formatBytes(locale, offer.bytes) }), route: '/' };
    }
    if (offer.state === 'done') return { title: translate(locale, 'notification.offerDone.title', params), body: '', route: '/transfers' };
    if (offer.state === 'declined') return { title: translate(locale, 'notification.offerDeclined.title', params), body: '', route: '/transfers' };
    return null;
  }

  #ofPairing(pairing: Pairing, locale: Locale): Notice | null {
    if (pairing.state !== 'compare' || pairing.startedByUs) return null;
    return { title: translate(locale, 'notification.pairing.title', { name: this.#nameOf(pairing.peer) }), body: translate(locale, 'notification.pairing.body'), route: '/' };
  }
}
