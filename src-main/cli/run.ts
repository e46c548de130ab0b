import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { AppError, errorInfo } from '#shared/errors.ts';
import { chooseLocale, localeIn, locales, localeWishes } from '#shared/i18n/locale.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { dataPaths, defaultDataDir } from '../node/data-dir.ts';
import type { CliContext } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { takeGlobalOptions } from './global-options.ts';
import { Output } from './output.ts';
import type { Terminal } from './output.ts';
import { createProgram, usageError } from './program.ts';
import { StepsFailed } from './steps-failed.ts';

/** The outside of the command line, so that tests can be it. */
export interface CliSurroundings {
  readonly out: Terminal;
  readonly err: Terminal;
  readonly stdin: CliContext['stdin'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  /** Fires on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Runs one command line (without the program's name) and answers with its exit code. */
export async function runCli(argv: readonly string[], { out, err, stdin, env, cwd, version, signal }: CliSurroundings): Promise<ExitCode> {
  const { options, rest, incomplete } = takeGlobalOptions(argv);
  const dataDir = options.data === undefined ? defaultDataDir(env) : resolve(cwd, options.data);
  const output = new Output({ json: options.json, locale: localeOf(options.lang, dataDir, env), out, err });
  const context: CliContext = { out: output, t: output.t, dataDir, cwd, stdin, signal };
  try {
    if (options.lang !== undefined && localeIn(options.lang) === undefined) throw new AppError('bad-usage', { detail: output.t('cli.error.commander.invalidChoice', { name: '--lang', value: options.lang, choices: locales.join(', ') }) });
    if (incomplete !== null) throw new AppError('bad-usage', { detail: output.t('cli.error.commander.missingOptionArgument', { name: incomplete }) });
    const program = await createProgram(context, version, rest);
    if (rest.length === 0) {
      output.text(program.helpInformation());
      return exitCodes.badUsage;
    }
    await program.parseAsync([...rest], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof StepsFailed) return exitCodes.failed;
    const known = error instanceof CommanderError ? usageError(error, output.t) : error;
    // Help that nobody asked for stands in the place of a command that is missing.
    if (known === null) return error instanceof CommanderError && error.code === 'commander.help' ? exitCodes.badUsage : exitCodes.done;
    // What was under way when the user wanted out ends with `cancelled`; that is no failure of its own.
    const info = signal.aborted ? { code: 'interrupted' as const } : errorInfo(known);
    output.error(info);
    return exitCodeOf(info.code);
  } finally {
    output.clearProgress();
  }
}

/** `--lang`, else the node's setting, else what the system says. */
function localeOf(lang: string | undefined, dataDir: string, env: Readonly<Record<string, string | undefined>>): Locale {
  return chooseLocale([lang, languageSetting(dataDir), ...localeWishes(env)]);
}

/** Only a look at the file, without a schema, whose library takes longer to load than most commands: opening the settings properly is the node's business. */
function languageSetting(dataDir: string): string | undefined {
  try {
    const language = member(member(JSON.parse(readFileSync(dataPaths(dataDir).settings, 'utf8')), 'settings'), 'language');
    return typeof language === 'string' ? language : undefined;
  } catch {
    // None yet, or damaged: the node will say so when it starts.
    return undefined;
  }
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? new Map<string, unknown>(Object.entries(of)).get(name) : undefined;
}
