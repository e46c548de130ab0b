import { AppError } from '#shared/errors.ts';
import type { ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { observe, observeFolder, type Observed } from '#main/disk/observe.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { InnerMounts } from './inner-mounts.ts';
import { childrenRange, joinPath, nameOf, onDisk, parentOf, pathOfEntryKey, tables } from './tables.ts';
import type { Tree } from './tree.ts';
import type { Change } from './tree-change.ts';

/** Changes written at once: enough to make a write cheap, little enough never to be in anybody's way. */
export const changesPerCommit = 250;
/** Folders read at the same time. */
const walkers = 6;

export interface ScanContext {
  readonly store: Store;
  readonly tree: Tree;
  readonly share: ShareId;
  /** Where the share lies on disk. */
  readonly root: string;
  readonly mounts: Pick<InnerMounts, 'isAway' | 'seen'>;
  /** Whether a path on disk must never be shared. */
  readonly isPrivate: (diskPath: string) => boolean;
  readonly useKept: boolean;
  readonly signal: AbortSignal;
}

interface Below {
  readonly path: string;
  /** The device that it lies on. */
  readonly disk: string;
}

const encoder = new TextEncoder();
const tooLong = (path: string): boolean =>
  path.length * 3 > limits.names.pathBytes - 4 * limits.names.shareNameChars && encoder.encode(path).length > limits.names.pathBytes - 4 * limits.names.shareNameChars;

/** One look at a path of a share; what may not be shared is absent. */
export async function observePath(context: Pick<ScanContext, 'root' | 'isPrivate'>, path: string): Promise<Observed> {
  const disk = onDisk(context.root, path);
  return context.isPrivate(disk) ? { kind: 'absent' } : shareable(path, await observe(disk));
}

function shareable(path: string, state: Observed): Observed {
  if (state.kind !== 'file' && state.kind !== 'folder') return state;
  // The share's own name is a folder more for whoever fetches it.
  const code = path.split('/').length >= limits.content.folderDepth ? 'too-deep' : tooLong(path) ? 'name-too-long' : null;
  return code === null ? state : { kind: 'problem', error: { code, params: { name: nameOf(path) } }, version: null };
}

/**
 * Walks a folder of a share and everything below it, and commits what is there and what is gone. Lists each folder
 * before it goes into it, so that browsing works from the first moment. Memory depends on the longest folder, not on
 * the number of files. Rejects with the signal's reason, and with `folder-gone` or `no-permission` when the folder it
 * begins with cannot be read; then nothing of what was listed is taken away.
 */
export class ShareScan {
  readonly #context: ScanContext;
  #pending: Change[] = [];
  #freeWalkers = walkers - 1;

  constructor(context: ScanContext) {
    this.#context = context;
  }

  async run(path: string): Promise<void> {
    const state = await observePath(this.#context, path);
    if (path === '' && state.kind === 'absent') throw new AppError('folder-gone', { path: this.#context.root });
    if (path === '' && state.kind === 'problem') throw new AppError(state.error.code, { path: this.#context.root });
    if (path !== '' && state.kind === 'folder') {
      const above = await observePath(this.#context, parentOf(path));
      if (!(await this.#context.mounts.seen(path, above.kind === 'folder' && above.disk !== state.disk))) return;
    }
    await this.#add({ kind: 'observed', path, state });
    if (state.kind === 'folder') await this.#scanFolder(path, state.disk);
    await this.#flush();
  }

  async #scanFolder(path: string, disk: string): Promise<void> {
    const seen = new Set<string>();
    const folders: Below[] = [];
    try {
      for await (const batch of observeFolder(onDisk(this.#context.root, path), this.#context.signal)) {
        for (const [name, state] of batch) {
          const below = joinPath(path, name);
          const shared = this.#context.isPrivate(onDisk(this.#context.root, below)) ? { kind: 'absent' as const } : shareable(below, state);
          if (shared.kind === 'absent') continue;
          seen.add(name);
          if (shared.kind === 'folder') {
            if (!(await this.#context.mounts.seen(below, shared.disk !== disk))) continue;
            folders.push({ path: below, disk: shared.disk });
          }
          await this.#add({ kind: 'observed', path: below, state: shared });
        }
      }
    } catch (error) {
      await this.#unreadable(path, error);
      return;
    }
    await this.#forgetOthers(path, seen);
    await this.#add({ kind: 'listed', path });
    await this.#scanAll(folders);
  }

  /** A folder below the root that cannot be read is a problem of its own; anything else ends the scan. */
  async #unreadable(path: string, error: unknown): Promise<void> {
    this.#context.signal.throwIfAborted();
    if (path !== '' && this.#context.mounts.isAway(path)) return;
    const code = error instanceof AppError ? error.code : null;
    if (path === '' && code === 'file-missing') throw new AppError('folder-gone', { path: this.#context.root }, { cause: error });
    if (path !== '' && code === 'file-missing') await this.#add({ kind: 'observed', path, state: { kind: 'absent' } });
    else if (path !== '' && code === 'no-permission') await this.#add({ kind: 'observed', path, state: { kind: 'problem', error: { code, params: { path } }, version: null } });
    else throw error;
  }

  /** What was listed in the folder and was not seen now, nor is on a drive that is away: looked at once more, because it may have just come. */
  async #forgetOthers(path: string, seen: ReadonlySet<string>): Promise<void> {
    const { store, share } = this.#context;
    for (const table of [tables.entry, tables.problem]) {
      for await (const keys of store.keyBatches(table, childrenRange(share, path))) {
        for (const key of keys) {
          const below = pathOfEntryKey(key);
          if (seen.has(nameOf(below)) || this.#context.mounts.isAway(below)) continue;
          await this.#add({ kind: 'observed', path: below, state: await observePath(this.#context, below) });
        }
      }
    }
  }

  /** Folders one by one, or beside each other while a walker is free: a wide tree does not become a wide queue. */
  async #scanAll(folders: readonly Below[]): Promise<void> {
    const beside = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for (const { path, disk } of folders) {
      if (failures.length > 0) break;
      if (this.#freeWalkers === 0) {
        await this.#scanFolder(path, disk).catch((error: unknown) => failures.push(error));
        continue;
      }
      this.#freeWalkers--;
      const walk: Promise<void> = this.#scanFolder(path, disk)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          this.#freeWalkers++;
          beside.delete(walk);
        });
      beside.add(walk);
    }
    await Promise.all(beside);
    if (failures.length > 0) throw failures[0];
  }

  async #add(change: Change): Promise<void> {
    this.#pending.push(change);
    if (this.#pending.length >= changesPerCommit) await this.#flush();
  }

  async #flush(): Promise<void> {
    this.#context.signal.throwIfAborted();
    const changes = this.#pending;
    this.#pending = [];
    await this.#context.tree.commit(this.#context.share, changes, this.#context.useKept);
  }
}
