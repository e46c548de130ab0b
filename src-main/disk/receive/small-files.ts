import { join } from 'node:path';
import { equalBytes, emptyRoot } from '#main/core/content/merkle.ts';
import type { FileTarget, SmallFile, SmallOutcome } from '#main/node/ports/receiver.ts';
import { AppError } from '#shared/errors.ts';
import { diskError, systemCode } from '../disk-error.ts';
import { readFully, writeFully, type Files, type Folder } from '../files.ts';
import { pathIn } from '../path-in.ts';
import { assertTarget } from './destination.ts';
import type { FolderCache, OpenFolder } from './folder-cache.ts';
import { adorn } from './part-file.ts';
import { smallPartName } from './part-names.ts';
import { placeUnderFreeName } from './place.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** So often a file is written anew because another writer of the same has taken its passing name. */
const attempts = 3;

/** A file that lies complete under its passing name. */
interface Prepared {
  readonly target: FileTarget;
  readonly root: Uint8Array;
  readonly opened: OpenFolder;
  readonly part: string;
  readonly fd: number;
}

/**
 * Files of at most one piece, written whole: to a passing name first, synced together with the others of the batch (alone
 * each would wait for the disk for itself), then given their names. So under its name a file is complete or not there,
 * whatever ends us. `flush` of the folder cache makes the names durable.
 */
export class SmallFiles {
  readonly #world: ReceiveWorld;
  readonly #folders: FolderCache;
  /** Passing names in use, by folder. */
  readonly #writing = new Set<string>();
  /** Batches that wait until a file of another one is closed. */
  readonly #waiting: (() => void)[] = [];

  constructor(world: ReceiveWorld, folders: FolderCache) {
    this.#world = world;
    this.#folders = folders;
  }

  /** One outcome for each file, in order. */
  write(batch: readonly SmallFile[]): Promise<SmallOutcome[]> {
    this.#folders.beginBatch();
    return this.#write(batch, 1);
  }

  async #write(batch: readonly SmallFile[], attempt: number): Promise<SmallOutcome[]> {
    const room = new Map<OpenFolder, number>();
    const started: (Prepared | SmallOutcome)[] = [];
    for (const file of batch) {
      const holdsSome = started.some((before) => !('kind' in before));
      let each = await this.#start(file, room, attempt);
      // Other batches give back what they hold.
      while (isOutOfHandles(each) && !holdsSome && this.#writing.size > 0) {
        await new Promise<void>((wake) => this.#waiting.push(wake));
        room.clear();
        each = await this.#start(file, room, attempt);
      }
      // Those that have got their names make room for the rest.
      if (isOutOfHandles(each) && holdsSome) break;
      started.push(each);
    }
    // Before they have their names and times, as for larger files.
    await this.#world.mark?.(started.flatMap((each) => ('kind' in each ? [] : [pathIn(each.opened.folder.path, each.part)])));
    const synced = await Promise.allSettled(started.map((each) => this.#sync(each)));
    // In order, so that of two files with one name the first one gets it.
    const placed = started.map((each, at) => {
      if ('kind' in each) return each;
      const result = synced[at];
      return result?.status === 'rejected' ? this.#giveUp(each, result.reason) : this.#place(each);
    });
    const robbed = batch.filter((_, at) => placed[at] === 'robbed');
    const again = robbed.length > 0 && attempt < attempts ? (await this.#write(robbed, attempt + 1)).values() : null;
    const outcomes = placed.map((each, at) => (each === 'robbed' ? again?.next().value ?? locked(batch[at]) : each));
    const rest = batch.slice(started.length);
    return rest.length === 0 ? outcomes : [...outcomes, ...(await this.#write(rest, attempt))];
  }

  /** Takes the passing name that a dead writer left of a file that lies there complete, from whomever, or is not wanted any more. */
  tidy(folder: Folder, { path, root }: Pick<FileTarget, 'path' | 'root'>): void {
    const { files, sha256 } = this.#world;
    if (root === null) return;
    const part = smallPartName(path.at(-1) ?? '', root, sha256, 1);
    if (!this.#writing.has(this.#keyOf(folder, part)) && files.lookup(folder, part)?.kind === 'file') files.unlink(folder, part);
  }

  async #start(file: SmallFile, room: Map<OpenFolder, number>, attempt: number): Promise<Prepared | SmallOutcome> {
    const { base, path } = file.target;
    try {
      assertTarget(file.target);
      const parents = path.slice(0, -1);
      const opened = this.#folders.get(base, parents) ?? (await this.#folders.open(base, parents));
      const left = (room.get(opened) ?? this.#world.files.freeBytes(opened.folder) - this.#world.policy.reserveBytes) - file.data.length;
      room.set(opened, left);
      if (left < 0) throw new AppError('disk-full', { path: opened.folder.path });
      return this.#prepare(opened, file, attempt);
    } catch (thrown) {
      return this.#error(thrown, file.target);
    }
  }

  #prepare(opened: OpenFolder, { target, data }: SmallFile, attempt: number): Prepared | SmallOutcome {
    const { files } = this.#world;
    const { root, bytes, pieceBytes } = target;
    if (root === null) throw new AppError('bad-argument', { name: 'root' });
    if (data.length !== bytes || bytes > pieceBytes || !equalBytes(this.#rootOf(data, target), root)) return { kind: 'corrupt' };
    const { part, fd } = this.#create(opened.folder, target.path.at(-1) ?? '', root, attempt);
    opened.hold();
    const prepared: Prepared = { target, root, opened, part, fd };
    try {
      writeFully(files, fd, data, 0);
      return prepared;
    } catch (thrown) {
      this.#drop(prepared, true);
      throw thrown;
    }
  }

  async #sync(each: Prepared | SmallOutcome): Promise<void> {
    if ('kind' in each) return;
    const { files } = this.#world;
    adorn(files, each.fd, each.target);
    if (!each.opened.volume.isMemory) await files.sync(each.fd);
  }

  #giveUp(prepared: Prepared, thrown: unknown): SmallOutcome {
    this.#drop(prepared, true);
    return this.#error(thrown, prepared.target);
  }

  /** `robbed`: another writer of the same file took the passing name. */
  #place(prepared: Prepared): SmallOutcome | 'robbed' {
    const { target, root, opened, part, fd } = prepared;
    const { folder, volume } = opened;
    const { files } = this.#world;
    /** What has the passing name is ours, and to be taken away. */
    let isOurs = true;
    try {
      const isSame = (taken: string): boolean => this.#holds(folder, taken, target, root);
      const { name, existed, oldRemains } = placeUnderFreeName(files, folder, part, target.path.at(-1) ?? '', volume.hardLinks, isSame);
      this.#folders.touched(target.base, target.path.slice(0, -1));
      isOurs = !volume.hardLinks || files.isNamed(fd);
      if (!isOurs && !existed) {
        // It got what the other one has begun there. Once that is whole, the other one may have said so.
        if (!isSame(name)) files.unlink(folder, name);
        return 'robbed';
      }
      if (oldRemains && isOurs) removeIfThere(files, folder, part);
      isOurs = false;
      return { kind: 'done', path: pathIn(folder.path, name), existed };
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT') return this.#error(thrown, target);
      // If it is the folder that is gone, the next attempt meets that.
      isOurs = false;
      return 'robbed';
    } finally {
      this.#drop(prepared, isOurs);
    }
  }

  /** Ends the work on a file; `remove`: what lies under its passing name goes. Never throws. */
  #drop({ opened, part, fd }: Prepared, remove: boolean): void {
    const { files } = this.#world;
    this.#writing.delete(this.#keyOf(opened.folder, part));
    try {
      files.close(fd);
      if (remove && files.lookup(opened.folder, part) !== null) files.unlink(opened.folder, part);
    } catch (thrown) {
      // What stays under a passing name is replaced or taken away when the same file comes again.
      if (systemCode(thrown) === null) throw thrown;
    } finally {
      opened.release();
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  #rootOf(data: Uint8Array, { bytes, pieceBytes }: FileTarget): Uint8Array {
    return bytes === 0 ? emptyRoot : this.#world.merkle.pieceHash(data, pieceBytes, true);
  }

  /**
   * The passing name tells the content, so what has it and is not being written by this thread is left over from a crash, or
   * another thread or node writes the same file to the same place: each of them notices (`robbed`).
   */
  #create(folder: Folder, name: string, root: Uint8Array, first: number): { part: string; fd: number } {
    const { files, sha256 } = this.#world;
    let part = smallPartName(name, root, sha256, first);
    for (let n = first + 1; this.#writing.has(this.#keyOf(folder, part)); n++) part = smallPartName(name, root, sha256, n);
    const create = (): { part: string; fd: number } => {
      const fd = files.create(folder, part);
      this.#writing.add(this.#keyOf(folder, part));
      return { part, fd };
    };
    try {
      return create();
    } catch (thrown) {
      if (systemCode(thrown) !== 'EEXIST') throw thrown;
      removeIfThere(files, folder, part);
      return create();
    }
  }

  #keyOf(folder: Folder, part: string): string {
    return `${folder.path}\0${part}`;
  }

  #holds(folder: Folder, name: string, target: FileTarget, root: Uint8Array): boolean {
    const { files } = this.#world;
    const state = files.lookup(folder, name);
    if (state?.kind !== 'file' || state.bytes !== target.bytes) return false;
    const fd = files.open(folder, name, 'read');
    try {
      const data = new Uint8Array(target.bytes);
      return readFully(files, fd, data, 0) === data.length && equalBytes(this.#rootOf(data, target), root);
    } finally {
      files.close(fd);
    }
  }

  #error(thrown: unknown, { base, path }: FileTarget): SmallOutcome {
    return { kind: 'error', error: diskError(thrown, join(base, ...path), 'folder-gone').toInfo() };
  }
}

/** The system lets this process open no more. */
const isOutOfHandles = (each: Prepared | SmallOutcome): boolean => 'kind' in each && each.kind === 'error' && each.error.code === 'too-many-open-files';

const locked = (file: SmallFile | undefined): SmallOutcome => ({ kind: 'error', error: { code: 'file-locked', params: { path: file?.target.path.at(-1) ?? '' } } });

/** Another writer of the same may have taken it for a leftover. */
function removeIfThere(files: Files, folder: Folder, name: string): void {
  try {
    files.unlink(folder, name);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT') throw thrown;
  }
}
