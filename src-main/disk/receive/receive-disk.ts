import { basename, join } from 'node:path';
import type { FileTarget, ReceivedFile, SeenFile, SmallFile, SmallOutcome, VolumeAbilities, WriteOutcome } from '#main/node/ports/receiver.ts';
import { bytesOfPieces, pieceCount } from '#main/core/content/piece-size.ts';
import { AppError } from '#shared/errors.ts';
import type { Bytes } from '#shared/units.ts';
import { diskError } from '../disk-error.ts';
import type { Folder } from '../files.ts';
import { Volumes } from '../volume/volumes.ts';
import { deletePartial } from './delete-partial.ts';
import { assertTarget, isBaseAway, makeDestination, openDestination, type Destination } from './destination.ts';
import { findExisting, type CheckOptions } from './find-existing.ts';
import { FolderCache } from './folder-cache.ts';
import { assertLayer, openingOf, openPart, recordedPieces, removeLeftovers, type Opening } from './open-part.ts';
import { PartFile } from './part-file.ts';
import type { ReceiveWorld } from './receive-world.ts';
import { SmallFiles } from './small-files.ts';

export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly onCheck: (checkedBytes: Bytes) => void;
}

/** The receiving disk of one thread: what `Receiver` promises, for the files that came to this thread. */
export class ReceiveDisk {
  readonly #world: ReceiveWorld;
  readonly #volumes: Volumes;
  readonly #folders: FolderCache;
  readonly #small: SmallFiles;
  readonly #parts = new Map<number, PartFile>();

  constructor(world: ReceiveWorld) {
    this.#world = world;
    this.#volumes = new Volumes(world);
    this.#folders = new FolderCache(world, this.#volumes);
    this.#small = new SmallFiles(world, this.#folders);
  }

  /** `handle` is chosen by the caller. An existing identical file is not opened: its handle is not used. */
  async open(handle: number, target: FileTarget, { signal, onCheck }: OpenOptions): Promise<ReceivedFile> {
    assertTarget(target);
    assertLayer(this.#world.merkle, target);
    const options: CheckOptions = { signal, progress: { bytes: 0, tell: onCheck } };
    const destination = makeDestination(this.#world, target.base, target.path.slice(0, -1));
    try {
      this.#folders.reached(target.base, target.path.slice(0, -1), destination.changed);
      const opening = openingOf(this.#world, target, destination, await this.#volumes.of(destination.folder), options);
      const existing = await findExisting(this.#world, destination.folder, target, options);
      if (existing !== null) {
        await this.#keepExisting(opening, existing);
        this.#world.files.closeFolder(destination.folder);
        return { handle, ...allOf(target), partPath: null, isGrowing: false, existing };
      }
      // A group commit is worth nothing in a folder that a power cut takes away.
      await this.#folders.secure(target.base, target.path.slice(0, -1));
      const opened = await openPart(opening);
      const part = new PartFile(this.#world, opened);
      this.#parts.set(handle, part);
      return { handle, have: new Uint8Array(part.have.bytes), haveBytes: part.haveBytes, partPath: join(destination.folder.path, opened.names.part), isGrowing: !opened.volume.holes, existing: null };
    } catch (thrown) {
      this.#world.files.closeFolder(destination.folder);
      throw diskError(thrown, destination.folder.path, 'folder-gone');
    }
  }

  /** As `Receiver.look`. */
  async look(target: FileTarget, signal: AbortSignal): Promise<SeenFile> {
    assertTarget(target);
    const options: CheckOptions = { signal, progress: { bytes: 0, tell: () => undefined } };
    const parents = target.path.slice(0, -1);
    const destination = isBaseAway(this.#world, target.base) ? null : this.#openIfThere([target]);
    if (destination === null) return { have: new Uint8Array(0), haveBytes: 0, existing: null };
    const { folder } = destination;
    try {
      const opening = openingOf(this.#world, target, destination, await this.#volumes.of(folder), options);
      const existing = await findExisting(this.#world, folder, target, options);
      if (existing !== null) {
        this.#folders.reached(target.base, parents, []);
        await this.#keepExisting(opening, existing);
        return { ...allOf(target), existing };
      }
      const recorded = recordedPieces(opening);
      return { have: recorded.bytes, haveBytes: bytesOfPieces(recorded, target.bytes, target.pieceBytes), existing: null };
    } catch (thrown) {
      throw diskError(thrown, folder.path, 'folder-gone');
    } finally {
      this.#world.files.closeFolder(folder);
    }
  }

  write(handle: number, piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon = false): WriteOutcome | Promise<WriteOutcome> {
    return this.#part(handle).write(piece, data, pieceHash, isReadSoon);
  }

  bindRoot(handle: number, root: Uint8Array, layer: Uint8Array | null): Promise<{ missing: readonly number[] }> {
    return this.#part(handle).bindRoot(root, layer);
  }

  async finish(handle: number): Promise<{ path: string }> {
    const finished = await this.#part(handle).finish();
    this.#parts.delete(handle);
    // Folders that were made on the way must outlive the power as the file does.
    await this.#folders.flush();
    return finished;
  }

  async close(handle: number): Promise<void> {
    const part = this.#part(handle);
    this.#parts.delete(handle);
    await part.close();
  }

  async discard(handle: number): Promise<void> {
    const part = this.#part(handle);
    this.#parts.delete(handle);
    await part.discard();
  }

  /** See `Receiver`. A folder that is gone holds nothing to delete, nor does what is beneath the mount point of a volume that is away. */
  async discardPartial(base: string, path: readonly string[], bytes: Bytes, root: Uint8Array | null): Promise<void> {
    try {
      if (isBaseAway(this.#world, base)) return;
      const { folder } = openDestination(this.#world.files, base, path.slice(0, -1), false);
      try {
        await deletePartial(this.#world, folder, { name: path.at(-1) ?? '', bytes, root }, await this.#volumes.of(folder));
        this.#small.tidy(folder, { path, root });
      } finally {
        this.#world.files.closeFolder(folder);
      }
    } catch (thrown) {
      const error = diskError(thrown, base, 'folder-gone');
      if (error.code !== 'folder-gone') throw error;
    }
  }

  writeSmall(files: readonly SmallFile[]): Promise<SmallOutcome[]> {
    return this.#small.write(files);
  }

  /** Files of one folder that come one after the other cost one opening of it, and none when small files have just been written to it. */
  async existing(targets: readonly FileTarget[], signal: AbortSignal): Promise<(string | null)[]> {
    this.#folders.beginBatch();
    const found: (string | null)[] = [];
    while (found.length < targets.length) {
      const first = found.length;
      const together = targets.slice(first, endOfFolder(targets, first));
      const { folder, close } = this.#openForLook(together);
      try {
        for (const target of together) found.push(folder === null ? null : await this.#existing(folder, target, signal));
      } finally {
        close();
      }
    }
    return found;
  }

  async volume(path: string): Promise<VolumeAbilities> {
    // The trial files would lie beneath the mount point, and look like what somebody keeps there.
    const { folder } = makeDestination(this.#world, path, []);
    try {
      this.#volumes.tidy(folder);
      return await this.#volumes.of(folder);
    } catch (thrown) {
      throw diskError(thrown, path, 'folder-gone');
    } finally {
      this.#world.files.closeFolder(folder);
    }
  }

  makeFolder(base: string, path: readonly string[]): void {
    const { folder, changed } = makeDestination(this.#world, base, path);
    this.#world.files.closeFolder(folder);
    this.#folders.reached(base, path, changed);
  }

  flush(): Promise<void> {
    return this.#folders.flush();
  }

  /** Closes everything, resumable. The first error is thrown, after all are closed. */
  async shutdown(): Promise<void> {
    const results = await Promise.allSettled([...this.#parts.keys()].map((handle) => this.close(handle)).concat(this.flush(), this.#volumes.idle()));
    this.#folders.close();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #keepExisting(opening: Opening, existing: string): Promise<void> {
    const { base, path } = opening.target;
    // Whoever put it there may have died before its name was durable.
    this.#folders.touched(base, path.slice(0, -1));
    await this.#folders.flush();
    await removeLeftovers(opening, basename(existing));
  }

  #part(handle: number): PartFile {
    const part = this.#parts.get(handle);
    if (part === undefined) throw new AppError('bad-argument', { name: 'handle' });
    return part;
  }

  async #existing(folder: Folder, target: FileTarget, signal: AbortSignal): Promise<string | null> {
    const found = await findExisting(this.#world, folder, target, { signal, progress: { bytes: 0, tell: () => undefined } });
    if (found === null) return null;
    // Whoever put it there may have died before its name was durable and its passing name gone.
    this.#small.tidy(folder, target);
    const parents = target.path.slice(0, -1);
    this.#folders.reached(target.base, parents, []);
    this.#folders.touched(target.base, parents);
    return found;
  }

  /** As `#openIfThere`; a folder that is open already stays so. */
  #openForLook(targets: readonly FileTarget[]): { readonly folder: Folder | null; readonly close: () => void } {
    targets.forEach(assertTarget);
    const { base, path } = targets[0] ?? { base: '', path: [] };
    const opened = this.#folders.get(base, path.slice(0, -1));
    if (opened !== undefined) {
      opened.hold();
      return { folder: opened.folder, close: () => { opened.release(); } };
    }
    const folder = this.#openIfThere(targets)?.folder ?? null;
    return { folder, close: () => { if (folder !== null) this.#world.files.closeFolder(folder); } };
  }

  /** The folder of targets that share it; null when there is none. Throws other errors with a code. */
  #openIfThere(targets: readonly FileTarget[]): Destination | null {
    targets.forEach(assertTarget);
    const { base, path } = targets[0] ?? { base: '', path: [] };
    try {
      return openDestination(this.#world.files, base, path.slice(0, -1), false);
    } catch (thrown) {
      const error = diskError(thrown, base, 'folder-gone');
      if (error.code === 'folder-gone' || error.code === 'not-a-folder') return null;
      throw error;
    }
  }
}

const allOf = ({ bytes, pieceBytes }: FileTarget): { have: Uint8Array; haveBytes: Bytes } =>
  ({ have: new Uint8Array(Math.ceil(pieceCount(bytes, pieceBytes) / 8)).fill(0xff), haveBytes: bytes });

/** Number after the last of the targets from `first` on that lie in one folder. */
function endOfFolder(targets: readonly FileTarget[], first: number): number {
  const folder = targets[first];
  let end = first + 1;
  for (let next = targets[end]; next !== undefined && folder !== undefined && isSameFolder(folder, next); next = targets[end]) end++;
  return end;
}

const isSameFolder = (one: FileTarget, other: FileTarget): boolean =>
  one.base === other.base && one.path.length === other.path.length && one.path.every((name, at) => at === one.path.length - 1 || name === other.path[at]);
