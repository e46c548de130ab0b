import { lstat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { AppError, errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { ShareId } from '#shared/ids.ts';
import { minute, second, type Millis } from '#shared/units.ts';
import { isPassing, observeFolder, unfinishedSiblings } from '#main/disk/observe.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { StartWatch, Watch } from '#main/disk/watch/watch.ts';
import type { HashShare } from './hash-queue.ts';
import { InnerMounts } from './inner-mounts.ts';
import { changesPerCommit, observePath, ShareScan, type ScanContext } from './share-scan.ts';
import { entryKey, onDisk, parentOf, tables, type ShareRecord } from './tables.ts';
import type { Tree } from './tree.ts';
import type { Change } from './tree-change.ts';
import { deleteKept } from './tree-sweep.ts';

export interface RuntimeOutside {
  readonly store: Store;
  readonly tree: Tree;
  readonly isPrivate: (diskPath: string) => boolean;
  readonly watch: StartWatch;
  /** Time between two looks through everything. */
  readonly rescanMs: () => Millis;
  /** State, problems or availability have changed. */
  touched(share: ShareId): void;
  failed(error: unknown): void;
}

/** More changed paths than this are looked for by a scan. */
const pathsAtOnce = 5000;
/** How often a missing folder, or drive, is looked for. */
const missingPollMs = 2 * second;
/** Rescans without a watcher: at least this far apart, and never more than a twentieth of the time. */
const unwatchedMs = 1 * minute;
const unwatchedFactor = 20;
const retryMs = 30 * second;

/**
 * One share while the node runs: keeps its listing like the disk. A watcher tells of changes, scans find what it
 * missed; a root that is gone, or a drive mounted inside, is waited for, and what was listed of it is kept.
 */
export class ShareRuntime implements HashShare {
  readonly record: ShareRecord;
  readonly #outside: RuntimeOutside;
  readonly #abort = new AbortController();
  #watch: Watch | null = null;
  /** Device, inode and time of birth of the root that is watched: another folder in its place, which may have got its inode, needs another watch. */
  #watched = '';
  #watchError: ErrorInfo | null = null;
  #missing: ErrorInfo | null = null;
  /** A scan that the user waits for: the first one, or one asked for. */
  #showsScan = false;
  #scan: Promise<void> | null = null;
  #scanAgain = false;
  #changed = new Set<string>();
  #draining: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #mounts: InnerMounts;
  /** Runs while a drive inside is away. */
  #mountTimer: NodeJS.Timeout | null = null;
  #useKept: boolean;

  /** `useKept`: the listing is made anew with the hashes kept from a damaged one. */
  constructor(record: ShareRecord, useKept: boolean, outside: RuntimeOutside) {
    this.record = record;
    this.#useKept = useKept;
    this.#outside = outside;
    this.#mounts = new InnerMounts(record.mounts ?? [], {
      root: record.path,
      save: (mounts) => outside.tree.updateShare(record.id, { mounts }),
      moved: () => {
        outside.touched(record.id);
        this.#waitForMounts();
      },
    });
  }

  get id(): ShareId {
    return this.record.id;
  }

  get paused(): boolean {
    return this.record.paused;
  }

  get available(): boolean {
    return this.#missing === null && !this.#abort.signal.aborted;
  }

  get missing(): ErrorInfo | null {
    return this.#missing;
  }

  /** Drives inside that are away, and with them everything below. */
  get away(): readonly string[] {
    return this.#mounts.away;
  }

  get scanning(): boolean {
    return this.#showsScan;
  }

  /** Why changes are not noticed as they happen, if so. */
  get watchError(): ErrorInfo | null {
    return this.#watchError;
  }

  diskPath(path: string): string {
    return onDisk(this.record.path, path);
  }

  /** Begins to watch and scans. `shown`: the share counts as being scanned until that is done. */
  rescan(shown: boolean): void {
    if (this.#abort.signal.aborted) return;
    if (shown && !this.#showsScan) {
      this.#showsScan = true;
      this.#outside.touched(this.id);
    }
    if (this.#scan !== null) {
      this.#scanAgain = true;
      return;
    }
    this.#clearTimer();
    this.#scan = this.#scanOnce().catch((error: unknown) => this.#outside.failed(error)).finally(() => {
      this.#scan = null;
      if (this.#scanAgain && !this.#abort.signal.aborted) {
        this.#scanAgain = false;
        this.rescan(false);
        return;
      }
      this.#scanAgain = false;
      this.#showsScan = false;
      this.#outside.touched(this.id);
    });
  }

  /** Looks at paths again and lists what is there now. */
  async refresh(paths: readonly string[]): Promise<void> {
    const context = this.#context();
    const targets = new Set<string>();
    // U+FFFD may stand for bytes that are no text: only reading the folder tells whether such a file is there.
    for (const path of paths) targets.add(await this.#firstUnknown(path.includes('\ufffd') ? parentOf(path) : path));
    let scanned: string | null = null;
    const changes: Change[] = [];
    for (const path of [...targets].sort()) {
      // A folder is scanned with everything below it.
      if (scanned !== null && path.startsWith(`${scanned}/`)) continue;
      if (this.#abort.signal.aborted) return;
      if (this.#mounts.isAway(path)) continue;
      const state = await observePath(context, path);
      // When the root itself is gone, what is below is not deleted but out of reach, and its hashes are kept.
      if ((path === '' && state.kind !== 'file') || (state.kind === 'absent' && !(await this.#hasRoot()))) {
        this.rescan(false);
        return;
      }
      if (state.kind === 'folder') {
        await new ShareScan(context).run(path);
        scanned = path;
      } else {
        changes.push({ kind: 'observed', path, state });
      }
    }
    for (let at = 0; at < changes.length; at += changesPerCommit) await this.#outside.tree.commit(this.id, changes.slice(at, at + changesPerCommit));
  }

  /** Resolves when all that was noticed so far is listed. */
  async settled(): Promise<void> {
    while (this.#scan !== null || this.#draining !== null) {
      await this.#scan;
      await this.#draining;
    }
  }

  async close(): Promise<void> {
    this.#abort.abort(new AppError('cancelled'));
    this.#clearTimer();
    await this.settled();
    this.#clearTimer();
    if (this.#mountTimer !== null) clearTimeout(this.#mountTimer);
    await this.#unwatch();
  }

  #context(): ScanContext {
    const { store, tree, isPrivate } = this.#outside;
    return { store, tree, isPrivate, share: this.id, root: this.record.path, mounts: this.#mounts, useKept: this.#useKept, signal: this.#abort.signal };
  }

  async #scanOnce(): Promise<void> {
    const began = performance.now();
    try {
      await this.#checkRoot();
      await this.#startWatch();
      await new ShareScan(this.#context()).run('');
      if (this.#useKept) await deleteKept(this.#outside.store, this.id);
      this.#useKept = false;
      this.#schedule(this.#watch === null ? Math.max(unwatchedMs, unwatchedFactor * (performance.now() - began)) : this.#outside.rescanMs());
      this.#setMissing(null);
    } catch (error) {
      await this.#scanFailed(error);
    }
  }

  async #scanFailed(error: unknown): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const info = errorInfo(error);
    if (info.code === 'folder-gone' || info.code === 'no-permission' || (info.code === 'disk-error' && error instanceof AppError && error.params['path'] !== undefined)) {
      await this.#unwatch();
      this.#setMissing(info);
      this.#schedule(missingPollMs);
      return;
    }
    this.#schedule(retryMs);
    this.#outside.failed(error);
  }

  /**
   * A root that is not there is missing. So is one that was full and is an empty folder on another disk now: the place
   * where a drive used to be.
   */
  async #checkRoot(): Promise<void> {
    const path = this.record.path;
    const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      throw new AppError(code === 'EACCES' || code === 'EPERM' ? 'no-permission' : 'folder-gone', { path }, { cause: error });
    });
    if (!stats.isDirectory() && !stats.isFile()) throw new AppError('folder-gone', { path });
    const disk = String(stats.dev);
    const kind = stats.isFile() ? 'file' : 'folder';
    if (disk !== this.record.disk && this.record.disk !== '' && (await this.#isEmptyNow(kind))) throw new AppError('folder-gone', { path });
    const identity = `${disk} ${stats.ino} ${stats.birthtimeNs}`;
    if (identity !== this.#watched) await this.#unwatch();
    this.#watched = identity;
    if (disk !== this.record.disk || kind !== this.record.kind) await this.#outside.tree.updateShare(this.id, { disk, kind });
  }

  #hasRoot(): Promise<boolean> {
    return lstat(this.record.path).then(() => true, () => false);
  }

  async #isEmptyNow(kind: 'file' | 'folder'): Promise<boolean> {
    if (kind === 'file') return false;
    for await (const batch of observeFolder(this.record.path, this.#abort.signal)) if (batch.length > 0) return false;
    const root = await this.#outside.store.get(tables.entry, entryKey(this.id, ''));
    return root?.kind === 'folder' && root.children > 0;
  }

  async #startWatch(): Promise<void> {
    if (this.#watch !== null) return;
    const events = {
      changed: (paths: readonly string[]) => this.#noticed(paths),
      failed: (error: AppError) => this.#watchFailed(error),
    };
    try {
      this.#watch = await this.#outside.watch(this.record.path, this.record.kind, events);
      this.#watchError = null;
    } catch (error) {
      this.#watchError = errorInfo(error);
    }
    if (this.#abort.signal.aborted) await this.#unwatch();
  }

  #watchFailed(error: AppError): void {
    this.#watchError = error.toInfo();
    this.#outside.touched(this.id);
    this.#unwatch().catch((failure: unknown) => this.#outside.failed(failure)).finally(() => this.rescan(false));
  }

  async #unwatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.close();
  }

  #noticed(paths: readonly string[]): void {
    if (this.#abort.signal.aborted) return;
    for (const disk of paths) {
      if (isPassing(disk)) continue;
      for (const path of [disk, ...unfinishedSiblings(disk)]) {
        const inside = this.#inside(path);
        if (inside !== null) this.#changed.add(inside);
      }
    }
    this.#drainSoon();
  }

  #drainSoon(): void {
    if (this.#draining !== null || this.#changed.size === 0 || this.#abort.signal.aborted) return;
    this.#draining = this.#drain().catch((error: unknown) => this.#drainFailed(error)).finally(() => {
      this.#draining = null;
      // What was noticed while a failure ended the last round.
      this.#drainSoon();
    });
  }

  /** Path inside the share of a path on disk; null for one that is outside. */
  #inside(disk: string): string | null {
    const path = relative(this.record.path, disk);
    if (path === '..' || path.startsWith(`..${sep}`)) return null;
    return path.split(sep).join('/');
  }

  async #drain(): Promise<void> {
    while (this.#changed.size > 0 && !this.#abort.signal.aborted) {
      const paths = this.#changed;
      this.#changed = new Set();
      if (paths.size > pathsAtOnce || paths.has('')) this.rescan(false);
      else await this.refresh([...paths]);
    }
  }

  #drainFailed(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    // What could not be listed is not known any more, so all is looked at again: soon when it was changing under our eyes.
    if (error instanceof AppError && error.code !== 'internal') {
      this.#schedule(missingPollMs);
      return;
    }
    this.#schedule(retryMs);
    this.#outside.failed(error);
  }

  /** The path, or the folder furthest up of those above it that is not listed yet. */
  async #firstUnknown(path: string): Promise<string> {
    let target = path;
    for (let folder = parentOf(path); target !== ''; folder = parentOf(folder)) {
      const known = await this.#outside.store.get(tables.entry, entryKey(this.id, folder));
      if (known?.kind === 'folder') break;
      target = folder;
    }
    return target;
  }

  #setMissing(missing: ErrorInfo | null): void {
    if (this.#missing?.code === missing?.code) return;
    this.#missing = missing;
    this.#outside.touched(this.id);
  }

  /** Nothing tells that something was mounted: it is looked for, and all of it watched then. */
  #waitForMounts(): void {
    if (this.#mountTimer !== null || this.#abort.signal.aborted || this.#mounts.away.length === 0) return;
    this.#mountTimer = setTimeout(() => {
      this.#mountTimer = null;
      if (this.#mounts.hasOneBack()) this.#unwatch().catch((error: unknown) => this.#outside.failed(error)).finally(() => this.rescan(false));
      this.#waitForMounts();
    }, missingPollMs);
  }

  #schedule(afterMs: Millis): void {
    this.#clearTimer();
    if (!this.#abort.signal.aborted) this.#timer = setTimeout(() => this.rescan(false), afterMs);
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
