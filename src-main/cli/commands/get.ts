import { dirname } from 'node:path';
import type { ApiClient } from '#shared/api/client.ts';
import type { TransferSource } from '#shared/api/contract.ts';
import { AppError } from '#shared/errors.ts';
import { formatBytes, formatNumber, formatRate } from '#shared/i18n/format.ts';
import { isContentId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { absolute } from '../context.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { reportTransfer } from '../transfer-progress.ts';
import { TransferWatch } from '../transfer-watch.ts';
import { withNode } from '../with-node.ts';

export const addGetCommand: AddCommands = (program, context) => {
  const { t } = context;
  program.command('get').description(t('cli.command.get')).argument('<peer>', t('cli.argument.source')).argument('[paths...]', t('cli.argument.remotePaths'))
    .option('--to <dir>', t('cli.option.to')).option('--in-order', t('cli.option.inOrder')).option('--no-wait', t('cli.option.noWait'))
    .action((peer: string, paths: string[], options: { to?: string; inOrder?: boolean; wait: boolean }) => withNode(context, async (api) => {
      const sources = sourcesOf(context, peer, paths);
      const to = options.to === undefined ? undefined : absolute(context, options.to);
      const watch = new TransferWatch(api, (transfer, before) => { if (options.wait) reportTransfer(context, transfer, before, watch.transfers); });
      try {
        const refused = await startAll(context, api, watch, sources, { ...(to === undefined ? {} : { to }), ...(options.inOrder === true ? { inOrder: true } : {}) });
        if (options.wait) await waitForAll(context, watch);
        if (refused !== null) throw refused;
      } finally {
        watch.close();
        context.out.clearProgress();
      }
    }));
};

function sourcesOf({ t }: CliContext, peer: string, paths: readonly string[]): TransferSource[] {
  if (paths.length > 0) return paths.map((path) => ({ kind: 'path', peer, path }));
  const contentId = peer.toLowerCase();
  if (!isContentId(contentId)) throw new AppError('bad-usage', { detail: t('cli.get.needPaths') });
  return [{ kind: 'content', contentId }];
}

/** Starts every one it can; gives back the first refusal. With a single source there is nothing else to do, so it throws. */
async function startAll({ out, t, signal }: CliContext, api: ApiClient, watch: TransferWatch, sources: readonly TransferSource[], how: { readonly to?: string; readonly inOrder?: boolean }): Promise<AppError | null> {
  let refused: AppError | null = null;
  for (const source of sources) {
    try {
      const transfer = await api.call('transfers.start', { source, ...how }, { signal });
      out.event('queued', transfer);
      out.note(t('cli.get.queued', { name: transfer.name, id: transfer.id }));
      watch.add(transfer);
    } catch (error) {
      if (!(error instanceof AppError) || sources.length === 1 || signal.aborted) throw error;
      if (refused !== null) out.error(refused.toInfo());
      refused = error;
    }
  }
  return refused;
}

async function waitForAll(context: CliContext, watch: TransferWatch): Promise<void> {
  const { out, t } = context;
  let ended: readonly Transfer[];
  try {
    ended = await watch.ended(context.signal);
  } catch (error) {
    for (const { name, id, state } of watch.transfers) if (state !== 'done') out.note(t('cli.get.interrupted', { name, id }));
    throw error;
  }
  const failed = ended.filter(({ state }) => state !== 'done');
  if (failed.length < ended.length) showDone(context, ended.filter(({ state }) => state === 'done'));
  const [first] = failed;
  if (first !== undefined) throw new AppError(first.state === 'cancelled' ? 'cancelled' : (first.reason?.code ?? 'internal'), first.reason?.params);
}

function showDone({ out, t }: CliContext, done: readonly Transfer[]): void {
  const sum = (of: (transfer: Transfer) => number): number => done.reduce((total, transfer) => total + of(transfer), 0);
  const bytes = sum((transfer) => transfer.bytes);
  const reusedBytes = sum((transfer) => transfer.reusedBytes);
  const seconds = (Math.max(...done.map(({ finishedAt, addedAt }) => finishedAt ?? addedAt)) - Math.min(...done.map(({ addedAt }) => addedAt))) / 1000;
  const paths = done.flatMap(({ path }) => (path === null ? [] : [path]));
  out.event('done', { bytes, seconds, path: commonPath(paths), files: sum(({ files }) => files), reusedBytes, paths, ids: done.map(({ id }) => id) });
  for (const { name, path } of done) out.line(t('cli.get.done', { name, path: path ?? '' }));
  out.line(t('cli.get.total', { size: formatBytes(out.locale, bytes), seconds: formatNumber(out.locale, seconds, 1), rate: formatRate(out.locale, seconds === 0 ? 0 : bytes / seconds) }));
  if (reusedBytes > 0) out.line(t('cli.get.reused', { size: formatBytes(out.locale, reusedBytes) }));
}

/** The download itself, or the folder that several of them are in. */
function commonPath(paths: readonly string[]): string | null {
  const [first] = paths;
  if (first === undefined) return null;
  return paths.length === 1 ? first : dirname(first);
}
