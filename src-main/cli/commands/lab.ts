import { AppError } from '#shared/errors.ts';
import type { TextKey } from '#shared/i18n/catalogue.ts';
import { formatBytes, formatNumber, formatRate } from '#shared/i18n/format.ts';
import { MiB, second } from '#shared/units.ts';
import { LabOutOfTime, LabViolation } from '../../lab/engine/swarm-checker.ts';
import type { SwarmOptions } from '../../lab/engine/swarm-options.ts';
import { runSwarm, type SwarmRun } from '../../lab/run-swarm.ts';
import { flagValue, mostPiecesInAll, presetNames, presetOptions, swarmCommand, swarmFlags, type GivenOptions, type FlagKind, type PresetName, type SwarmFlag } from '../../lab/swarm-flags.ts';
import type { AddCommands, CliContext } from '../context.ts';

const optionKey = (flag: SwarmFlag): TextKey => `cli.lab.option.${flag.key}`;

export const addLabCommand: AddCommands = (program, context) => {
  const { t } = context;
  const run = program.command('lab').description(t('cli.command.lab')).command('run').description(t('cli.lab.run'));
  const swarm = run.command('swarm').description(t('cli.lab.swarm'))
    .option('--preset <name>', t('cli.lab.preset', { choices: presetNames.join(', ') }), 'default' satisfies PresetName);
  const usual = presetOptions('default', 1);
  for (const flag of swarmFlags) {
    if (flag.kind === 'switch') swarm.option(`--${flag.flag}`, t(optionKey(flag)));
    else swarm.option(`--${flag.flag} <${flag.kind}>`, t('cli.lab.unlessSaid', { what: t(optionKey(flag)), value: typed(flag.kind, usual[flag.key]) }));
  }
  swarm.action((values: Record<string, string | boolean>) => simulate(context, optionsFrom(context, values)));
};

/** A value as it is typed for an option. */
function typed(kind: FlagKind, value: number): string {
  switch (kind) {
    case 'bytes': return `${value / MiB}MiB`;
    case 'rate': case 'limit': return `${value / 1e6}MB`;
    case 'seconds': return `${value / second}`;
    default: return `${value}`;
  }
}

/** Throws `bad-argument`. */
function optionsFrom(context: CliContext, values: Readonly<Record<string, string | boolean>>): SwarmOptions {
  const { t } = context;
  const given: GivenOptions = {};
  for (const each of swarmFlags) {
    const text = values[each.flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
    if (each.kind === 'switch') {
      if (text === true) given[each.key] = true;
      continue;
    }
    if (typeof text !== 'string') continue;
    const value = flagValue(each.kind, text);
    if (value === null) throw new AppError('bad-argument', { name: `--${each.flag}`, detail: t(`cli.lab.kind.${each.kind}`) });
    if (value > each.most) throw new AppError('bad-argument', { name: `--${each.flag}`, detail: t('cli.lab.atMost', { most: limitText(context, each.kind, each.most) }) });
    given[each.key] = value;
  }
  const preset = presetNames.find((name) => name === values['preset']);
  if (preset === undefined) throw new AppError('bad-argument', { name: '--preset', detail: t('cli.error.commander.choices', { choices: presetNames.join(', ') }) });
  const options: SwarmOptions = { ...presetOptions(preset, given.seed ?? 1), ...given };
  for (const key of ['peers', 'origins', 'neighbours', 'pieceBytes'] as const) {
    if (options[key] < 1) throw new AppError('bad-argument', { name: `--${swarmFlags.find((flag) => flag.key === key)?.flag ?? key}`, detail: t('cli.lab.atLeastOne') });
  }
  if (options.bytes <= options.pieceBytes) throw new AppError('bad-argument', { name: '--size', detail: t('cli.lab.twoPieces') });
  const pieces = Math.ceil(options.bytes / options.pieceBytes) * (options.peers + options.origins);
  if (pieces > mostPiecesInAll) throw new AppError('bad-argument', { name: '--peers', detail: t('cli.lab.tooManyPieces', { pieces: limitText(context, 'count', pieces), most: limitText(context, 'count', mostPiecesInAll) }) });
  if (options.loss >= 1) throw new AppError('bad-argument', { name: '--loss', detail: t('cli.lab.kind.part') });
  return options;
}

function limitText({ out: { locale } }: CliContext, kind: FlagKind, most: number): string {
  switch (kind) {
    case 'bytes': return formatBytes(locale, most);
    case 'rate': case 'limit': return formatRate(locale, most);
    case 'seconds': return `${formatNumber(locale, most / second)} s`;
    case 'millis': return `${formatNumber(locale, most)} ms`;
    default: return formatNumber(locale, most);
  }
}

async function simulate({ out, t, signal }: CliContext, options: SwarmOptions): Promise<void> {
  try {
    const run = await runSwarm(options, {
      signal,
      onProgress: (done, of, seconds) => { out.progress(of === 0 ? 1 : done / of, `${formatNumber(out.locale, seconds)} s`, `${done}/${of}`); },
    });
    out.clearProgress();
    out.event('lab-swarm', run);
    show(run);
  } catch (error) {
    if (!(error instanceof LabViolation)) throw error;
    out.note(swarmCommand(options));
    if (error instanceof LabOutOfTime) throw new AppError('lab-out-of-time', { unfinished: error.unfinished, seconds: formatNumber(out.locale, error.seconds), command: swarmCommand(options) }, { cause: error });
    throw new AppError('lab-failed', { detail: error.message, command: swarmCommand(options) }, { cause: error });
  }

  function show(run: SwarmRun): void {
    const number = (value: number, digits = 1): string => formatNumber(out.locale, value, digits);
    const percent = (part: number): string => `${number(part * 100)} %`;
    const row = (key: TextKey, value: string): string[] => [t(key), value];
    const { watched } = run;
    out.table([{ title: t('cli.lab.result.what') }, { title: t('cli.lab.result.value'), align: 'right' }], [
      row('cli.lab.result.done', `${run.done}`),
      row('cli.lab.result.size', formatBytes(out.locale, options.bytes)),
      row('cli.lab.result.median', `${number(run.median)} s`),
      row('cli.lab.result.last', `${number(run.last)} s`),
      row('cli.lab.result.bound', `${number(run.bound)} s`),
      row('cli.lab.result.ratio', number(run.bound > 0 ? run.last / run.bound : 1, 2)),
      row('cli.lab.result.utilisation', percent(run.utilisation)),
      row('cli.lab.result.copies', number(run.originCopies, 2)),
      row('cli.lab.result.overhead', number(run.overhead, 3)),
      row('cli.lab.result.fairnessDown', number(run.fairnessDown, 3)),
      row('cli.lab.result.fairnessUp', number(run.fairnessUp, 3)),
      row('cli.lab.result.bans', `${run.bans}`),
      ...(watched === null ? [] : [
        row('cli.lab.result.begins', `${number(watched.begins)} s`),
        row('cli.lab.result.first16MiB', `${number(watched.first16MiB)} s`),
        row('cli.lab.result.stalls', `${number(watched.stalls)} (${number(watched.stalled)} s)`),
      ]),
      row('cli.lab.result.events', number(run.events, 0)),
      row('cli.lab.result.cpu', `${number(run.cpuSeconds, 2)} s`),
      row('cli.lab.result.rate', `${number(run.eventsPerSecond, 0)}`),
      row('cli.lab.result.history', run.history),
    ]);
  }
}
