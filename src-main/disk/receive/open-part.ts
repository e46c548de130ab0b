import { Bitfield } from '#main/core/bitfield.ts';
import { hashBytes, type Merkle } from '#main/core/content/merkle.ts';
import { pieceCount } from '#main/core/content/piece-size.ts';
import { idBytes, type Journal, type JournalHeader, type JournalRecord } from '#main/core/progress/journal.ts';
import { recover, type PartFacts } from '#main/core/progress/recovery.ts';
import type { FileTarget, VolumeAbilities } from '#main/node/ports/receiver.ts';
import { AppError } from '#shared/errors.ts';
import { toHex } from '#shared/ids.ts';
import { numberedName } from '#shared/names.ts';
import type { FileState } from '../files.ts';
import { checkPieces, type PieceCheck } from './check-pieces.ts';
import { assertRoom, type Destination } from './destination.ts';
import { releaseLock, takeLock } from './file-lock.ts';
import type { CheckOptions } from './find-existing.ts';
import { JournalFile, readJournal, removeJournals } from './journal-file.ts';
import { isOwnPart, isYounger } from './own-part.ts';
import { PartData } from './part-data.ts';
import { layerOf, type OpenedPart } from './part-file.ts';
import { partNames, type PartNames } from './part-names.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** Unused numbers in a row after which no higher one is looked at for something to resume. */
const unusedInARow = 8;
const maxNumber = 1000;

/** Something that lies under a name already and may be this file's unfinished state. */
interface Leftover {
  readonly names: PartNames;
  readonly part: FileState | null;
  readonly journal: Journal | null;
}

/** What is known before a part file is opened. */
export interface Opening {
  readonly world: ReceiveWorld;
  readonly target: FileTarget;
  readonly layer: Uint8Array | null;
  readonly destination: Destination;
  readonly volume: VolumeAbilities;
  readonly options: CheckOptions;
}

/** Refuses a piece layer that does not lead to the root. */
export function assertLayer(merkle: Merkle, target: FileTarget): void {
  const pieces = pieceCount(target.bytes, target.pieceBytes);
  if (target.root === null || pieces <= 1) return;
  if (target.layer === null || !merkle.verifyLayer(target.layer, target.root, target.bytes, target.pieceBytes)) {
    throw new AppError('hash-mismatch', { path: target.path.join('/') });
  }
}

function factsOf({ world, target, layer, volume, destination: { folder } }: Opening, names: PartNames, part: FileState): PartFacts {
  return {
    root: target.root,
    layer,
    bytes: target.bytes,
    pieceBytes: target.pieceBytes,
    identity: volume.stableInodes ? { device: BigInt.asUintN(64, part.device), inode: BigInt.asUintN(64, part.inode) } : null,
    isYounger: isYounger({ files: world.files, folder, names, part }),
    partBytes: part.bytes,
    modifiedNs: part.modifiedNs,
    bootId: world.bootId,
  };
}

type Slot =
  | { readonly kind: 'leftover'; readonly leftover: Leftover }
  /** Empty and with a lock or a journal that has not got its name yet: a writer is making it or died over it. */
  | { readonly kind: 'unborn'; readonly names: PartNames }
  | { readonly kind: 'free'; readonly names: PartNames }
  | { readonly kind: 'foreign' };

const isTaken = ({ world, destination }: Opening, name: string): boolean => world.files.lookup(destination.folder, name) !== null;

/** Whether a writer of ours is or was about to begin under this name. */
const hasTraces = (opening: Opening, names: PartNames): boolean => isTaken(opening, names.lock) || isTaken(opening, names.progressAside);

/** Whether a part file has its final name too: we ended between giving it that name and taking the old one away. */
function hasFinalName({ world, target, destination, volume }: Opening, part: FileState): boolean {
  for (let n = 1; volume.stableInodes; n++) {
    const named = world.files.lookup(destination.folder, numberedName(target.path.at(-1) ?? '', n));
    if (named === null) return false;
    if (named.inode === part.inode && named.device === part.device) return true;
  }
  return false;
}

/**
 * What lies under one name. A part file without a readable journal counts as ours only if something else of ours lies beside
 * it, it has exactly our size and we know what to compare it with. Alone it may be another program's, whatever is in it;
 * everything unclear belongs to somebody else and is left alone. `isBegun`: a writer of ours is or was at it.
 */
function lookAt(opening: Opening, names: PartNames, isBegun: boolean): Slot {
  const { world, target, destination } = opening;
  const part = world.files.lookup(destination.folder, names.part);
  const parsed = readJournal(world.files, destination.folder, names.progress, world.sha256);
  if (part === null && parsed === null) return { kind: 'free', names };
  if (part !== null && part.kind !== 'file') return { kind: 'foreign' };
  if (parsed?.kind === 'journal') {
    const { journal } = parsed;
    const facts = factsOf(opening, names, part ?? { kind: 'file', bytes: 0, allocatedBytes: 0, modifiedNs: 0n, bornNs: 0n, device: 0n, inode: 0n });
    return recover(journal, facts, () => 0).kind === 'other' ? { kind: 'foreign' } : { kind: 'leftover', leftover: { names, part, journal } };
  }
  if (part?.bytes === 0 && parsed === null && isBegun) return { kind: 'unborn', names };
  if (part === null || parsed?.kind === 'newer' || target.root === null || part.bytes !== target.bytes || part.bytes === 0) return { kind: 'foreign' };
  return parsed !== null || isBegun || hasFinalName(opening, part) ? { kind: 'leftover', leftover: { names, part, journal: null } } : { kind: 'foreign' };
}

/** All that may be resumed, and the first free name. */
function survey(opening: Opening): { leftovers: Leftover[]; free: PartNames[] } {
  const name = opening.target.path.at(-1) ?? '';
  const leftovers: Leftover[] = [];
  /** Names to make a new file under, in order. */
  const free: PartNames[] = [];
  for (let n = 1, unused = 0; n <= maxNumber && unused < unusedInARow; n++) {
    const names = partNames(name, n, opening.world.sha256);
    const slot = lookAt(opening, names, hasTraces(opening, names));
    unused = slot.kind === 'free' ? unused + 1 : 0;
    if (slot.kind === 'free' || slot.kind === 'unborn') free.push(slot.names);
    if (slot.kind === 'leftover') leftovers.push(slot.leftover);
  }
  return { leftovers, free };
}

/** Which pieces the journal says are there that opening this file would go on with, as far as it would be believed. */
export function recordedPieces(opening: Opening): Bitfield {
  const { bytes, pieceBytes } = opening.target;
  const recorded = new Bitfield(pieceCount(bytes, pieceBytes));
  for (const { names, part, journal } of survey(opening).leftovers) {
    const recovery = part === null || journal === null ? null : recover(journal, factsOf(opening, names, part), () => 0);
    if (recovery?.kind !== 'resume') continue;
    for (const piece of [...recovery.trusted, ...recovery.sample]) recorded.add(piece);
    break;
  }
  return recorded;
}

/** Takes the lock; null when another writer has it. Throws `file-locked` when that one writes the same content, or may. */
function lock({ world, target, destination }: Opening, names: PartNames): { inherited: boolean } | null {
  const content = target.root === null ? '' : toHex(target.root);
  const outcome = takeLock(world, destination.folder, names.lock, content);
  if (outcome.kind === 'taken') return outcome;
  if (outcome.content === content || outcome.content === null) throw new AppError('file-locked', { path: names.part });
  return null;
}

function newHeader({ world, target }: Opening, part: FileState): JournalHeader {
  return {
    root: target.root,
    bytes: target.bytes,
    pieceBytes: target.pieceBytes,
    device: part.device,
    inode: part.inode,
    bootId: world.bootId,
    journalId: world.randomBytes(idBytes),
  };
}

async function syncFolder({ world, volume, destination }: Opening): Promise<void> {
  if (volume.folderSync && !volume.isMemory) await world.files.syncFolder(destination.folder);
}

const dataOf = ({ world, target }: Opening, fd: number): PartData => new PartData(world, fd, target.bytes >= world.policy.directFromBytes);

/**
 * Makes part file and journal. The journal appears whole or not at all, and the part file gets its length last: so a part
 * file without a journal is always empty, and whatever ends us leaves nothing that the next opening does not know as ours.
 */
async function create(opening: Opening, names: PartNames): Promise<OpenedPart> {
  const { world, target, destination, volume } = opening;
  const { files } = world;
  assertRoom(files, destination.folder, target.bytes, world.policy.reserveBytes);
  const fd = files.create(destination.folder, names.part);
  const data = dataOf(opening, fd);
  try {
    const header = newHeader(opening, files.stat(fd));
    const journal = await JournalFile.replace(files, world.sha256, destination.folder, names.progress, names.progressAside, header, []);
    try {
      await syncFolder(opening);
      if (volume.holes) files.truncate(fd, target.bytes);
      return { target, destination, names, volume, fd, data, journal, verified: new Map() };
    } catch (thrown) {
      journal.close();
      files.unlink(destination.folder, names.progress);
      throw thrown;
    }
  } catch (thrown) {
    data.close();
    files.unlink(destination.folder, names.part);
    throw thrown;
  }
}

const pieceRecords = (verified: ReadonlyMap<number, Uint8Array>): JournalRecord[] => [...verified].map(([piece, hash]) => ({ kind: 'piece', piece, hash }));

/** Reads what must be read, and gives the pieces that count with their hashes. */
async function verify(opening: Opening, { names, journal }: Leftover, check: PieceCheck, part: FileState): Promise<{ verified: Map<number, Uint8Array>; isRewritten: boolean }> {
  const { layer, target } = opening;
  const expected = (piece: number): Uint8Array | null =>
    layer?.subarray(piece * hashBytes, (piece + 1) * hashBytes) ?? journal?.pieces.get(piece)?.hash ?? null;
  const isDurable = (piece: number): boolean => journal !== null && (journal.pieces.get(piece)?.sequence ?? Infinity) <= journal.durableThrough;
  const recovery = journal === null ? { kind: 'rehash' as const } : recover(journal, factsOf(opening, names, part), opening.world.random);
  if (recovery.kind === 'resume') {
    const sample = await checkPieces(check, recovery.sample, expected, isDurable);
    if (sample.size === recovery.sample.length) {
      const verified = await checkPieces(check, recovery.doubtful, expected, isDurable);
      for (const [piece, hash] of sample) verified.set(piece, hash);
      for (const piece of recovery.trusted) verified.set(piece, expected(piece) ?? new Uint8Array(hashBytes));
      return { verified, isRewritten: false };
    }
  }
  const all = Array.from({ length: pieceCount(target.bytes, target.pieceBytes) }, (_, piece) => piece);
  return { verified: await checkPieces(check, all, expected, isDurable), isRewritten: true };
}

/** A journal that says no more than what was verified; an old one is continued while it is short and its facts hold. */
async function continueJournal(opening: Opening, leftover: Leftover, fd: number, verified: ReadonlyMap<number, Uint8Array>, rewrite: boolean): Promise<JournalFile> {
  const { world, target, volume, destination } = opening;
  const { files, sha256 } = world;
  const { names, journal: old } = leftover;
  if (!volume.isMemory) await files.syncData(fd);
  const isLong = old !== null && old.end.sequence > 4 * pieceCount(target.bytes, target.pieceBytes) + 1000;
  if (old === null || rewrite || isLong) {
    const records: JournalRecord[] = pieceRecords(verified);
    records.push({ kind: 'barrier', through: records.length });
    const journal = await JournalFile.replace(files, sha256, destination.folder, names.progress, names.progressAside, newHeader(opening, files.stat(fd)), records);
    try {
      await syncFolder(opening);
      return journal;
    } catch (thrown) {
      journal.close();
      throw thrown;
    }
  }
  const journal = JournalFile.resume(files, sha256, destination.folder, names.progress, old);
  try {
    if (target.root !== null && old.root === null) journal.append({ kind: 'root', root: target.root });
    for (const piece of old.pieces.keys()) if (!verified.has(piece)) journal.append({ kind: 'missing', piece });
    await journal.barrier(journal.place);
    // Only now: the new boot id vouches for every record, so none may be left that does not hold.
    journal.append({ kind: 'opened', bootId: world.bootId });
    return journal;
  } catch (thrown) {
    journal.close();
    throw thrown;
  }
}

/** Whether the journal of a leftover speaks of what lies under the name of its part. */
function isOwn({ world, destination: { folder }, volume }: Opening, { names, journal }: Leftover, part: FileState): boolean {
  return journal !== null && isOwnPart(journal, { files: world.files, folder, names, volume, part });
}

/** Opens a leftover, verified as far as needed. Null when nothing of it is this file's, and it is left as it was. */
async function resume(opening: Opening, leftover: Leftover): Promise<OpenedPart | null> {
  const { world, target, destination, volume, options } = opening;
  const { files } = world;
  const { names } = leftover;
  const fd = files.open(destination.folder, names.part, 'write');
  const data = dataOf(opening, fd);
  try {
    const part = files.stat(fd);
    const check: PieceCheck = { world, fd, direct: data.direct, bytes: target.bytes, pieceBytes: target.pieceBytes, ...options };
    const isOurs = isOwn(opening, leftover, part);
    // What was put in its place is never cut off.
    if (!isOurs && part.bytes > target.bytes) {
      data.close();
      return null;
    }
    const { verified, isRewritten } = await verify(opening, leftover, check, part);
    if (isRewritten && verified.size === 0 && !isOurs) {
      data.close();
      return null;
    }
    assertRoom(files, destination.folder, target.bytes - Math.min(target.bytes, verified.size * target.pieceBytes), world.policy.reserveBytes);
    if (part.bytes > target.bytes || (volume.holes && part.bytes < target.bytes)) files.truncate(fd, target.bytes);
    const journal = await continueJournal(opening, leftover, fd, verified, isRewritten);
    return { target, destination, names, volume, fd, data, journal, verified };
  } catch (thrown) {
    data.close();
    throw thrown;
  }
}

/** Opens what lies under a name, as it is now that the lock is ours. Null when it belongs to somebody else. */
function openUnderLock(opening: Opening, names: PartNames, inherited: boolean): Promise<OpenedPart | null> {
  const { files } = opening.world;
  const { folder } = opening.destination;
  const slot = lookAt(opening, names, inherited || isTaken(opening, names.progressAside));
  switch (slot.kind) {
    case 'foreign':
      return Promise.resolve(null);
    case 'free':
      return create(opening, names);
    case 'unborn':
      files.unlink(folder, names.part);
      return create(opening, names);
    case 'leftover':
      if (slot.leftover.part !== null && !hasFinalName(opening, slot.leftover.part)) return resume(opening, slot.leftover);
      // The data is gone, or it was finished and is the user's now, who changed it: there is nothing to go on with.
      if (slot.leftover.part !== null) files.unlink(folder, names.part);
      removeJournals(files, folder, names);
      return create(opening, names);
  }
}

/** Locks a name and opens it; the lock stays taken only when there is a result. */
async function openName(opening: Opening, names: PartNames): Promise<OpenedPart | null> {
  const locked = lock(opening, names);
  if (locked === null) return null;
  let opened: OpenedPart | null = null;
  try {
    opened = await openUnderLock(opening, names, locked.inherited);
    return opened;
  } finally {
    if (opened === null) releaseLock(opening.world, opening.destination.folder, names.lock);
  }
}

/**
 * Opens or resumes `NAME.part` and `NAME.progress`; beside unfinished files of the same name and other content,
 * `NAME (2).part` and so on. Throws `file-locked`, `disk-full`, `cancelled` and system errors. On success the lock is held.
 */
export async function openPart(opening: Opening): Promise<OpenedPart> {
  const { leftovers, free } = survey(opening);
  for (const names of [...leftovers.map((leftover) => leftover.names), ...free]) {
    const opened = await openName(opening, names);
    if (opened !== null) return opened;
  }
  throw new AppError('already-exists', { path: opening.target.path.join('/') });
}

export function openingOf(world: ReceiveWorld, target: FileTarget, destination: Destination, volume: VolumeAbilities, options: CheckOptions): Opening {
  return { world, target, layer: layerOf(target.root, target.layer, pieceCount(target.bytes, target.pieceBytes)), destination, volume, options };
}

/**
 * Deletes what is left of an unfinished file whose content turned out to lie here already under the name `existing`, unless
 * somebody writes it. A part file without a journal that can be read is ours for sure only if it is that very file.
 */
export async function removeLeftovers(opening: Opening, existing: string): Promise<void> {
  const { world, destination, volume } = opening;
  const { files } = world;
  const finished = files.lookup(destination.folder, existing);
  const { leftovers, free } = survey(opening);
  const begun = free.filter((names) => hasTraces(opening, names)).map((names): Leftover => ({ names, part: files.lookup(destination.folder, names.part), journal: null }));
  let removed = 0;
  for (const leftover of [...leftovers, ...begun]) {
    const { names, part, journal } = leftover;
    const isFinished = volume.stableInodes && part !== null && part.inode === finished?.inode;
    const isBegun = begun.includes(leftover);
    if (journal === null && !isFinished && !isBegun) continue;
    const locked = takeLock(world, destination.folder, names.lock, '');
    if (locked.kind === 'held') continue;
    try {
      // An empty file may be somebody else's, put there since the lock was given back.
      if (isBegun && part !== null && !locked.inherited && !isTaken(opening, names.progressAside)) continue;
      // The journal goes last and alone: it tells whose the part file is.
      if (part !== null && (isBegun || isFinished || isOwn(opening, leftover, part))) {
        files.unlink(destination.folder, names.part);
        await syncFolder(opening);
      }
      removeJournals(files, destination.folder, names);
    } finally {
      releaseLock(world, destination.folder, names.lock);
    }
    removed++;
  }
  if (removed > 0) await syncFolder(opening);
}
