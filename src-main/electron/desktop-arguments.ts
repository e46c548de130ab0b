import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { SettingsPatch } from '#shared/settings.ts';
import { settingsPatchSchema } from '#shared/settings.ts';
import { AppError } from '#shared/errors.ts';
import { defaultDataDir } from '../node/data-dir.ts';

export interface DesktopArguments {
  readonly dataDir: string;
  readonly overrides: SettingsPatch;
  /** Start in the tray, without a window: for the entry among the system's start-up programs. */
  readonly hidden: boolean;
  /** `distrishare:` links to open. */
  readonly links: readonly string[];
}

const options = {
  data: { type: 'string' },
  name: { type: 'string' },
  port: { type: 'string' },
  'download-dir': { type: 'string' },
  'no-multicast': { type: 'boolean' },
  'no-mdns': { type: 'boolean' },
  hidden: { type: 'boolean' },
} as const;

const isLink = (argument: string): boolean => argument.toLowerCase().startsWith('distrishare:');

/**
 * Reads the program's own options; everything else on the line is Chromium's. Options come before the first link: a link that
 * breaks out of its quotation marks could write whatever follows. Throws `bad-usage` when a value does not fit. Relative paths are taken from `cwd`.
 */
export function readDesktopArguments(argv: readonly string[], cwd: string): DesktopArguments {
  const firstLink = argv.findIndex(isLink);
  const { values } = parseArgs({ args: argv.slice(0, firstLink === -1 ? argv.length : firstLink), options, strict: false, allowPositionals: true });
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const downloadDir = text(values['download-dir']);
  const overrides = settingsPatchSchema.safeParse({
    ...(text(values.name) === undefined ? {} : { name: values.name }),
    ...(text(values.port) === undefined ? {} : { port: Number(values.port) }),
    ...(downloadDir === undefined ? {} : { downloadDir: resolve(cwd, downloadDir) }),
    ...(values['no-multicast'] === true ? { multicast: false } : {}),
    ...(values['no-mdns'] === true ? { mdns: false } : {}),
  });
  if (!overrides.success) throw new AppError('bad-usage', { detail: overrides.error.issues[0]?.path.join('.') ?? '' });
  return {
    dataDir: resolve(cwd, text(values.data) ?? defaultDataDir()),
    overrides: overrides.data,
    hidden: values.hidden === true,
    links: argv.filter(isLink),
  };
}
