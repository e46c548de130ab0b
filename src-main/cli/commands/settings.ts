import { AppError } from '#shared/errors.ts';
import { settingsPatchSchema, settingsSchema } from '#shared/settings.ts';
import type { SettingKey, Settings, SettingsPatch } from '#shared/settings.ts';
import { badArgument } from '#shared/value-problem.ts';
import type { Translate } from '../../api/translate.ts';
import { absolute } from '../context.ts';
import type { AddCommands } from '../context.ts';
import { pingOption } from '../ping-option.ts';
import { rateOption } from '../rate-text.ts';
import { scheduleOption, scheduleText } from '../schedule-text.ts';
import { withNode } from '../with-node.ts';

const keys = settingsSchema.keyof().options;
const isKey = (text: string): text is SettingKey => (keys as readonly string[]).includes(text);

const isLimit = (key: SettingKey): boolean => key.endsWith('Limit');
/** As it can be typed. */
const textOf = (value: Settings[SettingKey]): string => (Array.isArray(value) ? value.join(', ') || '-' : typeof value === 'object' ? scheduleText(value) : String(value));

export const addSettingsCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('settings').description(t('cli.command.settings')).argument('[key]', t('cli.argument.key')).argument('[value]', t('cli.argument.value'))
    .action((key: string | undefined, value: string | undefined) => withNode(context, async (api) => {
      if (key !== undefined && !isKey(key)) throw new AppError('bad-argument', { name: key, detail: t('cli.error.commander.choices', { choices: keys.join(', ') }) });
      const patch = key === undefined || value === undefined ? null : key === 'schedule' ? { schedule: scheduleOption(t, key, value, (await api.call('settings.get', {})).schedule) } : settingFrom(t, key, key === 'downloadDir' ? absolute(context, value) : value);
      const settings = patch === null ? await api.call('settings.get', {}) : await api.call('settings.set', { patch });
      if (key === undefined) {
        out.event('settings', settings);
        for (const name of keys) out.line(`${name} = ${textOf(settings[name])}`);
        return;
      }
      out.event('setting', { key, value: settings[key] });
      out.line(value === undefined ? textOf(settings[key]) : t('cli.settings.changed', { key, value: textOf(settings[key]) }));
    }));
};

const readings: readonly ((text: string) => unknown)[] = [
  (text) => ({ true: true, on: true, yes: true, false: false, no: false, off: false })[text.toLowerCase()],
  (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  (text) => text,
];

/**
 * A setting as it is typed. What the setting takes decides how the text is read: `off` is a word for a limit and a no
 * for a switch. Throws `bad-argument`.
 */
function settingFrom(t: Translate, key: Exclude<SettingKey, 'schedule'>, text: string): SettingsPatch {
  if (isLimit(key)) return { [key]: rateOption(t, key, text) };
  if (key === 'unusedNetworks') throw new AppError('bad-argument', { name: key, detail: t('cli.settings.useNetworks') });
  if (key === 'pingBudget') return { pingBudget: pingOption(t, key, text) };
  for (const read of readings) {
    const value = read(text);
    const patch = value === undefined ? undefined : settingsPatchSchema.safeParse({ [key]: value });
    if (patch?.success === true) return patch.data;
  }
  const { error } = settingsPatchSchema.safeParse({ [key]: /^-?\d+$/.test(text) ? Number(text) : text });
  throw badArgument(error, key);
}
