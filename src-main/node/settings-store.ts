import { constants, copyFile, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { ErrorInfo } from '#shared/errors.ts';
import { settingsPatchSchema, settingsSchema } from '#shared/settings.ts';
import type { SettingKey, Settings, SettingsPatch } from '#shared/settings.ts';
import { badArgument } from '#shared/value-problem.ts';
import { dataPaths, diskError, ensureDataDir } from './data-dir.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/** Version this program writes. A file of a newer one keeps its number and what we do not understand. */
const version = 1;
const fileSchema = z.object({ version: z.int().min(1), settings: z.record(z.string(), z.unknown()) });
type SettingsFile = z.infer<typeof fileSchema>;

/** Who finds this device, and by which ways: of these the defaults may be wider than what the user had chosen. */
const guarding: readonly SettingKey[] = ['visibility', 'multicast', 'mdns', 'unusedNetworks', 'portMapping'];
/** What holds when one of them cannot be read, until the user says otherwise: nobody finds us, and no router lets anybody in. */
const narrowest: SettingsPatch = { visibility: 'hidden', portMapping: 'off' };

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
 * Opens `settings.json`. A damaged file is kept as `settings.damaged-N.json`, and its copy (`settings.json.bak`) takes its
 * place; without one the defaults do, but nobody finds this device then. Call only while holding the data directory.
 */
export async function openSettingsStore({ dataDir, defaults, overrides = {} }: SettingsStoreOptions): Promise<SettingsStore> {
  await ensureDataDir(dataDir);
  const file = dataPaths(dataDir).settings;
  const loaded = await load(file);
  let stored = loaded.file;
  let above = { ...loaded.above, ...withoutUndefined(overrides) };
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

const keySchemas: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(settingsSchema.shape));
const isUsable = (key: string, value: unknown): boolean => keySchemas.get(key)?.safeParse(value).success === true;

/** The keys we know whose values we can use; the others stay in the file untouched. */
const usable = (settings: Readonly<Record<string, unknown>>): SettingsPatch =>
  settingsPatchSchema.parse(Object.fromEntries(Object.entries(settings).filter(([key, value]) => isUsable(key, value))));

interface Mended {
  readonly file: SettingsFile;
  /** What holds over the file until it is set. */
  readonly above: SettingsPatch;
  /** Every setting that guards something could be read. */
  readonly isGuarded: boolean;
}

async function load(path: string): Promise<Omit<Mended, 'isGuarded'> & { readonly problem: ErrorInfo | null }> {
  const [found, copy] = [await read(path), await read(copyOf(path))];
  if (found === 'missing' && copy === 'missing') return { file: { version, settings: {} }, above: {}, problem: null };
  const { file, above, isGuarded } = mend(isRead(found) ? found : copy);
  if (isRead(found) && encode(found) === encode(file)) {
    if (!isRead(copy) || encode(copy) !== encode(file)) await writeFileAtomic(copyOf(path), encode(file));
    return { file, above, problem: isGuarded ? null : { code: 'settings-newer', params: { path } } };
  }
  const params = found === 'missing' ? {} : { path: await keepDamaged(path) };
  await save(path, file);
  return { file, above, problem: { code: isGuarded ? 'settings-damaged' : 'settings-lost', params } };
}

/** Leaves out what is damaged, and is narrow where that guarded something. Of a newer version it is not damaged, only not for us. */
function mend(found: Found): Mended {
  if (!isRead(found)) return { file: { version, settings: { ...narrowest } }, above: {}, isGuarded: false };
  const unusable = new Set(Object.entries(found.settings).flatMap(([key, value]) => (keySchemas.has(key) && !isUsable(key, value) ? [key] : [])));
  const isGuarded = !guarding.some((key) => unusable.has(key));
  if (found.version > version) return { file: found, above: isGuarded ? {} : narrowest, isGuarded };
  const kept = Object.fromEntries(Object.entries(found.settings).filter(([key]) => !unusable.has(key)));
  return { file: { version: found.version, settings: isGuarded ? kept : { ...kept, ...narrowest } }, above: {}, isGuarded };
}

type Found = SettingsFile | 'missing' | 'damaged';
const isRead = (found: Found): found is SettingsFile => typeof found !== 'string';
const copyOf = (file: string): string => `${file}.bak`;

async function read(file: string): Promise<Found> {
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

/** Writes the copy first: whatever ends us, one of the two is whole, and the file counts while it is. */
async function save(file: string, next: SettingsFile): Promise<void> {
  await writeFileAtomic(copyOf(file), encode(next));
  await writeFileAtomic(file, encode(next));
}
