import { shortId } from '#shared/ids.ts';
import type { Peer } from '#shared/model/peer.ts';
import { badPiecesText } from '#shared/i18n/bad-pieces-text.ts';
import { formatBytes, formatNumber } from '#shared/i18n/format.ts';
import { pathText } from '#shared/i18n/path-text.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { withNode } from '../with-node.ts';

export const addPeerCommands: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('peers').description(t('cli.command.peers')).action(() => withNode(context, async (api) => {
    const peers = await api.call('peers.list', {});
    for (const peer of peers) out.event('peer', peer);
    showPeers(context, peers);
  }));

  program.command('connect').description(t('cli.command.connect')).argument('<address>', t('cli.argument.address')).action((address: string) => withNode(context, async (api) => {
    const peer = await api.call('peers.connect', { address }, { signal: context.signal });
    out.event('peer', peer);
    out.line(t('cli.peers.connected', { name: peer.name, id: peer.id }));
  }));

  program.command('block').description(t('cli.command.block')).argument('<peer>', t('cli.argument.peer')).option('--off', t('cli.option.off')).action((peer: string, { off = false }: { off?: boolean }) => withNode(context, async (api) => {
    const changed = await api.call('peers.block', { peer, blocked: !off });
    out.event('peer', changed);
    out.line(t(off ? 'cli.peers.unblocked' : 'cli.peers.blocked', { name: changed.name }));
  }));

  program.command('forgive').description(t('cli.command.forgive')).argument('<peer>', t('cli.argument.peer')).action((peer: string) => withNode(context, async (api) => {
    const changed = await api.call('peers.forgive', { peer });
    out.event('peer', changed);
    out.line(t('cli.peers.forgiven', { name: changed.name }));
  }));
};

function pathOf({ t }: CliContext, { path, vpn, relay }: Peer): string {
  if (path === null) return '';
  const { key, params } = pathText({ path, vpn, relay });
  return t(`path.${key}`, params);
}

function stateText({ t }: CliContext, { online, badPieces }: Peer): string {
  const presence = t(online ? 'state.presence.online' : 'state.presence.offline');
  return badPieces?.banned === true ? `${presence}, ${t('state.presence.banned')}` : presence;
}

/** What is held against whom, with the evidence, and what ends it. */
function showBans({ out, t }: CliContext, peers: readonly Peer[]): void {
  const clock = new Intl.DateTimeFormat(out.locale, { timeStyle: 'medium' });
  for (const { name, id, badPieces } of peers) {
    if (badPieces === undefined) continue;
    const why = badPiecesText(badPieces, t, (value) => formatNumber(out.locale, value));
    out.line(t(badPieces.banned ? 'cli.peers.banned' : 'cli.peers.warned', { name, id: shortId(id), time: clock.format(badPieces.until), why }));
  }
}

function showPeers(context: CliContext, peers: readonly Peer[]): void {
  const { out, t } = context;
  if (peers.length === 0) out.line(t('cli.peers.none'));
  out.table(
    [
      { title: t('cli.column.name') }, { title: t('cli.column.id') }, { title: t('cli.column.state') }, { title: t('cli.column.trust') },
      { title: t('cli.column.address') }, { title: t('cli.column.path') }, { title: t('cli.column.latency'), align: 'right' }, { title: t('cli.column.shares') },
    ],
    peers.map((peer) => [
      peer.name, shortId(peer.id), stateText(context, peer), t(`state.trust.${peer.trust}`), peer.address ?? '',
      pathOf(context, peer), peer.latencyMs === null ? '' : `${peer.latencyMs.toFixed(1)} ms`,
      t('count.shares', { n: peer.shares.count }) + (peer.shares.count === 0 ? '' : `, ${formatBytes(out.locale, peer.shares.bytes)}`),
    ]),
  );
  showBans(context, peers);
}
