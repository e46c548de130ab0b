import type { Millis, Timestamp } from '#shared/units.ts';
import { systemCode } from '../disk-error.ts';
import { readFully, writeFully, type Files, type Folder } from '../files.ts';

/** One thread that writes files, as others can tell whether it still does. */
export interface Writer {
  /** Random, one for each receiving thread. */
  readonly token: string;
  readonly pid: number;
  readonly start: string | null;
  readonly boot: string | null;
}

export interface LockHolder extends Writer {
  /** What is being written: hex of the root, or empty while it is not known. */
  readonly content: string;
}

const lockBytes = 1024;
const isText = (value: unknown, longest: number): value is string => typeof value === 'string' && value.length <= longest;

/** Read by hand: a schema would take this thread half as long to begin as all the rest of it. Null when it is no holder. */
function holderOf(stored: unknown): LockHolder | null {
  if (typeof stored !== 'object' || stored === null) return null;
  if (!('token' in stored && 'pid' in stored && 'start' in stored && 'boot' in stored && 'content' in stored)) return null;
  const { token, pid, start, boot, content } = stored;
  if (!isText(token, 64) || !isText(content, 64) || typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if ((start !== null && !isText(start, 32)) || (boot !== null && !isText(boot, 64))) return null;
  return { token, pid, start, boot, content };
}

function readHolder(files: Files, folder: Folder, name: string): LockHolder | 'none' | 'unreadable' {
  let fd: number;
  try {
    fd = files.open(folder, name, 'read');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return 'none';
    throw thrown;
  }
  try {
    const buffer = new Uint8Array(lockBytes);
    const text = new TextDecoder().decode(buffer.subarray(0, readFully(files, fd, buffer, 0)));
    return holderOf(JSON.parse(text)) ?? 'unreadable';
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return 'unreadable';
    throw thrown;
  } finally {
    files.close(fd);
  }
}

export type LockOutcome =
  | { readonly kind: 'taken'; /** A writer that died left its lock: what lies here is ours to clean. */ readonly inherited: boolean }
  /** `content` is null when the holder has not said yet what it writes. */
  | { readonly kind: 'held'; readonly content: string | null };

/** A lock file without readable content is one that is just being written, for this long. */
const writingMs = 10_000;

export interface LockWorld {
  readonly files: Files;
  readonly writer: Writer;
  readonly runs: (holder: LockHolder) => boolean;
  readonly now: () => Timestamp;
  /** Calls back once; returns how to call it off. */
  readonly later: (ms: Millis, call: () => void) => () => void;
}

/** A lock that could not be deleted (disk unplugged, read-only) is tried again after this time. */
const releaseAgainMs = 5000;

function createLock({ files, writer }: LockWorld, folder: Folder, name: string, content: string): boolean {
  let fd: number;
  try {
    fd = files.create(folder, name);
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
  try {
    writeFully(files, fd, new TextEncoder().encode(JSON.stringify({ ...writer, content })), 0);
    return true;
  } catch (thrown) {
    files.unlink(folder, name);
    throw thrown;
  } finally {
    files.close(fd);
  }
}

function isBeingWritten({ files, now }: LockWorld, folder: Folder, name: string): boolean {
  const state = files.lookup(folder, name);
  // A time stamp far in the future is that of a clock that was set back since.
  return state !== null && Math.abs(now() - Number(state.modifiedNs / 1_000_000n)) < writingMs;
}

/** Moves a dead writer's lock aside and deletes it. If somebody else took over in between, theirs is put back. */
function removeStale({ files, writer }: LockWorld, folder: Folder, name: string, stale: LockHolder | 'unreadable'): boolean {
  const aside = `${name}~${writer.token}`;
  try {
    files.rename(folder, name, aside);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return false;
    throw thrown;
  }
  const moved = readHolder(files, folder, aside);
  const isSame = typeof moved === 'string' ? moved === stale : typeof stale !== 'string' && moved.token === stale.token;
  if (isSame) files.unlink(folder, aside);
  else files.rename(folder, aside, name);
  return isSame;
}

/**
 * Takes the lock file `name`, made exclusively; `content` says what is being written. A lock whose writer no longer runs
 * is taken over. Throws system errors.
 */
export function takeLock(world: LockWorld, folder: Folder, name: string, content: string): LockOutcome {
  let inherited = false;
  while (!createLock(world, folder, name, content)) {
    const holder = readHolder(world.files, folder, name);
    if (holder === 'none') continue;
    if (holder === 'unreadable' ? isBeingWritten(world, folder, name) : world.runs(holder)) {
      return { kind: 'held', content: holder === 'unreadable' ? null : holder.content };
    }
    inherited = removeStale(world, folder, name, holder) || inherited;
  }
  return { kind: 'taken', inherited };
}

/**
 * Gives a lock of ours back. When the disk refuses, it is tried again until it works, because as long as we run nobody else
 * takes our lock for a dead writer's.
 */
export function releaseLock(world: LockWorld, folder: Folder, name: string): void {
  try {
    world.files.unlink(folder, name);
  } catch (thrown) {
    if (systemCode(thrown) === null) throw thrown;
    if (systemCode(thrown) !== 'ENOENT') world.later(releaseAgainMs, () => { releaseAgain(world, folder.path, name); });
  }
}

function releaseAgain(world: LockWorld, path: string, name: string): void {
  try {
    const folder = world.files.openFolder(path);
    try {
      const holder = readHolder(world.files, folder, name);
      if (typeof holder !== 'string' && holder.token === world.writer.token) world.files.unlink(folder, name);
    } finally {
      world.files.closeFolder(folder);
    }
  } catch (thrown) {
    if (systemCode(thrown) === null) throw thrown;
    world.later(releaseAgainMs, () => { releaseAgain(world, path, name); });
  }
}
