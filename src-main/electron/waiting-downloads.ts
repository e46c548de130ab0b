import type { NodeEvent } from '#shared/api/events.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { errorSentences, translate } from '../api/translate.ts';

/** Downloads that wait by themselves, and what for: what the tray says of them. */
export class WaitingDownloads {
  readonly #reasons = new Map<string, ErrorInfo>();

  /** Whether the event concerns one that waits, or did. */
  step(event: NodeEvent): boolean {
    if (event.type === 'transfers-gone') return event.ids.filter((id) => this.#reasons.delete(id)).length > 0;
    if (event.type !== 'transfer') return false;
    const { id, direction, state, reason } = event.transfer;
    if (direction !== 'down' || state !== 'waiting' || reason === null) return this.#reasons.delete(id);
    this.#reasons.set(id, reason);
    return true;
  }

  /** One line; empty when none waits. */
  text(locale: Locale): string {
    const [first, ...others] = this.#reasons.values();
    if (first === undefined) return '';
    if (others.length > 0) return translate(locale, 'tray.waiting', { n: this.#reasons.size });
    return errorSentences(locale, first).what;
  }
}
