import type { ApiClient } from '#shared/api/client.ts';
import { Option } from 'commander';
import { AppError } from '#shared/errors.ts';
import { brakeText, sourceStateText } from '#shared/i18n/brake-text.ts';
import { formatBytes, formatRate } from '#shared/i18n/format.ts';
import { limits } from '#shared/limits.ts';
import { filePrioritySchema } from '#shared/model/transfer.ts';
import type { FilePriority, Transfer, TransferDetail, TransferFile } from '#shared/model/transfer.ts';
import { errorSentences } from '../../api/translate.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { findOne } from '../find-one.ts';
import { peerNames } from '../peer-names.ts';
import { switchOption } from '../switch-option.ts';
import { listTransfers, stateText } from './transfers.ts';
import { withNode } from '../with-node.ts';

interface TransferOptions {
  readonly inOrder?: string;
  readonly priority?: FilePriority;
  readonly file?: string[];
  readonly files?: boolean;
}

export const addTransferCommand: AddCommands = (program, context) => {
  const { t, out, signal } = context;
  program.command('transfer').description(t('cli.command.transfer')).argument('<id>', t('cli.argument.transfer'))
    .option('--in-order <on|off>', t('cli.option.setInOrder'))
    .addOption(new Option('--priority <priority>', t('cli.option.priority', { choices: filePrioritySchema.options.join(', ') })).choices(filePrioritySchema.options))
    .option('--file <path...>', t('cli.option.file')).option('--files', t('cli.option.files'))
    .action((id: string, options: TransferOptions) => withNode(context, async (api) => {
      const found = findOne(await listTransfers(api, signal), id, () => new AppError('transfer-unknown', { name: id }));
      await change(context, api, found, options);
      if (options.files === true) return showFiles(context, await listFiles(api, found));
      const detail = await api.call('transfers.get', { id: found.id });
      out.event('transfer-detail', detail);
      showDetail(context, detail, await peerNames(api));
    }));
};

/** Everything is understood before anything changes. */
async function change({ t }: CliContext, api: ApiClient, transfer: Transfer, { inOrder, priority, file: paths }: TransferOptions): Promise<void> {
  const { id } = transfer;
  const isInOrder = inOrder === undefined ? null : switchOption(t, '--in-order', inOrder);
  if (paths !== undefined && priority === undefined) throw new AppError('bad-usage', { detail: t('cli.transfer.fileAlone') });
  if (paths === undefined && priority === 'skip') throw new AppError('bad-usage', { detail: t('cli.transfer.skipAll') });
  const indices = paths === undefined ? null : chosenFiles(await listFiles(api, transfer), paths);
  if (isInOrder !== null) await api.call('transfers.setInOrder', { id, inOrder: isInOrder });
  if (priority === undefined) return;
  if (indices !== null) await api.call('transfers.setFilePriority', { id, indices, priority });
  else if (priority !== 'skip') await api.call('transfers.setPriority', { id, priority });
}

async function listFiles(api: ApiClient, { id }: Transfer): Promise<TransferFile[]> {
  const found: TransferFile[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.call('transfers.files', { id, limit: limits.browse.entriesPerPage, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.files);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** The files with these paths, and those in the folders with these paths. */
function chosenFiles(files: readonly TransferFile[], paths: readonly string[]): number[] {
  const chosen = new Set<number>();
  for (const path of paths) {
    const wanted = path.replace(/\/+$/, '');
    const fitting = files.filter((file) => file.path === wanted || file.path.startsWith(`${wanted}/`));
    if (fitting.length === 0) throw new AppError('not-found', { name: path });
    for (const { index } of fitting) chosen.add(index);
  }
  return [...chosen];
}

function showFiles({ out, t }: CliContext, files: readonly TransferFile[]): void {
  for (const file of files) out.event('file', file);
  out.table(
    [{ title: t('cli.column.path') }, { title: t('cli.column.priority') }, { title: t('cli.column.done'), align: 'right' }, { title: t('cli.column.size'), align: 'right' }],
    files.map(({ path, priority, doneBytes, bytes, state }) => [
      path, t(`cli.priority.${priority}`), state === 'done' || bytes === 0 ? '100 %' : `${Math.floor((100 * doneBytes) / bytes)} %`, formatBytes(out.locale, bytes),
    ]),
  );
}

function showDetail({ out, t }: CliContext, { transfer, brake, sources }: TransferDetail, nameOf: (id: string) => string): void {
  const size = (bytes: number): string => formatBytes(out.locale, bytes);
  const state = stateText(t, transfer);
  out.line(t('cli.transfer.head', { name: transfer.name, state, done: size(transfer.doneBytes), all: size(transfer.bytes), rate: formatRate(out.locale, transfer.rate) }));
  if (transfer.inOrder) out.line(t('cli.transfer.inOrder'));
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
        transfer.takerName || nameOf(source.peer), transfer.direction === 'up' ? '' : t(key, params), source.rate > 0 ? formatRate(out.locale, source.rate) : '', `${Math.round((100 * source.bytes) / all)} %`, size(source.bytes),
        source.latencyMs === null ? '' : `${source.latencyMs.toFixed(1)} ms`, source.failures > 0 ? String(source.failures) : '',
      ];
    }),
  );
}
