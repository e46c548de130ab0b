import { constants, copyFile, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { ErrorInfo } from '#shared/errors.ts';
import { settingsPatchSchema, settingsSchema } from '#shared/settings.ts';
import type { Settings, SettingsPatch } from '#shared/settings.ts';
import { badArgument } from '#shared/value-problem.ts';
import { dataPaths, diskError, ensureDataDir } from './data-dir.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/** Version this program writes. A file of a newer one keeps its number and what we do not understand. */
const version = 1;
const fileSchema = z.object({ version: z.int().min(1), settings: z.record(z.string(), z.unknown()) });
type SettingsFile = z.infer<typeof fileSchema>;

export interface SettingsStore {
  get(): Settings;
  /** Checks, writes and answers with everything. Rejects with `bad-argument`, `disk-full`, `no-permission`. */
  set(patch: SettingsPatch): Promise<Settings>;
  /** Called after each change. Returns the way to stop listening. */
  onChange(listener: (settings: Settings) => void): () => void;
  /** What was wrong with the file when it was opened; the settings are usable all the same. */
  readonly problem: ErrorInfo | null;
  /** Waits for writes under way. */
  close(): Promise<void>;
}

export interface SettingsStoreOptions {
  readonly dataDir: string;
  readonly defaults: Settings;
  /** Command line options: they win over the file, are not written to it, and yield to a later `set`. */
  readonly overrides?: SettingsPatch | undefined;
}

/**
 * Opens `settings.json`. A damaged file is kept as `settings.damaged-N.json` and the previous good one
 * (`settings.json.bak`) or the defaults take its place.
 */
export async function openSettingsStore({ dataDir, defaults, overrides = {} }: SettingsStoreOptions): Promise<SettingsStore> {
  await ensureDataDir(dataDir);
  const file = dataPaths(dataDir).settings;
  const loaded = await load(file);
  let stored = loaded.file;
  let above = withoutUndefined(overrides);
  const listeners = new Set<(settings: Settings) => void>();
  const compute = (): Settings => settingsSchema.parse({ ...defaults, ...usable(stored.settings), ...above });
  let current = compute();
  let writing: Promise<unknown> = Promise.resolve();

  const write = async (patch: SettingsPatch): Promise<Settings> => {
    const next: SettingsFile = { ...stored, settings: { ...stored.settings, ...patch } };
    await save(file, next);
    stored = next;
    above = Object.fromEntries(Object.entries(above).filter(([key]) => !Object.hasOwn(patch, key)));
    current = compute();
    for (const listener of listeners) listener(current);
    return current;
  };

  return {
    get: () => current,
    set(patch) {
      const checked = settingsPatchSchema.safeParse(patch);
      if (!checked.success) {
        return Promise.reject(badArgument(checked.error));
      }
      // One write after the other; an earlier one that failed has told its own caller.
      const result = writing.then(() => write(withoutUndefined(checked.data)));
      writing = result.catch(() => undefined);
      return result;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problem: loaded.problem,
    close: async () => {
      await writing;
      listeners.clear();
    },
  };
}

const withoutUndefined = (patch: SettingsPatch): SettingsPatch => Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));

const keySchemas: Readonly<Record<string, z.ZodType>> = settingsSchema.shape;

/** The keys we know whose values we can use; the others stay in the file untouched. */
const usable = (settings: Readonly<Record<string, unknown>>): SettingsPatch =>
  settingsPatchSchema.parse(Object.fromEntries(Object.entries(settings).filter(([key, value]) => keySchemas[key]?.safeParse(value).success === true)));

/** A value of our own version that we cannot use is damage; one from a newer version is only not for us. */
const isUnusable = (of: number, key: string, value: unknown): boolean => of <= version && keySchemas[key]?.safeParse(value).success === false;

async function load(file: string): Promise<{ file: SettingsFile; problem: ErrorInfo | null }> {
  const found = await read(file);
  if (found === 'missing') return { file: { version, settings: {} }, problem: null };
  const repaired = found === 'damaged' ? await fromBackup(file) : { ...found, settings: withoutUnusable(found) };
  if (found !== 'damaged' && Object.keys(found.settings).length === Object.keys(repaired.settings).length) return { file: found, problem: null };
  const kept = await keepDamaged(file);
  await writeFileAtomic(file, encode(repaired));
  return { file: repaired, problem: { code: 'settings-damaged', params: { path: kept } } };
}

const withoutUnusable = ({ version: of, settings }: SettingsFile): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([key, value]) => !isUnusable(of, key, value)));

async function fromBackup(file: string): Promise<SettingsFile> {
  const backup = await read(`${file}.bak`);
  return backup === 'missing' || backup === 'damaged' ? { version, settings: {} } : { ...backup, settings: withoutUnusable(backup) };
}

async function read(file: string): Promise<SettingsFile | 'missing' | 'damaged'> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw diskError(error, file);
  }
  try {
    return fileSchema.safeParse(JSON.parse(text)).data ?? 'damaged';
  } catch {
    // Not JSON; `load` keeps the file and reports it.
    return 'damaged';
  }
}

async function keepDamaged(file: string): Promise<string> {
  for (let number = 1; ; number++) {
    const copy = file.replace(/\.json$/, `.damaged-${number}.json`);
    try {
      await copyFile(file, copy, constants.COPYFILE_EXCL);
      return copy;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw diskError(error, copy);
    }
  }
}

const encode = (file: SettingsFile): string => `${JSON.stringify(file, null, 2)}\n`;
const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Writes the new file and keeps the one before as `.bak`. */
async function save(file: string, next: SettingsFile): Promise<void> {
  const before = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw diskError(error, file);
  });
  if (before !== null) await writeFileAtomic(`${file}.bak`, before);
  await writeFileAtomic(file, encode(next));
}
