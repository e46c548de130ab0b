import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { formatBytes, formatRate } from '#shared/i18n/format.ts';
import { limits } from '#shared/limits.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { errorSentences } from '../../api/translate.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { findOne } from '../find-one.ts';
import { peerNames } from '../peer-names.ts';
import { withNode } from '../with-node.ts';

export const addTransferCommands: AddCommands = (program, context) => {
  const { t, out, signal } = context;
  program.command('transfers').description(t('cli.command.transfers')).option('--all', t('cli.option.all'))
    .action(({ all = false }: { all?: boolean }) => withNode(context, async (api) => {
      const transfers = await listTransfers(api, signal, all ? undefined : false);
      for (const transfer of transfers) out.event('transfer', transfer);
      showTransfers(context, transfers, await peerNames(api), all);
    }));

  const change = (name: 'pause' | 'resume', act: (api: ApiClient, transfer: Transfer) => Promise<Transfer>): void => {
    program.command(name).description(t(`cli.command.${name}`)).argument('<id...>', t('cli.argument.transfer')).action((ids: string[]) => withNode(context, async (api) => {
      const known = await listTransfers(api, signal);
      // All ids are understood before anything changes.
      const wanted = ids.map((id) => findOne(known, id, () => new AppError('transfer-unknown', { name: id })));
      for (const transfer of wanted) showChanged(context, await act(api, transfer));
    }));
  };
  change('pause', (api, { id }) => api.call('transfers.pause', { id }));
  change('resume', async (api, { id, state }) => {
    if (state !== 'failed') return api.call('transfers.resume', { id });
    await api.call('transfers.retry', { id });
    return (await api.call('transfers.get', { id })).transfer;
  });

  program.command('cancel').description(t('cli.command.cancel')).argument('<id...>', t('cli.argument.transfer')).option('--delete-partial', t('cli.option.deletePartial'))
    .action((ids: string[], { deletePartial = false }: { deletePartial?: boolean }) => withNode(context, async (api) => {
      const transfers = await listTransfers(api, signal);
      const offers = (await api.call('offers.list', {})).filter(({ direction }) => direction === 'out');
      const wanted = ids.map((id) => findOne([...transfers, ...offers], id, () => new AppError('transfer-unknown', { name: id })));
      for (const thing of wanted) {
        if ('name' in thing) showChanged(context, await api.call('transfers.cancel', { id: thing.id, deletePartial }));
        else out.event('offer', await api.call('offers.cancel', { id: thing.id }));
      }
    }));
};

/** All of them, page by page. `finished`: only those that have ended, or only the others. */
export async function listTransfers(api: ApiClient, signal: AbortSignal, finished?: boolean): Promise<Transfer[]> {
  const found: Transfer[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.call('transfers.list', { limit: limits.browse.entriesPerPage, ...(finished === undefined ? {} : { finished }), ...(cursor === undefined ? {} : { cursor }) }, { signal });
    found.push(...page.transfers);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

function showChanged({ out, t }: CliContext, transfer: Transfer): void {
  out.event('transfer', transfer);
  out.line(t('cli.transfers.changed', { name: transfer.name, state: t(`state.transfer.${transfer.state}`) }));
}

function showTransfers({ out, t }: CliContext, transfers: readonly Transfer[], nameOf: (id: string) => string, withEnded: boolean): void {
  if (transfers.length === 0) out.line(t('cli.transfers.none'));
  const time = new Intl.DateTimeFormat(out.locale, { dateStyle: 'short', timeStyle: 'short' });
  out.table(
    [
      { title: t('cli.column.id') }, { title: t('cli.column.direction') }, { title: t('cli.column.name') }, { title: t('cli.column.state') }, { title: t('cli.column.done'), align: 'right' },
      { title: t('cli.column.size'), align: 'right' }, { title: t('cli.column.rate'), align: 'right' }, { title: t('cli.column.with') }, ...(withEnded ? [{ title: t('cli.column.ended') }] : []), { title: t('cli.column.reason') },
    ],
    transfers.map((transfer) => [
      transfer.id, t(`cli.direction.${transfer.direction}`), transfer.name, stateText(t, transfer),
      // How much others will take from a share is theirs to know.
      transfer.bytes === 0 || (transfer.direction === 'up' && transfer.finishedAt === null && transfer.offer === undefined) ? '' : `${Math.floor((100 * transfer.doneBytes) / transfer.bytes)} %`, formatBytes(out.locale, transfer.bytes),
      transfer.rate > 0 ? formatRate(out.locale, transfer.rate) : '', transfer.peers.map((id) => transfer.takerName || nameOf(id)).join(', '), ...(withEnded ? [transfer.finishedAt === null ? '' : time.format(transfer.finishedAt)] : []), transfer.reason === null ? '' : errorSentences(out.locale, transfer.reason).what,
    ]),
  );
}

/** Of what went out the last word is another one. */
export function stateText(t: CliContext['t'], { direction, state }: Transfer): string {
  return direction === 'up' && (state === 'done' || state === 'cancelled') ? t(`state.upload.${state}`) : t(`state.transfer.${state}`);
}
