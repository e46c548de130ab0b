import { formatBytes, formatRate } from '#shared/i18n/format.ts';
import { mappingText } from '#shared/i18n/mapping-text.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import { errorSentences } from '../../api/translate.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { textWidth } from '../table.ts';
import { withNode } from '../with-node.ts';

export const addStatusCommand: AddCommands = (program, context) => {
  program.command('status').description(context.t('cli.command.status')).action(() => withNode(context, async (api) => {
    const status = await api.call('node.status', {});
    context.out.event('status', status);
    showStatus(context, status);
  }));
};

function showStatus({ out, t }: CliContext, status: NodeStatus): void {
  const free = status.freeBytes === null ? '' : ` (${t('cli.status.free', { size: formatBytes(out.locale, status.freeBytes) })})`;
  const rates = [t('cli.status.down', { rate: formatRate(out.locale, status.downRate) }), t('cli.status.up', { rate: formatRate(out.locale, status.upRate) })];
  const outside = mappingText(status.portMapping);
  const rows: [string, string][] = [
    [t('cli.status.name'), status.name], [t('cli.status.deviceId'), status.deviceId], [t('cli.status.version'), status.version], [t('cli.status.port'), String(status.port)],
    [t('cli.status.addresses'), status.addresses.join(', ')], [t('cli.status.outside'), t(`mapping.${outside.key}`, outside.params)], [t('cli.status.dataDir'), status.dataDir], [t('cli.status.downloadDir'), status.downloadDir + free],
    [t('cli.status.rates'), rates.join(', ')], [t('cli.status.online'), t('count.people', { n: status.peersOnline })], [t('cli.status.transfers'), String(status.activeTransfers)],
    [t('cli.status.offers'), String(status.offersWaiting)],
    [t('cli.status.discovery'), (['multicast', 'mdns'] as const).map((way) => `${way}: ${t(`state.discovery.${status.discovery[way]}`)}`).join(', ')],
  ];
  for (const error of status.problems) {
    const { what, next } = errorSentences(out.locale, error);
    rows.push([t('cli.status.problems'), `${what} ${next}`]);
  }
  const width = Math.max(...rows.map(([label]) => textWidth(label)));
  for (const [label, value] of rows) out.line(`${label}${' '.repeat(width - textWidth(label))}  ${value}`);
}
