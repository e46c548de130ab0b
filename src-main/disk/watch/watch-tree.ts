import { watch, type FSWatcher } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { systemCode } from '../disk-error.ts';
import { InotifyQueue } from './inotify-queue.ts';
import type { Watch, WatchEvents } from './watch.ts';

/** The kernel has one queue for all that a process watches. */
const queue = new InotifyQueue();

/** Changes are told of when there were none for so long, or when the first of them is so old. */
const quietMs = 50;
const atMostMs = 500;
/** Folders looked into at once when a tree is followed to its leaves. */
const foldersAtOnce = 8;
/** To look into a folder takes less than to look for so many names in it one by one, unless it holds this many times as much. */
const [manyNames, muchMore] = [16, 16];

interface Folder {
  readonly path: string;
  /** Device, inode and time of birth: inodes are used again, and another folder of the same name needs a watch of its own. */
  readonly identity: string;
  readonly watcher: FSWatcher;
  /** By name; null for one that we may not look into. Most folders have none, and an empty map takes a fifth of all that a folder takes. */
  folders: Map<string, Folder | null> | null;
  /** Files and folders in it, when it was last looked into. */
  entries: number;
  closed: boolean;
}

/**
 * Watches a folder and all folders below it, on Linux, where the kernel watches one folder only. A folder that comes,
 * also one that comes with others in it or under another name, is watched to its leaves before it is told of: whoever
 * looks then sees what was there, and what comes later is told of again.
 * Rejects with `watch-failed`.
 */
export async function watchTree(path: string, events: WatchEvents): Promise<Watch> {
  const tree = new WatchedTree(path, events);
  await tree.begin();
  return tree;
}

class WatchedTree implements Watch {
  readonly #path: string;
  readonly #events: WatchEvents;
  readonly #unlisten = queue.onMissing(() => this.#lookAtAll());
  #root: Folder | null = null;
  /** Names in folders at which something happened, and whether they came or went, or may be looked into now. An empty name is the folder itself. */
  #changed = new Map<Folder, Map<string, boolean>>();
  /** Changes may be missing, or the root may be another one: everything is watched anew. */
  #all = false;
  #firstAt = 0;
  #lastAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #telling: Promise<void> | null = null;
  #closed = false;

  constructor(path: string, events: WatchEvents) {
    this.#path = path;
    this.#events = events;
  }

  async begin(): Promise<void> {
    try {
      await this.#watchAll();
      if (this.#root === null) throw new AppError('folder-gone', { path: this.#path });
    } catch (error) {
      await this.close();
      throw this.#failure(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unlisten();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#root !== null) closeFolder(this.#root);
    await this.#telling;
  }

  #failure(cause: unknown): AppError {
    return new AppError('watch-failed', { path: this.#path }, { cause });
  }

  #heard(folder: Folder, type: string, name: string | null): void {
    queue.read();
    if (this.#closed || folder.closed) return;
    const names = this.#changed.get(folder) ?? new Map<string, boolean>();
    if (names.size === 0) this.#changed.set(folder, names);
    const came = name !== null && (type === 'rename' || folder.folders?.get(name) === null);
    if (came || !names.has(name ?? '')) names.set(name ?? '', came);
    this.#tellSoon();
  }

  #lookAtAll(): void {
    this.#all = true;
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#lastAt = performance.now();
    if (this.#timer !== null || this.#telling !== null || this.#closed) return;
    this.#firstAt = this.#lastAt;
    this.#timer = setTimeout(() => this.#tellWhenQuiet(), quietMs);
  }

  #tellWhenQuiet(): void {
    this.#timer = null;
    const now = performance.now();
    const waitMs = Math.min(this.#lastAt + quietMs, this.#firstAt + atMostMs) - now;
    if (waitMs >= 1) {
      this.#timer = setTimeout(() => this.#tellWhenQuiet(), waitMs);
      return;
    }
    this.#telling = this.#tell().catch(this.#failed).finally(() => {
      this.#telling = null;
      if (this.#changed.size > 0 || this.#all) this.#tellSoon();
    });
  }

  async #tell(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Map();
    if (this.#all || (await this.#hasOtherRoot(changed))) {
      this.#all = false;
      await this.#watchAll();
      if (!this.#closed) this.#events.changed([this.#path]);
      return;
    }
    for (const [folder, names] of changed) await this.#follow(folder, [...names].flatMap(([name, came]) => (came ? [name] : [])));
    if (!this.#closed) this.#events.changed([...changed].flatMap(([{ path }, names]) => Array.from(names.keys(), (name) => (name === '' ? path : `${path}/${name}`))));
  }

  readonly #failed = (error: unknown): void => {
    if (!this.#closed) this.#events.failed(this.#failure(error));
  };

  /** What happens to a watched folder itself comes under its own name; for the root nobody else would tell of it. */
  async #hasOtherRoot(changed: ReadonlyMap<Folder, ReadonlyMap<string, unknown>>): Promise<boolean> {
    if (this.#root === null) return true;
    const names = changed.get(this.#root);
    return names !== undefined && (names.has('') || names.has(basename(this.#path))) && (await identityOf(this.#path)) !== this.#root.identity;
  }

  async #watchAll(): Promise<void> {
    if (this.#root !== null) closeFolder(this.#root);
    this.#root = null;
    const identity = await identityOf(this.#path);
    if (identity === null || this.#closed) return;
    const root = this.#watch(this.#path, identity);
    if (root === null) throw new AppError('no-permission', { path: this.#path });
    this.#root = root ?? null;
    if (this.#root !== null) await this.#toLeaves(this.#root);
  }

  /** Watches what lies under these names now. */
  async #follow(folder: Folder, names: readonly string[]): Promise<void> {
    const found = names.length < manyNames || names.length * muchMore < folder.entries ? null : await foldersIn(folder);
    const identities = found === null ? null : new Map(found);
    await Promise.all(names.map(async (name) => this.#set(folder, name, identities === null ? await identityOf(`${folder.path}/${name}`) : identities.get(name) ?? null)));
  }

  /** A name is that of the folder with this identity now; null: of none. */
  async #set(folder: Folder, name: string, identity: string | null): Promise<void> {
    const known = folder.folders?.get(name);
    if (folder.closed || (known !== undefined && known !== null && known.identity === identity)) return;
    if (known !== undefined && known !== null) closeFolder(known);
    folder.folders?.delete(name);
    if (identity === null) return;
    const found = this.#watchIn(folder, name, identity);
    if (found !== null) await this.#toLeaves(found);
  }

  async #toLeaves(top: Folder): Promise<void> {
    const todo = [top];
    for (let folders = todo.splice(-foldersAtOnce); folders.length > 0; folders = todo.splice(-foldersAtOnce)) {
      const found = await Promise.all(folders.map(async (folder) => ({ folder, below: (await foldersIn(folder)) ?? [] })));
      for (const { folder, below } of found) {
        for (const [name, identity] of below) {
          const next = identity === null || this.#closed || folder.closed ? null : this.#watchIn(folder, name, identity);
          if (next !== null) todo.push(next);
        }
      }
    }
  }

  #watchIn(folder: Folder, name: string, identity: string): Folder | null {
    const found = this.#watch(`${folder.path}/${name}`, identity);
    if (found !== undefined) (folder.folders ??= new Map()).set(name, found);
    return found ?? null;
  }

  /** `identity` was asked for before, so that a folder that takes the place of this one meanwhile is taken for another. Null: not for us to see; undefined: gone. */
  #watch(path: string, identity: string): Folder | null | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (type, name) => this.#heard(folder, type, name));
      watcher.on('error', this.#failed);
      const folder: Folder = { path, identity, watcher, folders: null, entries: 0, closed: false };
      return folder;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'EACCES' || code === 'EPERM') return null;
      throw error;
    }
  }
}

function closeFolder(top: Folder): void {
  top.closed = true;
  top.watcher.close();
  for (const folder of top.folders?.values() ?? []) if (folder !== null) closeFolder(folder);
}

/** Null when there is no folder, but nothing, or something else. */
async function identityOf(path: string): Promise<string | null> {
  const stats = await lstat(path).catch(() => null);
  return stats === null || !stats.isDirectory() ? null : `${stats.dev} ${stats.ino} ${stats.birthtimeMs}`;
}

/** Folders in a folder; null when it cannot be read, which is for the scan to tell. */
async function foldersIn(folder: Folder): Promise<(readonly [name: string, identity: string | null])[] | null> {
  const { path } = folder;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return null;
  folder.entries = entries.length;
  return Promise.all(entries.filter((entry) => entry.isDirectory()).map(async ({ name }) => [name, await identityOf(`${path}/${name}`)] as const));
}
