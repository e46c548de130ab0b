import { join } from 'node:path';
import { Bitfield } from '#main/core/bitfield.ts';
import { emptyRoot, equalBytes, hashBytes } from '#main/core/content/merkle.ts';
import { bytesOfPieces, pieceCount, pieceLength } from '#main/core/content/piece-size.ts';
import type { FileTarget, VolumeAbilities, WriteOutcome } from '#main/node/ports/receiver.ts';
import { AppError } from '#shared/errors.ts';
import type { Timestamp } from '#shared/units.ts';
import { diskError } from '../disk-error.ts';
import type { Files } from '../files.ts';
import { isUnsupported } from '../volume/volume.ts';
import { assertRoom, assertStillThere, type Destination } from './destination.ts';
import { releaseLock } from './file-lock.ts';
import { GroupCommit } from './group-commit.ts';
import { removeJournals, voidJournal, type JournalFile } from './journal-file.ts';
import type { PartData } from './part-data.ts';
import type { PartNames } from './part-names.ts';
import { placeUnderFreeName } from './place.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** Times that every file system takes: 1970 to 2106. */
const latestModified = 2 ** 32 * 1000 - 1000;
const storableTime = (at: Timestamp): Timestamp => Math.min(Math.max(0, Number.isFinite(at) ? at : 0), latestModified);

/** Gives a file the time stamp of its origin and its executable bit, as far as the volume keeps such things. Throws system errors. */
export function adorn(files: Files, fd: number, { executable, modifiedAt }: FileTarget): void {
  try {
    if (executable) files.setExecutable(fd);
    files.setModified(fd, storableTime(modifiedAt));
  } catch (thrown) {
    if (!isUnsupported(thrown)) throw thrown;
  }
}

/** Layer of a target as it counts here: for a file of one piece, the root. */
export function layerOf(root: Uint8Array | null, layer: Uint8Array | null, pieces: number): Uint8Array | null {
  return root !== null && pieces === 1 ? root : layer;
}

/** What opening found and prepared; see `openPart`. */
export interface OpenedPart {
  readonly target: FileTarget;
  readonly destination: Destination;
  readonly names: PartNames;
  readonly volume: VolumeAbilities;
  readonly fd: number;
  /** Writes to `fd`, and closes it. */
  readonly data: PartData;
  readonly journal: JournalFile;
  /** Verified pieces with their hashes. */
  readonly verified: ReadonlyMap<number, Uint8Array>;
}

/**
 * One unfinished file: `NAME.part` with its journal, locked. A piece is `have` exactly when its hash was verified in
 * memory, its write completed and its record was appended. After an error from a sync everything since the last
 * barrier is forgotten and the file takes no more: close it and open it again.
 */
export class PartFile {
  readonly have: Bitfield;
  readonly #world: ReceiveWorld;
  readonly #part: OpenedPart;
  readonly #hashes: Uint8Array;
  #root: Uint8Array | null;
  #layer: Uint8Array | null;
  /** Pieces on their way to the device. None of these rejects. */
  readonly #underWay = new Map<number, Promise<WriteOutcome>>();
  readonly #group: GroupCommit;
  #failure: AppError | null = null;
  /** Somebody was given the failure as an answer. */
  #isFailureTold = false;
  #isOpen = true;
  #isLocked = true;

  constructor(world: ReceiveWorld, part: OpenedPart) {
    const { bytes, pieceBytes, root, layer } = part.target;
    const pieces = pieceCount(bytes, pieceBytes);
    this.#world = world;
    this.#part = part;
    this.have = new Bitfield(pieces);
    this.#hashes = new Uint8Array(pieces * hashBytes);
    for (const [piece, hash] of part.verified) {
      this.have.add(piece);
      this.#hashes.set(hash, piece * hashBytes);
    }
    this.#root = root;
    this.#layer = layerOf(root, layer, pieces);
    this.#group = new GroupCommit(world, {
      commit: () => this.#commit().catch((thrown: unknown) => { this.#fail(thrown); }),
      canCommit: () => this.#failure === null && this.#isOpen,
    });
  }

  get haveBytes(): number {
    const { bytes, pieceBytes } = this.#part.target;
    return bytesOfPieces(this.have, bytes, pieceBytes);
  }

  /** Verifies a piece, writes it, records it. Answers at once, unless the disk lags two groups behind. */
  write(piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon: boolean): WriteOutcome | Promise<WriteOutcome> {
    const { bytes, pieceBytes } = this.#part.target;
    if (this.#failure !== null) return this.#writtenOrFailed();
    const expected = this.#layer?.subarray(piece * hashBytes, (piece + 1) * hashBytes) ?? pieceHash;
    if (expected === null || !Number.isInteger(piece) || piece < 0 || piece >= this.have.length) {
      return { kind: 'error', error: { code: 'bad-argument', params: { name: 'piece' } } };
    }
    if (this.have.has(piece)) return { kind: 'written' };
    // Without a root two that differ may both be taken for right: the second must not be put under the first one's record.
    const earlier = this.#underWay.get(piece);
    if (earlier !== undefined) return earlier.then(() => this.write(piece, data, pieceHash, isReadSoon));
    if (data.length !== pieceLength(bytes, pieceBytes, piece)) return { kind: 'corrupt' };
    const hash = this.#world.merkle.pieceHash(data, pieceBytes, this.have.length === 1);
    if (!equalBytes(hash, expected)) return { kind: 'corrupt' };
    try {
      assertRoom(this.#world.files, this.#part.destination.folder, data.length, this.#world.policy.reserveBytes);
      const writing = this.#part.data.write(data, piece * pieceBytes, isReadSoon);
      if (writing === null) return this.#record(piece, data.length, hash);
      const recording = this.#recordAfter(writing, piece, data.length, hash);
      this.#underWay.set(piece, recording);
      void recording.then(() => this.#underWay.delete(piece));
      return recording;
    } catch (thrown) {
      return this.#refused(thrown);
    }
  }

  async #recordAfter(writing: Promise<void>, piece: number, bytes: number, hash: Uint8Array): Promise<WriteOutcome> {
    try {
      await writing;
      // What happened meanwhile: a sync failed, or the root was bound and says otherwise.
      if (this.#failure !== null) return this.#writtenOrFailed();
      if (this.#layer !== null && !equalBytes(hash, this.#layer.subarray(piece * hashBytes, (piece + 1) * hashBytes))) return { kind: 'corrupt' };
      return await this.#record(piece, bytes, hash);
    } catch (thrown) {
      return this.#refused(thrown);
    }
  }

  /** A verified piece has been written. Throws system errors. */
  #record(piece: number, bytes: number, hash: Uint8Array): WriteOutcome | Promise<WriteOutcome> {
    this.#part.journal.append({ kind: 'piece', piece, hash });
    this.have.add(piece);
    this.#hashes.set(hash, piece * hashBytes);
    const lagging = this.#group.recorded(bytes);
    if (lagging !== null) return lagging.then(() => this.#writtenOrFailed());
    return { kind: 'written' };
  }

  #refused(thrown: unknown): WriteOutcome {
    return { kind: 'error', error: this.#errorOf(thrown).toInfo() };
  }

  /** Binds a provisional file to its root; pieces that do not fit are missing again, and stay so through a crash. */
  async bindRoot(root: Uint8Array, layer: Uint8Array | null): Promise<{ missing: readonly number[] }> {
    const { bytes, pieceBytes } = this.#part.target;
    const bound = layerOf(root, layer, this.have.length);
    const isProven = this.have.length === 0 ? equalBytes(root, emptyRoot) : bound !== null && this.#world.merkle.verifyLayer(bound, root, bytes, pieceBytes);
    if (!isProven) throw new AppError('hash-mismatch', { path: this.#path });
    // They were asked for under the old terms; a piece recorded after this would not be held to the root.
    await Promise.all(this.#underWay.values());
    this.#assertWorks();
    const fits = (at: number): boolean => bound !== null && equalBytes(this.#hashes.subarray(at, at + hashBytes), bound.subarray(at, at + hashBytes));
    const missing: number[] = [];
    for (let piece = 0; piece < this.have.length; piece++) {
      if (this.have.has(piece) && !fits(piece * hashBytes)) missing.push(piece);
    }
    try {
      this.#part.journal.append({ kind: 'root', root });
      for (const piece of missing) this.#part.journal.append({ kind: 'missing', piece });
    } catch (thrown) {
      throw this.#errorOf(thrown);
    }
    try {
      // Their bytes may be overwritten from now on, so no older state of the journal may come back.
      await this.#sync(() => this.#part.journal.sync());
    } catch (thrown) {
      this.#isFailureTold = true;
      throw this.#fail(thrown);
    }
    for (const piece of missing) this.have.delete(piece);
    this.#root = root;
    this.#layer = bound;
    return { missing };
  }

  /** Proves the root from the recorded hashes and gives the file its final name. The file is closed afterwards. */
  async finish(): Promise<{ path: string }> {
    const { target, destination, names, volume, fd } = this.#part;
    const { files } = this.#world;
    await this.#settle();
    this.#assertWorks();
    this.#assertComplete();
    const { folder } = destination;
    // Before it has its name, so that it is never there without; and before its time is set, which a mark may change.
    await this.#world.mark?.([join(folder.path, names.part)]);
    try {
      files.truncate(fd, target.bytes);
      adorn(files, fd, target);
    } catch (thrown) {
      throw this.#errorOf(thrown);
    }
    try {
      if (!volume.isMemory) await files.sync(fd);
    } catch (thrown) {
      this.#isFailureTold = true;
      throw this.#fail(thrown);
    }
    try {
      assertStillThere(files, destination);
      const { inode } = files.stat(fd);
      const isOurs = (taken: string): boolean => this.#hasName(taken, inode);
      if (!isOurs(names.part)) throw new AppError('file-missing', { path: join(folder.path, names.part) });
      // A finish that failed half way may have given it its name already.
      const isSame = (taken: string): boolean => volume.stableInodes && isOurs(taken);
      const { name, oldRemains } = placeUnderFreeName(files, folder, names.part, target.path.at(-1) ?? '', volume.hardLinks, isSame);
      if (oldRemains && !isOurs(name)) {
        // Just before, somebody put another file in the place of ours: that one got our name besides its own. Or just after.
        const wrong = files.lookup(folder, names.part);
        if (wrong !== null && this.#hasName(name, wrong.inode)) files.unlink(folder, name);
        throw new AppError('file-missing', { path: join(folder.path, names.part) });
      }
      // Only when the new name is durable may the old one go: no power cut may keep that and forget the other.
      await this.#syncFolder();
      this.#closeHandles();
      if (oldRemains && isOurs(names.part)) files.unlink(folder, names.part);
      this.#removeJournals();
      this.#unlock();
      await this.#syncFolder();
      return { path: join(folder.path, name) };
    } catch (thrown) {
      throw this.#errorOf(thrown);
    } finally {
      if (!this.#isOpen) this.#release();
    }
  }

  /** Leaves it resumable. Everything is durable and a clean close recorded, or the error is thrown, if it was not before; closed in any case. */
  async close(): Promise<void> {
    const { fd, journal } = this.#part;
    if (!this.#isOpen) return;
    try {
      await this.#settle();
      if (this.#failure !== null && this.#isFailureTold) return;
      await this.#group.flush();
      this.#assertWorks();
      // With the time stamp that the record speaks of, which syncing the data alone may leave behind.
      await this.#sync(() => this.#world.files.sync(fd));
      journal.append({ kind: 'closed', modifiedNs: this.#world.files.stat(fd).modifiedNs });
      await this.#sync(() => journal.sync());
    } catch (thrown) {
      throw this.#errorOf(thrown);
    } finally {
      this.#closeHandles();
      this.#release();
    }
  }

  /** Closes and deletes what is unfinished. */
  async discard(): Promise<void> {
    const { destination, names, fd } = this.#part;
    const { files } = this.#world;
    if (!this.#isOpen) return;
    await this.#settle();
    try {
      const { inode } = files.stat(fd);
      this.#closeHandles();
      // The journal goes last: it tells whose the part file is. What has its name now may be somebody else's.
      if (this.#hasName(names.part, inode)) files.unlink(destination.folder, names.part);
      await this.#syncFolder();
      this.#removeJournals();
    } catch (thrown) {
      throw this.#errorOf(thrown);
    } finally {
      if (this.#isOpen) this.#closeHandles();
      this.#release();
    }
  }

  /** Whether the file of that number has this name, as far as numbers tell. */
  #hasName(name: string, inode: bigint): boolean {
    const named = this.#world.files.lookup(this.#part.destination.folder, name);
    return named?.kind === 'file' && (!this.#part.volume.stableInodes || named.inode === inode);
  }

  get #path(): string {
    return join(this.#part.destination.folder.path, this.#part.target.path.at(-1) ?? '');
  }

  /** Makes everything recorded so far durable. Rejects with system errors. */
  async #commit(): Promise<void> {
    const { fd, journal } = this.#part;
    const { place } = journal;
    await this.#sync(() => this.#world.files.syncData(fd));
    if (this.#part.volume.isMemory) return;
    try {
      journal.appendBarrier(place);
    } catch (thrown) {
      // The data is safe and so is what was recorded of it; only that it is durable could not be added.
      this.#failure ??= this.#errorOf(thrown);
      return;
    }
    await journal.sync();
  }

  async #sync(sync: () => Promise<void>): Promise<void> {
    if (!this.#part.volume.isMemory) await sync();
  }

  async #syncFolder(): Promise<void> {
    const { volume, destination } = this.#part;
    if (volume.folderSync && !volume.isMemory) await this.#world.files.syncFolder(destination.folder);
  }

  /** Waits for writes and a commit that are under way, and starts no other. */
  async #settle(): Promise<void> {
    await Promise.all(this.#underWay.values());
    await this.#group.settle();
  }

  #assertWorks(): void {
    if (this.#failure !== null) {
      this.#isFailureTold = true;
      throw this.#failure;
    }
    if (!this.#isOpen) throw new AppError('bad-argument', { name: 'handle' });
  }

  #assertComplete(): void {
    const { merkle } = this.#world;
    if (!this.have.isFull || this.#root === null) throw new AppError('bad-argument', { name: 'handle', detail: 'not complete' });
    const proven = this.have.length === 1 ? this.#hashes : merkle.rootOfLayer(this.#hashes, this.#part.target.pieceBytes);
    if (!equalBytes(proven, this.#root)) throw new AppError('hash-mismatch', { path: this.#path });
  }

  #writtenOrFailed(): WriteOutcome {
    if (this.#failure === null) return { kind: 'written' };
    this.#isFailureTold = true;
    return { kind: 'error', error: this.#failure.toInfo() };
  }

  #errorOf(thrown: unknown): AppError {
    return diskError(thrown, this.#path, 'folder-gone');
  }

  /**
   * After a failed sync the system may have dropped our data and still show it to readers, so a second sync that works
   * proves nothing. What was recorded since the last barrier is forgotten and will be fetched again.
   */
  #fail(thrown: unknown): AppError {
    const { journal } = this.#part;
    this.#failure ??= this.#errorOf(thrown);
    try {
      journal.forgetSinceBarrier();
    } catch (journalError) {
      // A journal that can neither be cut nor trusted makes way for an empty one: the next opening reads every piece again.
      this.#failure = this.#errorOf(journalError);
      try {
        voidJournal(this.#world.files, this.#part.destination.folder, this.#part.names);
      } catch (thrown) {
        this.#failure = this.#errorOf(thrown);
      }
    }
    return this.#failure;
  }

  /** The journal, and one that was made anew but did not get to take its place. */
  #removeJournals(): void {
    removeJournals(this.#world.files, this.#part.destination.folder, this.#part.names);
  }

  #closeHandles(): void {
    this.#isOpen = false;
    this.#part.journal.close();
    this.#part.data.close();
  }

  #unlock(): void {
    if (!this.#isLocked) return;
    this.#isLocked = false;
    releaseLock(this.#world, this.#part.destination.folder, this.#part.names.lock);
  }

  /** Gives the lock back and lets go of the folder. */
  #release(): void {
    try {
      this.#unlock();
    } finally {
      this.#world.files.closeFolder(this.#part.destination.folder);
    }
  }
}
