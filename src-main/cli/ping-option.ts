import { AppError } from '#shared/errors.ts';
import type { Settings } from '#shared/settings.ts';
import type { Translate } from '../api/translate.ts';

const usualPingBudget = 20;

/** Milliseconds, `on` for the usual ones, or `off`. Throws `bad-argument` that names the option and says what is possible. */
export function pingOption(t: Translate, option: string, text: string): Settings['pingBudget'] {
  if (text === 'off') return 'off';
  const ms = text === 'on' ? usualPingBudget : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(ms >= 5 && ms <= 1000)) throw new AppError('bad-argument', { name: option, detail: t('cli.limits.badPing', { text }) });
  return ms;
}
