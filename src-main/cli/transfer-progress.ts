import { formatBytes, formatRate, formatSeconds } from '#shared/i18n/format.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { errorSentences } from '../api/translate.ts';
import type { CliContext } from './context.ts';

/** Says how a transfer goes: a line of JSON at each change, or one bar for all of them and a word when one has to wait. */
export function reportTransfer({ out, t }: CliContext, transfer: Transfer, before: Transfer | undefined, all: readonly Transfer[]): void {
  const { id, name, state, reason, bytes, doneBytes, files, doneFiles, rate, etaSeconds } = transfer;
  out.event('progress', { id, name, state, bytes, doneBytes, files, doneFiles, rate, etaSeconds, ...(reason === null ? {} : { reason: reason.code }) });
  const stopped = state === 'waiting' || state === 'paused';
  if (stopped && (before?.state !== state || before.reason?.code !== reason?.code)) {
    const why = reason === null ? null : errorSentences(out.locale, reason);
    out.note(`${name}: ${why === null ? t(`state.transfer.${state}`) : `${why.what} ${why.next}`}`);
  }
  showBar({ out, t }, all);
}

function showBar({ out, t }: Pick<CliContext, 'out' | 't'>, all: readonly Transfer[]): void {
  const sum = (of: (transfer: Transfer) => number): number => all.reduce((total, transfer) => total + of(transfer), 0);
  const bytes = sum((transfer) => transfer.bytes);
  const done = sum((transfer) => transfer.doneBytes);
  const rate = sum((transfer) => transfer.rate);
  const details = [`${formatBytes(out.locale, done)} / ${formatBytes(out.locale, bytes)}`];
  if (rate > 0) details.push(formatRate(out.locale, rate), t('cli.get.left', { time: formatSeconds((bytes - done) / rate) }));
  const moving = all.find(({ state }) => state === 'running') ?? all[0];
  out.progress(bytes === 0 ? 0 : done / bytes, details.join('  '), moving?.name ?? '');
}
