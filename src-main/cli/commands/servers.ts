import { AppError } from '#shared/errors.ts';
import { formatNumber } from '#shared/i18n/format.ts';
import { limits } from '#shared/limits.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import { parseServerUrl, type ServerUrl } from '#shared/server-url.ts';
import { errorSentences } from '../../api/translate.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { withNode } from '../with-node.ts';

export const addServersCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  const servers = program.command('servers').description(t('cli.command.servers')).action(() => withNode(context, async (api) => {
    const { servers: health } = await api.call('node.status', {});
    for (const each of health) out.event('server', each);
    showServers(context, health);
  }));
  servers.command('add').description(t('cli.servers.command.add')).argument('<url>', t('cli.servers.argument.url')).action((text: string) => withNode(context, async (api) => {
    const url = urlOf(context, text);
    const { servers: before } = await api.call('settings.get', {});
    if (before.length >= limits.servers.used && !before.includes(url.text)) throw new AppError('too-many');
    await api.call('settings.set', { patch: { servers: [...before.filter((other) => parseServerUrl(other)?.origin !== url.origin), url.text] } });
    out.event('server-added', { url: url.text });
    out.line(t('cli.servers.added', { url: url.origin }));
  }));
  servers.command('remove').description(t('cli.servers.command.remove')).argument('<url>', t('cli.servers.argument.url')).action((text: string) => withNode(context, async (api) => {
    const { origin } = urlOf(context, text);
    const { servers: before } = await api.call('settings.get', {});
    const left = before.filter((other) => parseServerUrl(other)?.origin !== origin);
    if (left.length === before.length) throw new AppError('not-found', { name: origin });
    await api.call('settings.set', { patch: { servers: left } });
    out.event('server-removed', { url: origin });
    out.line(t('cli.servers.removed', { url: origin }));
  }));
};

function urlOf({ t }: CliContext, text: string): ServerUrl {
  const url = parseServerUrl(text);
  if (url === null) throw new AppError('bad-argument', { name: 'url', detail: t('cli.servers.badUrl', { text }) });
  return url;
}

function showServers({ out, t }: CliContext, servers: readonly ServerHealth[]): void {
  if (servers.length === 0) out.line(t('cli.servers.none'));
  out.table(
    [{ title: t('cli.servers.column.server') }, { title: t('cli.column.state') }, { title: t('cli.column.latency'), align: 'right' }, { title: t('cli.servers.column.people'), align: 'right' }, { title: t('cli.column.reason') }],
    servers.map(({ url, state, latencyMs, nodes, error, unknown }) => [
      parseServerUrl(url)?.origin ?? url, t(`cli.servers.state.${state}`), latencyMs === null ? '' : `${formatNumber(out.locale, latencyMs)} ms`, String(nodes), error !== null ? errorSentences(out.locale, error).what : unknown > 0 ? t('cli.servers.unknown', { n: unknown }) : '',
    ]),
  );
}
