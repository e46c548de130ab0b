import { Command } from 'commander';
import type { CommanderError } from 'commander';
import { AppError } from '#shared/errors.ts';
import type { Translate } from '../api/translate.ts';
import type { CliContext } from './context.ts';
import { addBrowseCommand } from './commands/browse.ts';
import { addGetCommand } from './commands/get.ts';
import { addHashCommand } from './commands/hash.ts';
import { addLabCommand } from './commands/lab.ts';
import { addLimitsCommand } from './commands/limits.ts';
import { addOfferCommands } from './commands/offers.ts';
import { addPairCommand } from './commands/pair.ts';
import { addPeerCommands } from './commands/peers.ts';
import { addSearchCommand } from './commands/search.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSettingsCommand } from './commands/settings.ts';
import { addShareCommands } from './commands/shares.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTransferCommand } from './commands/transfer.ts';
import { addTransferCommands } from './commands/transfers.ts';

const families = [
  addServeCommand, addStatusCommand, addPeerCommands, addShareCommands, addBrowseCommand, addSearchCommand, addGetCommand, addTransferCommands, addTransferCommand,
  addOfferCommands, addPairCommand, addSettingsCommand, addLimitsCommand, addHashCommand, addLabCommand,
];

/** The whole command line: every command, its help in the user's language. */
export function createProgram(context: CliContext, version: string): Command {
  const { t, out } = context;
  const titles: Readonly<Record<string, string>> = {
    'Usage:': t('cli.usage.title'), 'Arguments:': t('cli.usage.arguments'), 'Options:': t('cli.usage.options'), 'Global Options:': t('cli.usage.globalOptions'), 'Commands:': t('cli.usage.commands'),
  };
  const program = new Command('distrishare')
    .description(t('app.tagline'))
    .exitOverride()
    // Errors come as exceptions and are written in the user's language; only help is printed as it is.
    .configureOutput({ writeOut: (text) => { out.text(text); }, writeErr: () => undefined })
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => titles[title] ?? title })
    .helpCommand(false)
    .helpOption('-h, --help', t('cli.usage.help'))
    .version(version, '-V, --version', t('cli.usage.version'))
    // Taken from the line before commander sees it, wherever they stand; listed here for the help.
    .option('--data <dir>', t('cli.option.data')).option('--json', t('cli.option.json')).option('--lang <code>', t('cli.option.lang'));
  for (const add of families) add(program, context);
  return program;
}

/** What commander found wrong, as an error of ours; null when it only printed help or the version. */
export function usageError(error: CommanderError, t: Translate): AppError | null {
  const [name = '', value = ''] = Array.from(error.message.matchAll(/'([^']*)'/g), (match) => match[1] ?? '').reverse();
  const choice = /option '([^ ']+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(error.message);
  const say = (key: 'invalidChoice' | 'missingArgument' | 'missingOptionArgument' | 'unknownOption' | 'excessArguments' | 'invalidValue', params = {}): AppError =>
    new AppError('bad-usage', { detail: t(`cli.error.commander.${key}`, params) });
  switch (error.code) {
    case 'commander.helpDisplayed': case 'commander.version': return null;
    case 'commander.help': return new AppError('bad-usage');
    case 'commander.unknownCommand': return new AppError('unknown-command', { name: name || value });
    case 'commander.unknownOption': return say('unknownOption', { name });
    case 'commander.missingArgument': return say('missingArgument', { name });
    case 'commander.optionMissingArgument': return say('missingOptionArgument', { name });
    case 'commander.excessArguments': return say('excessArguments');
    // Commander names an option before its value, and an argument after it.
    case 'commander.invalidArgument': return choice === null ? say('invalidValue', { name, value }) : say('invalidChoice', { name: choice[1] ?? '', value: choice[2] ?? '', choices: choice[3] ?? '' });
    default: return new AppError('bad-usage', { detail: error.message });
  }
}
