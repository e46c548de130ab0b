import { join } from 'node:path';
import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import { second } from '#shared/units.ts';
import { diskError } from '../disk-error.ts';
import type { Files, Folder } from '../files.ts';
import type { Volumes } from '../volume/volumes.ts';
import { assertStillThere, makeDestination, openDestination, type Destination } from './destination.ts';
import type { ReceiveWorld } from './receive-world.ts';

const foldersOpen = 64;
/** A volume with an open folder cannot be ejected, so none stays open for long after the last batch. */
const closedAfterMs = 2 * second;
/** Folders remembered as durable; beyond, they are forgotten and synced once more when met again. */
const foldersRemembered = 20_000;
const keyOf = (base: string, path: readonly string[]): string => (path.length === 0 ? base : `${base}\0${path.join('\0')}`);

/** A folder that small files go to. */
export class OpenFolder {
  readonly destination: Destination;
  readonly volume: VolumeAbilities;
  readonly #files: Files;
  #users = 0;
  #isForgotten = false;

  constructor(files: Files, destination: Destination, volume: VolumeAbilities) {
    this.#files = files;
    this.destination = destination;
    this.volume = volume;
  }

  get folder(): Folder {
    return this.destination.folder;
  }

  /** Keeps the folder open until `release`. */
  hold(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    this.#closeIfUnused();
  }

  /** The cache lets go of it. */
  forget(): void {
    this.#isForgotten = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#isForgotten && this.#users === 0) this.#files.closeFolder(this.folder);
  }
}

type CacheWorld = Pick<ReceiveWorld, 'files' | 'isAway' | 'later'>;

/**
 * Folders that small files go to, kept open while batches come, the last used longest; and the folders whose names are not durable yet.
 * A folder found in place may have been made by a process that died before it was synced, so every folder on the way to
 * a file is synced once in this thread's life, not just those that this thread made.
 */
export class FolderCache {
  readonly #world: CacheWorld;
  readonly #files: Files;
  readonly #volumes: Volumes;
  readonly #open = new Map<string, OpenFolder>();
  readonly #changed = new Map<string, { readonly base: string; readonly path: readonly string[] }>();
  /** Folders whose own names are durable, and those whose names will be with the next flush. */
  readonly #durable = new Set<string>();
  readonly #reached = new Set<string>();
  /** Keys of folders that this batch opened or found in their place. */
  readonly #seenInBatch = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();
  #isUsed = false;
  #stopWaiting: (() => void) | null = null;

  constructor(world: CacheWorld, volumes: Volumes) {
    this.#world = world;
    this.#files = world.files;
    this.#volumes = volumes;
  }

  /** Opens a folder, made with its parents where missing. `hold` it over an `await`. */
  async open(base: string, path: readonly string[]): Promise<OpenFolder> {
    const known = this.get(base, path);
    if (known !== undefined) return known;
    const key = keyOf(base, path);
    const destination = makeDestination(this.#world, base, path);
    try {
      this.reached(base, path, destination.changed);
      const volume = await this.#volumes.of(destination.folder);
      // Another batch opened it meanwhile and is about to use it: closing that one would be closing it under its hands.
      const meanwhile = this.get(base, path);
      if (meanwhile !== undefined) {
        this.#files.closeFolder(destination.folder);
        return meanwhile;
      }
      const opened = new OpenFolder(this.#files, destination, volume);
      this.#forget(key);
      this.#open.set(key, opened);
      this.#seenInBatch.add(key);
      for (const oldest of this.#open.keys()) {
        if (this.#open.size <= foldersOpen) break;
        this.#forget(oldest);
      }
      return opened;
    } catch (thrown) {
      this.#files.closeFolder(destination.folder);
      throw thrown;
    }
  }

  /**
   * A folder that is open already: spares the fast path a promise. Undefined also for one that was moved or deleted since,
   * which is looked at once in a batch.
   */
  get(base: string, path: readonly string[]): OpenFolder | undefined {
    const key = keyOf(base, path);
    const opened = this.#open.get(key);
    if (opened === undefined || this.#seenInBatch.has(key)) return opened;
    this.#seenInBatch.add(key);
    try {
      assertStillThere(this.#files, opened.destination);
      return opened;
    } catch {
      // Whatever the reason, who opens it anew meets the reason itself.
      this.#forget(key);
      return undefined;
    }
  }

  /** What was opened before may have been moved meanwhile: `get` looks again. */
  beginBatch(): void {
    this.#seenInBatch.clear();
    this.#isUsed = true;
    this.#stopWaiting ??= this.#closeLater();
  }

  /** Notes that a folder was opened: its name and those of its parents are to be made durable, once or when just `made`. */
  reached(base: string, path: readonly string[], made: Destination['changed']): void {
    const firstMade = made[0]?.length ?? path.length;
    for (let depth = 1; depth <= path.length; depth++) {
      const key = keyOf(base, path.slice(0, depth));
      if (this.#durable.has(key) && depth <= firstMade) continue;
      this.#reached.add(key);
      this.touched(base, path.slice(0, depth - 1));
    }
  }

  /** Notes that names in a folder changed. */
  touched(base: string, path: readonly string[]): void {
    this.#changed.set(keyOf(base, path), { base, path });
  }

  /** Makes the way to a folder durable, where it is not yet. Throws errors with a code. */
  async secure(base: string, path: readonly string[]): Promise<void> {
    for (let depth = 1; depth <= path.length; depth++) {
      const key = keyOf(base, path.slice(0, depth));
      if (!this.#reached.has(key)) continue;
      await this.#syncAt(base, path.slice(0, depth - 1));
      this.#isDurable(key);
    }
  }

  /**
   * Makes the names in all folders noted so far durable. Throws errors with a code, and what is not durable then stays
   * noted; a folder that is gone needs nothing.
   */
  flush(): Promise<void> {
    // One after the other: a flush that finds nothing noted may answer only when those that took the notes are done.
    const flushed = this.#flushing.then(() => this.#flushNow());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  close(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    for (const key of [...this.#open.keys()]) this.#forget(key);
  }

  /** From a timer, so never between the opening of a folder and the moment when who asked for it holds it. */
  #closeLater(): () => void {
    this.#isUsed = false;
    return this.#world.later(closedAfterMs, () => {
      if (this.#isUsed) this.#stopWaiting = this.#closeLater();
      else this.close();
    });
  }

  async #flushNow(): Promise<void> {
    const reached = [...this.#reached];
    for (const [key, noted] of [...this.#changed]) {
      this.#changed.delete(key);
      try {
        await this.#syncAt(noted.base, noted.path);
      } catch (thrown) {
        this.#changed.set(key, noted);
        throw thrown;
      }
    }
    for (const key of reached) this.#isDurable(key);
  }

  #isDurable(key: string): void {
    this.#reached.delete(key);
    if (this.#durable.size >= foldersRemembered) this.#durable.clear();
    this.#durable.add(key);
  }

  async #syncAt(base: string, path: readonly string[]): Promise<void> {
    try {
      const { folder } = openDestination(this.#files, base, path, false);
      try {
        await this.#sync(folder);
      } finally {
        this.#files.closeFolder(folder);
      }
    } catch (thrown) {
      const error = diskError(thrown, join(base, ...path), 'folder-gone');
      if (error.code !== 'folder-gone') throw error;
    }
  }

  async #sync(folder: Folder): Promise<void> {
    const { isMemory, folderSync } = await this.#volumes.of(folder);
    if (folderSync && !isMemory) await this.#files.syncFolder(folder);
  }

  #forget(key: string): void {
    const opened = this.#open.get(key);
    this.#open.delete(key);
    opened?.forget();
  }
}
