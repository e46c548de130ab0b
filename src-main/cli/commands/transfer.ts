import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { brakeText, sourceStateText } from '#shared/i18n/brake-text.ts';
import { formatBytes, formatRate } from '#shared/i18n/format.ts';
import type { TransferDetail } from '#shared/model/transfer.ts';
import { errorSentences } from '../../api/translate.ts';
import { withNode } from '../context.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { findOne } from '../find-one.ts';
import { shortDeviceId } from '../short-id.ts';
import { listTransfers } from './transfers.ts';

export const addTransferCommand: AddCommands = (program, context) => {
  const { t, out, signal } = context;
  program.command('transfer').description(t('cli.command.transfer')).argument('<id>', t('cli.argument.transfer')).action((id: string) => withNode(context, async (api) => {
    const found = findOne(await listTransfers(api, signal), id, () => new AppError('not-found', { name: id }));
    const detail = await api.call('transfers.get', { id: found.id });
    out.event('transfer-detail', detail);
    showDetail(context, detail, await namesOf(api));
  }));
};

async function namesOf(api: ApiClient): Promise<(id: string) => string> {
  const names = new Map<string, string>((await api.call('peers.list', {})).map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? shortDeviceId(id);
}

function showDetail({ out, t }: CliContext, { transfer, brake, sources }: TransferDetail, nameOf: (id: string) => string): void {
  const size = (bytes: number): string => formatBytes(out.locale, bytes);
  const state = t(`state.transfer.${transfer.state}`);
  out.line(t('cli.transfer.head', { name: transfer.name, state, done: size(transfer.doneBytes), all: size(transfer.bytes), rate: formatRate(out.locale, transfer.rate) }));
  const { what, next } = transfer.reason === null ? { what: null, next: null } : errorSentences(out.locale, transfer.reason);
  if (what !== null) out.line(`${what} ${next}`);
  const why = brake === null ? null : brakeText(brake, transfer.direction, nameOf);
  if (why !== null) out.line(`${t('brake.title')} ${t(why.what, why.params)} ${t(why.next, why.params)}`);
  const all = Math.max(1, sources.reduce((sum, { bytes }) => sum + bytes, 0));
  const clock = new Intl.DateTimeFormat(out.locale, { timeStyle: 'medium' });
  out.table(
    [
      { title: t(transfer.direction === 'down' ? 'cli.column.givenBy' : 'cli.column.takenBy') }, { title: t('cli.column.state') }, { title: t('cli.column.rate'), align: 'right' }, { title: t('cli.column.share'), align: 'right' },
      { title: t('cli.column.size'), align: 'right' }, { title: t('cli.column.latency'), align: 'right' }, { title: t('cli.column.failed'), align: 'right' },
    ],
    sources.toSorted((a, b) => b.bytes - a.bytes).map((source) => {
      const until = source.badPieces?.banned === true ? source.badPieces.until : source.until;
      const { key, params } = sourceStateText(source.state, until === null ? null : clock.format(until));
      return [
        nameOf(source.peer), transfer.direction === 'up' ? '' : t(key, params), source.rate > 0 ? formatRate(out.locale, source.rate) : '', `${Math.round((100 * source.bytes) / all)} %`, size(source.bytes),
        source.latencyMs === null ? '' : `${source.latencyMs.toFixed(1)} ms`, source.failures > 0 ? String(source.failures) : '',
      ];
    }),
  );
}
