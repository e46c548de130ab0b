import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { formatBytes } from '#shared/i18n/format.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { CliContext } from './context.ts';

const finalStates: ReadonlySet<Offer['state']> = new Set(['declined', 'done', 'cancelled', 'failed']);

/**
 * Runs what begins or accepts an offer, then follows it until it has ended, showing progress; `onState` hears of each
 * new state once. Rejects with `interrupted`, `node-not-running` or what `begin` rejects with.
 */
export async function offerEnded({ out, signal }: CliContext, api: ApiClient, begin: () => Promise<Offer>, onState: (offer: Offer) => void): Promise<Offer> {
  const seen = new Map<string, Offer>();
  let current: Offer | undefined;
  let settle: (offer: Offer) => void = () => undefined;
  let fail: (error: AppError) => void = () => undefined;

  const take = (offer: Offer): void => {
    if (current === undefined || offer.state !== current.state) onState(offer);
    current = offer;
    out.event('progress', { id: offer.id, state: offer.state, bytes: offer.bytes, doneBytes: offer.doneBytes });
    if (offer.state === 'accepted') out.progress(offer.bytes === 0 ? 0 : offer.doneBytes / offer.bytes, `${formatBytes(out.locale, offer.doneBytes)} / ${formatBytes(out.locale, offer.bytes)}`, offer.items[0]?.name ?? '');
    if (finalStates.has(offer.state)) settle(offer);
  };
  const abort = (): void => { fail(new AppError('interrupted')); };
  const stop = api.subscribe((event) => {
    if (event.type === 'offer' && current === undefined) seen.set(event.offer.id, event.offer);
    else if (event.type === 'offer' && event.offer.id === current?.id) take(event.offer);
    else if (event.type === 'offer-gone' && event.id === current?.id) take({ ...current, state: 'cancelled' });
  });
  try {
    const begun = await begin();
    return await new Promise<Offer>((resolve, reject) => {
      settle = resolve;
      fail = reject;
      signal.addEventListener('abort', abort);
      api.onClose(() => { reject(new AppError('node-not-running')); });
      if (signal.aborted) abort();
      take(seen.get(begun.id) ?? begun);
    });
  } finally {
    stop();
    signal.removeEventListener('abort', abort);
    out.clearProgress();
  }
}
