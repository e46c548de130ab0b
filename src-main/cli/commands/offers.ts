import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { findPeer } from '#shared/find-named.ts';
import { formatBytes } from '#shared/i18n/format.ts';
import { leftOutNames, type Offer } from '#shared/model/offer.ts';
import { absolute } from '../context.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { findOne } from '../find-one.ts';
import { offerEnded } from '../offer-watch.ts';
import { withNode } from '../with-node.ts';

export const addOfferCommands: AddCommands = (program, context) => {
  const { t, out, signal } = context;
  program.command('send').description(t('cli.command.send')).argument('<peer>', t('cli.argument.peer')).argument('<path...>', t('cli.argument.path')).option('--no-wait', t('cli.option.noWait'))
    .action((peer: string, paths: string[], { wait }: { wait: boolean }) => withNode(context, async (api) => {
      const { name, id } = findPeer(await api.call('peers.list', {}), peer);
      const send = async (): Promise<Offer> => {
        const offer = await api.call('offers.send', { peer: id, paths: paths.map((path) => absolute(context, path)) }, { signal });
        if (offer.leftOut !== undefined) out.note(t('cli.send.leftOut', { n: offer.leftOut.count, names: leftOutNames(offer.leftOut) }));
        return offer;
      };
      if (wait) await sendAndWait(context, api, name, send);
      else out.event('offer', await send());
    }));

  program.command('inbox').description(t('cli.command.inbox')).action(() => withNode(context, async (api) => {
    const offers = (await api.call('offers.list', {})).filter(({ direction, state }) => direction === 'in' && state === 'asked');
    const peers = await api.call('peers.list', {});
    for (const offer of offers) out.event('offer', offer);
    showInbox(context, offers, (id) => peers.find((peer) => peer.id === id)?.name ?? id);
  }));

  program.command('accept').description(t('cli.command.accept')).argument('<id>', t('cli.argument.offer')).option('--to <dir>', t('cli.option.to')).option('--wait', t('cli.option.wait'))
    .action((written: string, { to, wait = false }: { to?: string; wait?: boolean }) => withNode(context, async (api) => {
      const { id } = await findOffer(api, written);
      const accept = (): Promise<Offer> => api.call('offers.accept', { id, ...(to === undefined ? {} : { to: absolute(context, to) }) }, { signal });
      if (wait) {
        const offer = await offerEnded(context, api, accept, () => undefined);
        throwUnlessDone(offer);
        out.event('done', { ...offer });
      } else out.event('offer', await accept());
      out.line(t('cli.inbox.accepted'));
    }));

  program.command('decline').description(t('cli.command.decline')).argument('<id>', t('cli.argument.offer')).action((written: string) => withNode(context, async (api) => {
    const { id } = await findOffer(api, written);
    out.event('offer', await api.call('offers.decline', { id }));
    out.line(t('cli.inbox.declined'));
  }));
};

async function findOffer(api: ApiClient, written: string): Promise<Offer> {
  const incoming = (await api.call('offers.list', {})).filter(({ direction }) => direction === 'in');
  return findOne(incoming, written, () => new AppError('offer-unknown', { name: written }));
}

async function sendAndWait(context: CliContext, api: ApiClient, name: string, send: () => Promise<Offer>): Promise<void> {
  const { out, t } = context;
  const startedAt = performance.now();
  let id = '';
  try {
    const offer = await offerEnded(context, api, send, (change) => {
      id = change.id;
      if (change.state === 'asked') out.note(t('cli.send.asked', { name }));
      if (change.state === 'accepted') out.note(t('cli.send.accepted', { name }));
    });
    throwUnlessDone(offer, name);
    out.event('done', { id: offer.id, bytes: offer.bytes, seconds: Math.round(performance.now() - startedAt) / 1000, count: offer.count });
    out.line(t('cli.send.done', { name }));
  } catch (error) {
    if (context.signal.aborted && id !== '') out.note(t('cli.send.interrupted', { id }));
    throw error;
  }
}

function throwUnlessDone({ state, reason }: Offer, name = ''): void {
  if (state === 'declined') throw new AppError('declined', { name });
  if (state === 'cancelled') throw new AppError('cancelled');
  if (state === 'failed') throw new AppError(reason?.code ?? 'internal', reason?.params);
}

function showInbox({ out, t }: CliContext, offers: readonly Offer[], nameOf: (id: string) => string): void {
  if (offers.length === 0) out.line(t('cli.inbox.none'));
  out.table(
    [{ title: t('cli.column.id') }, { title: t('cli.column.from') }, { title: t('cli.column.what') }, { title: t('cli.column.size'), align: 'right' }],
    offers.map((offer) => [offer.id.slice(0, 12), nameOf(offer.peer), whatOf({ t }, offer), offer.text === null ? formatBytes(out.locale, offer.bytes) : '']),
  );
}

function whatOf({ t }: Pick<CliContext, 't'>, { text, items, count }: Offer): string {
  if (text !== null) return t('cli.inbox.text', { text: text.length > 60 ? `${text.slice(0, 60)}…` : text });
  const names = items.slice(0, 3).map(({ name, kind }) => (kind === 'folder' ? `${name}/` : name));
  return names.join(', ') + (count > names.length ? ` (${t('count.items', { n: count })})` : '');
}
