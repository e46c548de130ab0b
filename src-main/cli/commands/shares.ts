import { Option } from 'commander';
import type { ApiClient } from '#shared/api/client.ts';
import { AppError, errorInfo } from '#shared/errors.ts';
import { findPeer, findRoom, findShare } from '#shared/find-named.ts';
import { formatBytes, formatSeconds } from '#shared/i18n/format.ts';
import { shortId } from '#shared/ids.ts';
import { audienceKinds } from '#shared/model/share.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import type { Audience, Share } from '#shared/model/share.ts';
import { errorSentences } from '../../api/translate.ts';
import { absolute } from '../context.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { withNode } from '../with-node.ts';

interface ShareOptions {
  readonly audience?: (typeof audienceKinds)[number];
  readonly device?: string[];
  readonly room?: string;
  readonly name?: string;
  readonly wait?: boolean;
}

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export const addShareCommands: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('share').description(t('cli.command.share')).argument('<path>', t('cli.argument.path'))
    .addOption(new Option('--audience <audience>', t('cli.option.audience', { choices: audienceKinds.join(', ') })).choices(audienceKinds))
    .option('--device <peer>', t('cli.option.device'), collect).option('--room <name>', t('cli.option.room'))
    .option('--name <name>', t('cli.option.shareName')).option('--wait', t('cli.option.waitHashed'))
    .action((path: string, options: ShareOptions) => withNode(context, async (api) => {
      const audience = await audienceOf(context, api, options);
      // Listening starts before the share exists, so that no progress is missed.
      const stop = options.wait === true ? showHashing(context, api, absolute(context, path)) : undefined;
      try {
        const added = await addOrChange(context, api, absolute(context, path), audience, options);
        if (options.wait !== true) out.event('share', { ...added, shareId: added.id });
        if (added.audience.kind === 'nobody') sayUnseen(context, added);
        else out.line(t('cli.share.added', { name: added.name, audience: audienceText(context, added.audience, await circlesOf(api, [added])) }));
        if (options.wait === true) showHashed(context, await api.call('shares.whenHashed', { id: added.id }, { signal: context.signal }));
        else out.line(t('cli.share.id', { id: added.id }));
      } finally {
        stop?.();
        out.clearProgress();
      }
    }));

  program.command('unshare').description(t('cli.command.unshare')).argument('<share>', t('cli.argument.share')).action((share: string) => withNode(context, async (api) => {
    // A path only if there is no share of that name: names win, as for people.
    const shares = await api.call('shares.list', {});
    const known = shares.find(({ id, name, path }) => id === share || name === share || path === absolute(context, share)) ?? findShare(shares, share);
    await api.call('shares.remove', { share: known.id });
    out.event('unshared', { id: known.id, name: known.name });
    out.line(t('cli.share.removed', { name: known.name }));
  }));

  program.command('shares').description(t('cli.command.shares')).action(() => withNode(context, async (api) => {
    const shares = await api.call('shares.list', {});
    for (const share of shares) out.event('share', share);
    showShares(context, shares, await circlesOf(api, shares));
  }));
};

/** What is shared already is shared with whom it is said now; without a word about it nothing changes. */
async function addOrChange({ signal }: CliContext, api: ApiClient, path: string, audience: Audience, options: ShareOptions): Promise<Share> {
  try {
    return await api.call('shares.add', { path, audience, ...(options.name === undefined ? {} : { name: options.name }) }, { signal });
  } catch (error) {
    const isSaid = options.audience !== undefined || options.device !== undefined || options.room !== undefined;
    if (errorInfo(error).code !== 'already-exists' || !isSaid) throw error;
    const known = (await api.call('shares.list', {})).find((share) => share.path === path);
    if (known === undefined) throw error;
    return api.call('shares.update', { share: known.id, audience });
  }
}

async function audienceOf({ t }: CliContext, api: ApiClient, { audience, device = [], room }: ShareOptions): Promise<Audience> {
  const kind = audience ?? (device.length > 0 ? 'devices' : room !== undefined ? 'room' : 'nobody');
  if (kind === 'room') {
    if (room === undefined) throw new AppError('bad-usage', { detail: t('cli.error.commander.missingOptionArgument', { name: '--room' }) });
    return { kind, room: findRoom(await api.call('rooms.list', {}), room).id };
  }
  if (kind !== 'devices') return { kind };
  const peers = device.length === 0 ? [] : await api.call('peers.list', {});
  return { kind, devices: device.map((written) => findPeer(peers, written).id) };
}

/** Of which rooms and devices audiences consist. */
interface Circles {
  readonly rooms: readonly Room[];
  readonly peers: readonly Peer[];
}

/** Rooms and devices are only asked for where a share is for some of them. */
async function circlesOf(api: ApiClient, shares: readonly Share[]): Promise<Circles> {
  const rooms = shares.some(({ audience }) => audience.kind === 'room') ? await api.call('rooms.list', {}) : [];
  const peers = shares.some(({ audience }) => audience.kind === 'devices' && audience.devices.length > 0) ? await api.call('peers.list', {}) : [];
  return { rooms, peers };
}

/** Devices by name: a part of one was enough to write. */
function audienceText({ t }: CliContext, audience: Audience, { rooms, peers }: Circles): string {
  if (audience.kind === 'devices' && audience.devices.length > 0) return audience.devices.map((device) => peers.find(({ id }) => id === device)?.name ?? shortId(device)).join(', ');
  const room = audience.kind === 'room' ? rooms.find(({ id }) => id === audience.room) : undefined;
  return room === undefined ? t(`audience.${audience.kind}`) : t('cli.room.audience', { name: room.name });
}

/** Nobody sees what was shared with no word about whom; that is said with what to write. */
function sayUnseen({ out, t }: CliContext, { name, path }: Share): void {
  out.line(t('cli.share.unseen', { name }));
  out.line(t('cli.share.seenBy', { path: /^[\w./\\:-]+$/.test(path) ? path : `"${path}"` }));
}

/** Shows how far hashing is; returns the way to stop. */
function showHashing({ out, t }: CliContext, api: ApiClient, path: string): () => void {
  return api.subscribe((event) => {
    if (event.type !== 'share' || event.share.path !== path) return;
    const { id, name, state, files, hashedFiles, bytes, hashedBytes, etaSeconds } = event.share;
    out.event('progress', { id, state, files, hashedFiles, bytes, doneBytes: hashedBytes, etaSeconds });
    const left = etaSeconds === null ? '' : `  ${t('cli.get.left', { time: formatSeconds(etaSeconds) })}`;
    out.progress(bytes === 0 ? 0 : hashedBytes / bytes, `${formatBytes(out.locale, hashedBytes)} / ${formatBytes(out.locale, bytes)}${left}`, name);
  });
}

function showHashed({ out, t }: CliContext, share: Share): void {
  out.event('done', { ...share, shareId: share.id });
  out.line(t('cli.share.id', { id: share.id }));
  if (share.contentId !== null) out.line(t('cli.share.content', { id: share.contentId }));
  const { count, first } = share.problems;
  if (count > 0) out.line(t('cli.share.problems', { n: count }));
  for (const { path, error } of first) out.line(`  ${path}: ${errorSentences(out.locale, error).what}`);
}

function showShares(context: CliContext, shares: readonly Share[], circles: Circles): void {
  const { out, t } = context;
  if (shares.length === 0) out.line(t('cli.share.none'));
  out.table(
    [
      { title: t('cli.column.name') }, { title: t('cli.column.state') }, { title: t('cli.column.files'), align: 'right' }, { title: t('cli.column.size'), align: 'right' },
      { title: t('cli.column.audience') }, { title: t('cli.column.path') }, { title: t('cli.column.id') },
    ],
    shares.map((share) => [
      share.name, t(`state.share.${share.state}`), String(share.files), formatBytes(out.locale, share.bytes), audienceText(context, share.audience, circles), share.path, share.id,
    ]),
  );
}
