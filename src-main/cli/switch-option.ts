import { AppError } from '#shared/errors.ts';
import type { CliContext } from './context.ts';

/** `on` or `off`; throws `bad-argument` for anything else. */
export function switchOption(t: CliContext['t'], option: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new AppError('bad-argument', { name: option, detail: t('cli.error.commander.choices', { choices: 'on, off' }) });
  return text === 'on';
}
