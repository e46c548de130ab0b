import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorInfo } from '#shared/errors.ts';
import { friendlyNameOf } from '#shared/friendly-name.ts';
import { defaultSettings, type SettingsPatch } from '#shared/settings.ts';
import { minute } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { createHasher } from '../disk/hash/hasher.ts';
import { openStore } from '../disk/store/open-store.ts';
import { createReceiver } from '../disk/receive/receiver.ts';
import type { Store } from '../disk/store/store.ts';
import { createElapsedClock } from '../discovery/elapsed-clock.ts';
import { createSteadyClock } from '../discovery/steady-clock.ts';
import { openIdentity, type Identity } from '../net/identity.ts';
import { closeToOthers, dataPaths, defaultDataDir, defaultDownloadDir, diskError } from './data-dir.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { Outbox } from './offers/outbox.ts';
import { createLibrary } from './library/library.ts';
import type { Hasher } from './ports/hasher.ts';
import type { Library } from './ports/library.ts';
import type { Receiver } from './ports/receiver.ts';
import { openSettingsStore, type SettingsStore } from './settings-store.ts';
import { removeLeftAside } from './write-file-atomic.ts';

/** What was started has to be stopped, in the opposite order. */
export type Closers = (() => Promise<void> | void)[];

/** What lies under the services: who this device is, what it keeps, and its disk. */
export interface Foundation {
  readonly dataDir: string;
  readonly identity: Identity;
  readonly settings: SettingsStore;
  readonly store: Store;
  readonly hasher: Hasher;
  readonly receiver: Receiver;
  readonly library: Library;
  /** Milliseconds since 1970, for what is shown and kept; never goes back, and follows a clock that is set forward. */
  readonly now: () => Timestamp;
  /** For what waits and measures: nobody sets it. */
  readonly elapsed: () => Millis;
  readonly onError: (error: unknown) => void;
  /** What was found damaged at the start, and mended. */
  readonly problems: ErrorInfo[];
}

/** Where copies of files lie that were dropped into a browser or pasted: the one part of the data directory that is meant for others. */
async function outboxOf(dataDir: string): Promise<string> {
  const { outbox } = dataPaths(dataDir);
  await mkdir(outbox, { recursive: true, mode: 0o700 }).then(() => new Outbox(dataDir).sweep()).catch((error: unknown) => { throw diskError(error, outbox); });
  return realpath(outbox);
}

/** Opens the data directory. Rejects with `node-already-running`, `identity-damaged`, `newer-data`, `no-permission`, `disk-full`, `disk-error`. */
export async function openFoundation(dataDir: string, overrides: SettingsPatch | undefined, onError: (error: unknown) => void, closers: Closers): Promise<Foundation> {
  const lock = await lockDataDir(dataDir);
  closers.push(() => lock.release());
  await removeLeftAside(dataDir);
  const identity = await openIdentity(dataDir);
  const settings = await openSettingsStore({ dataDir, defaults: { ...defaultSettings, name: friendlyNameOf(identity.avatarSeed), downloadDir: defaultDownloadDir() }, overrides });
  closers.push(() => settings.close());
  const { store, recovery } = await openStore(join(dataDir, 'store'));
  closers.push(() => store.close());
  // The one has the key, the other the secrets of rooms.
  for (const name of ['identity', 'store']) await closeToOthers(join(dataDir, name));
  const hasher = createHasher();
  closers.push(() => hasher.close());
  const receiver = createReceiver();
  closers.push(() => receiver.shutdown());
  const now = createSteadyClock();
  const elapsed = createElapsedClock();
  // Besides the folder of this node the secrets of the one that the same user most likely has here, too; the demo's files lie beside them.
  const privatePaths = [dataDir, ...['identity', 'store', 'run.json'].map((name) => join(defaultDataDir(), name))];
  const library = await createLibrary({ store, hasher, now, random: Math.random, recovery, privatePaths, sharedInside: [await outboxOf(dataDir)], rescanMs: () => settings.get().rescanMinutes * minute, onError });
  closers.push(() => library.close());
  const problems: ErrorInfo[] = [];
  if (settings.problem !== null) problems.push(settings.problem);
  if (recovery.kind === 'set-aside') problems.push({ code: 'store-damaged', params: { path: recovery.movedTo } });
  return { dataDir, identity, settings, store, hasher, receiver, library, now, elapsed, onError, problems };
}
