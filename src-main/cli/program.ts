import { Command } from 'commander';
import type { CommanderError } from 'commander';
import { AppError } from '#shared/errors.ts';
import type { Translate } from '../api/translate.ts';
import { defaultDataDir } from '../node/data-dir.ts';
import type { CliContext } from './context.ts';
import { families } from './families.ts';

const versionFlags = ['-V', '--version'] as const;

/**
 * What of the command line `argv` needs: one command and its neighbours; every command for the help and for words that are none. All
 * texts are in the user's language.
 */
export async function createProgram(context: CliContext, version: string, argv: readonly string[]): Promise<Command> {
  const { t, out } = context;
  const titles: Readonly<Record<string, string>> = {
    'Usage:': t('cli.usage.title'), 'Arguments:': t('cli.usage.arguments'), 'Options:': t('cli.usage.options'), 'Global Options:': t('cli.usage.globalOptions'), 'Commands:': t('cli.usage.commands'),
  };
  const program = new Command('distrishare')
    .description(t('app.tagline'))
    .exitOverride()
    // Errors come as exceptions and are written in the user's language; only help is printed as it is.
    .configureOutput({ writeOut: (text) => { out.text(text); }, writeErr: (text) => { out.text(text); }, outputError: () => undefined })
    // Our texts name choices and what holds unless said; commander would add both in English.
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => titles[title] ?? title, optionDescription: ({ description }) => description })
    .helpCommand(false)
    .helpOption('-h, --help', t('cli.usage.help'))
    .version(version, versionFlags.join(', '), t('cli.usage.version'))
    .hook('preAction', (_, command) => { refuseEmpty(command); })
    // Taken from the line before commander sees it, wherever they stand; listed here for the help.
    .option('--data <dir>', t('cli.option.data', { dir: defaultDataDir() })).option('--json', t('cli.option.json')).option('--lang <code>', t('cli.option.lang'));
  for (const { load } of familiesFor(argv)) (await load())(program, context);
  for (const command of withCommands(program)) command.helpCommand(false);
  return program;
}

/** Commands that only hold others, at any depth. */
const withCommands = (command: Command): Command[] => command.commands.flatMap((each) => (each.commands.length === 0 ? [] : [each, ...withCommands(each)]));

/**
 * An empty word is a script's variable that is not set: as a path it would be the folder one is in, which nobody meant to
 * share. Where it means something, it is what stands there without it. Throws `bad-argument`.
 */
function refuseEmpty(command: Command): void {
  const refuse = (name: string): never => { throw new AppError('bad-argument', { name, problem: 'empty' }); };
  const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.includes(''));
  command.registeredArguments.forEach((argument, at) => { if (isEmpty(command.processedArgs[at]) && argument.defaultValue !== '') refuse(argument.name()); });
  for (const option of command.options) if (isEmpty(command.getOptionValue(option.attributeName()))) refuse(option.long ?? option.name());
}

function familiesFor(argv: readonly string[]): typeof families {
  if (versionFlags.some((flag) => argv[0] === flag)) return [];
  const word = argv.find((argument) => !argument.startsWith('-'));
  const family = families.find(({ names }) => names.some((name) => name === word));
  return family === undefined ? families : [family];
}

/** What commander found wrong, as an error of ours; null when it only printed help or the version, also instead of a command that is missing. */
export function usageError(error: CommanderError, t: Translate): AppError | null {
  const [name = '', value = ''] = Array.from(error.message.matchAll(/'([^']*)'/g), (match) => match[1] ?? '').reverse();
  const choice = /option '([^ ']+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(error.message);
  const say = (key: 'invalidChoice' | 'missingArgument' | 'missingOptionArgument' | 'unknownOption' | 'excessArguments' | 'invalidValue', params = {}): AppError =>
    new AppError('bad-usage', { detail: t(`cli.error.commander.${key}`, params) });
  switch (error.code) {
    case 'commander.help': case 'commander.helpDisplayed': case 'commander.version': return null;
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
