import { AppError } from '#shared/errors.ts';
import { defaultSettings, settingsPatchSchema } from '#shared/settings.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { badArgument } from '#shared/value-problem.ts';
import { parseSabotage, type SabotagePlan } from '../../node/serving/sabotage.ts';
import { defaultWebPort } from '../../web/default-web-port.ts';
import { absolute } from '../context.ts';
import type { AddCommands, CliContext } from '../context.ts';

interface ServeOptions {
  readonly name?: string;
  readonly port?: string;
  readonly listen?: string;
  readonly downloadDir?: string;
  readonly multicast: boolean;
  readonly mdns: boolean;
  readonly webPort?: string;
  readonly web: boolean;
  readonly sabotage?: string;
}

export const addServeCommand: AddCommands = (program, context) => {
  const { t } = context;
  program.command('serve').description(t('cli.command.serve'))
    .option('--name <name>', t('cli.option.name')).option('--port <port>', t('cli.option.port', { port: defaultSettings.port })).option('--listen <address>', t('cli.option.listen'))
    .option('--download-dir <dir>', t('cli.option.downloadDir')).option('--no-multicast', t('cli.option.noMulticast')).option('--no-mdns', t('cli.option.noMdns'))
    .option('--web-port <port>', t('cli.option.webPort', { port: defaultWebPort })).option('--no-web', t('cli.option.noWeb'))
    .option('--sabotage <faults>', t('cli.option.sabotage'))
    .action(async (options: ServeOptions) => {
      const plan = { overrides: overridesOf(context, options), listen: options.listen, sabotage: sabotageOf(options), web: options.web ? { port: portOf('--web-port', options.webPort) } : null };
      // Everything heavy is behind this line, so that the other commands answer at once.
      const { serveNode } = await import('../serve-node.ts');
      await serveNode(context, plan);
    });
};

/** Two keys, so that nobody turns it by accident. */
function sabotageOf({ sabotage }: ServeOptions): SabotagePlan | null {
  if (sabotage === undefined) return null;
  if (process.env['DISTRISHARE_SABOTAGE'] !== 'I-am-testing') throw new AppError('sabotage-locked');
  return parseSabotage(sabotage);
}

function overridesOf(context: CliContext, { name, port, downloadDir, multicast, mdns }: ServeOptions): SettingsPatch {
  const patch = {
    ...(name === undefined ? {} : { name }), ...(port === undefined ? {} : { port: portOf('--port', port) }), ...(multicast ? {} : { multicast: false }), ...(mdns ? {} : { mdns: false }),
    ...(downloadDir === undefined ? {} : { downloadDir: absolute(context, downloadDir) }),
  };
  const checked = settingsPatchSchema.safeParse(patch);
  if (checked.success) return checked.data;
  const key = checked.error.issues[0]?.path.join('.') ?? '';
  const option = key === 'downloadDir' ? '--download-dir' : `--${key}`;
  throw badArgument(checked.error, option);
}

function portOf(option: string, text: string): number;
function portOf(option: string, text: string | undefined): number | undefined;
function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new AppError('bad-argument', { name: option, problem: 'range', from: 0, to: 65_535 });
  return port;
}
