import { AppError } from '#shared/errors.ts';
import { formatRate } from '#shared/i18n/format.ts';
import type { PeerLimits, RateLimit, SpeedState } from '#shared/model/limit.ts';
import type { Peer } from '#shared/model/peer.ts';
import { defaultSettings, type Settings, type SettingsPatch } from '#shared/settings.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { pingOption } from '../ping-option.ts';
import { rateOption } from '../rate-text.ts';
import { scheduleOption, scheduleText } from '../schedule-text.ts';
import { switchOption } from '../switch-option.ts';
import { withNode } from '../with-node.ts';

interface LimitsOptions {
  readonly peer?: string;
  readonly down?: string;
  readonly up?: string;
  readonly alt?: string;
  readonly altDown?: string;
  readonly altUp?: string;
  readonly schedule?: string;
  readonly ping?: string;
}

export const addLimitsCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('limits').description(t('cli.command.limits'))
    .option('--down <rate>', t('cli.limits.option.down')).option('--up <rate>', t('cli.limits.option.up')).option('--peer <peer>', t('cli.limits.option.peer'))
    .option('--alt <on|off>', t('cli.limits.option.alt')).option('--alt-down <rate>', t('cli.limits.option.altDown', { rate: rateText(context, defaultSettings.alternativeDownloadLimit) })).option('--alt-up <rate>', t('cli.limits.option.altUp', { rate: rateText(context, defaultSettings.alternativeUploadLimit) }))
    .option('--schedule <times>', t('cli.limits.option.schedule')).option('--ping <ms>', t('cli.limits.option.ping'))
    .action((options: LimitsOptions) => withNode(context, async (api) => {
      if (options.peer !== undefined) {
        const own = ownLimits(context, options);
        const peer = await api.call('peers.setLimits', { peer: options.peer, ...own });
        out.event('peer', peer);
        out.line(t('cli.limits.peer', { name: peer.name, down: rateText(context, peer.limits?.down ?? 'off'), up: rateText(context, peer.limits?.up ?? 'off') }));
        return;
      }
      const before = await api.call('settings.get', {});
      const patch = patchOf(context, options, before);
      const settings = Object.keys(patch).length === 0 ? before : await api.call('settings.set', { patch });
      const { speed } = await api.call('node.status', {});
      showLimits(context, settings, speed, await api.call('peers.list', {}));
    }));
};

function ownLimits({ t }: CliContext, { down, up, alt, altDown, altUp, schedule, ping }: LimitsOptions): Partial<PeerLimits> {
  if ([alt, altDown, altUp, schedule, ping].some((option) => option !== undefined)) throw new AppError('bad-usage', { detail: t('cli.limits.peerAlone') });
  return { ...(down === undefined ? {} : { down: rateOption(t, '--down', down) }), ...(up === undefined ? {} : { up: rateOption(t, '--up', up) }) };
}

function patchOf({ t }: CliContext, { down, up, alt, altDown, altUp, schedule, ping }: LimitsOptions, settings: Settings): SettingsPatch {
  return {
    ...(down === undefined ? {} : { downloadLimit: rateOption(t, '--down', down) }), ...(up === undefined ? {} : { uploadLimit: rateOption(t, '--up', up) }),
    ...(alt === undefined ? {} : { alternativeLimits: switchOption(t, '--alt', alt) }),
    ...(altDown === undefined ? {} : { alternativeDownloadLimit: rateOption(t, '--alt-down', altDown) }), ...(altUp === undefined ? {} : { alternativeUploadLimit: rateOption(t, '--alt-up', altUp) }),
    ...(schedule === undefined ? {} : { schedule: scheduleOption(t, '--schedule', schedule, settings.schedule) }), ...(ping === undefined ? {} : { pingBudget: pingOption(t, '--ping', ping) }),
  };
}

const rateText = ({ t, out }: CliContext, limit: RateLimit): string => (limit === 'off' ? t('cli.limits.none') : formatRate(out.locale, limit));

function showLimits(context: CliContext, settings: Settings, speed: SpeedState, peers: readonly Peer[]): void {
  const { t, out } = context;
  const { downloadLimit, uploadLimit, alternativeLimits, alternativeDownloadLimit, alternativeUploadLimit, schedule, pingBudget } = settings;
  const limited = peers.flatMap(({ id, name, limits }) => (limits === undefined ? [] : [{ id, name, limits }]));
  out.event('limits', { downloadLimit, uploadLimit, alternativeLimits, alternativeDownloadLimit, alternativeUploadLimit, schedule, pingBudget, speed, peers: limited });
  const held = (state: SpeedState['down']): string => (state === null ? t('cli.limits.none') : `${formatRate(out.locale, state.bytesPerSecond)} (${t(`cli.limits.cause.${state.cause}`)})`);
  const ping = pingBudget === 'off' ? t('cli.limits.off') : t('cli.limits.pingOn', { ms: pingBudget });
  out.table(
    [{ title: t('cli.column.what') }, { title: t('cli.limits.column.down') }, { title: t('cli.limits.column.up') }],
    [
      [t('cli.limits.usual'), rateText(context, downloadLimit), rateText(context, uploadLimit)],
      [t('cli.limits.alternative'), rateText(context, alternativeDownloadLimit), rateText(context, alternativeUploadLimit)],
      ...limited.map(({ name, limits }) => [name, rateText(context, limits.down), rateText(context, limits.up)]),
      [t('cli.limits.now'), held(speed.down), held(speed.up)],
    ],
  );
  out.line(`${t('cli.limits.alternative')}: ${t(alternativeLimits ? 'cli.limits.on' : 'cli.limits.off')}`);
  out.line(`${t('cli.limits.schedule')}: ${scheduleText(schedule)}`);
  out.line(`${t('cli.limits.ping')}: ${ping}${speed.addedDelayMs === null ? '' : `, ${t('cli.limits.added', { ms: Math.round(speed.addedDelayMs) })}`}`);
}
