import { bootstrapSettings, envPrefix, flagOf, settingNames, type BootstrapSetting } from '../../bootstrap/setting-names.ts';
import type { AddCommands } from '../context.ts';

export const addBootstrapCommand: AddCommands = (program, context) => {
  const { t } = context;
  const command = program.command('bootstrap').description(t('cli.command.bootstrap')).option('--config <file>', t('cli.bootstrap.config'));
  for (const name of settingNames) {
    // Everybody on the machine sees the options of a program, so that a secret is none of them.
    if (name === 'adminToken') continue;
    const kind = bootstrapSettings[name];
    command.option(kind === 'switch' ? `--${flagOf(name)}` : `--${flagOf(name)} <${kind}>`, t(`cli.bootstrap.option.${name}`));
  }
  command.addHelpText('after', `\n${t('cli.bootstrap.more', { prefix: envPrefix })}`);
  command.action(async ({ config, ...flags }: { readonly config?: string } & Readonly<Partial<Record<BootstrapSetting, string | boolean>>>) => {
    const { runBootstrap } = await import('../run-bootstrap.ts');
    await runBootstrap(context, { file: config, flags });
  });
};
