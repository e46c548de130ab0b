import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#shared/errors.ts';
import { dataPaths, diskError, ensureDataDir } from './data-dir.ts';

/** One node per data directory, held until `release`. */
export interface DataDirLock {
  release(): Promise<void>;
}

const holderSchema = z.object({ pid: z.int().positive(), started: z.string() });

const errorCode = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/**
 * Takes the data directory for this process; a lock left by a process that is gone is taken over. Rejects with
 * `node-already-running`. Two nodes in one process exclude each other too.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  await ensureDataDir(dataDir);
  const file = dataPaths(dataDir).lock;
  const mine = `${JSON.stringify({ pid: process.pid, started: await processStart(process.pid) })}\n`;
  // Each round ends only when another process changed the lock meanwhile; twenty such changes mean it is alive.
  for (let round = 0; round < 20; round++) {
    if (await createExclusively(file, mine)) return { release: () => removeIfOurs(file, mine) };
    const found = await readIfThere(file);
    if (found === null) continue;
    if (await isHeld(found)) throw new AppError('node-already-running', { path: dataDir });
    await removeStale(file, found);
  }
  throw new AppError('node-already-running', { path: dataDir });
}

/** Written aside and linked into place, so that nobody ever reads half a lock. False when there is one already. */
async function createExclusively(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(aside, text, { mode: 0o600, flag: 'wx' });
    try {
      await link(aside, file);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      // No hard links on this volume: exclusive creation is the next best; a half-written lock counts as stale.
      if (errorCode(error) === 'ENOSPC' || errorCode(error) === 'EACCES') throw error;
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    } finally {
      await unlink(aside);
    }
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw diskError(error, file);
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw diskError(error, file);
  }
}

/**
 * Moves the stale lock away before deleting it: only one of several processes that saw it can, and whoever moved a
 * fresh lock by mistake sees so by its text and puts it back.
 */
async function removeStale(file: string, seen: string): Promise<void> {
  const aside = `${file}.stale-${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw diskError(error, file);
  }
  if ((await readFile(aside, 'utf8')) !== seen) {
    await link(aside, file).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw diskError(error, file);
    });
  }
  await unlink(aside);
}

async function removeIfOurs(file: string, mine: string): Promise<void> {
  if ((await readIfThere(file)) === mine) await unlink(file);
}

async function isHeld(text: string): Promise<boolean> {
  const holder = readHolder(text);
  if (holder === null || !isRunning(holder.pid)) return false;
  return holder.started === '' || holder.started === (await processStart(holder.pid));
}

function readHolder(text: string): z.infer<typeof holderSchema> | null {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: cut off while it was written, so its writer is gone.
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** When a process started, in clock ticks since boot; tells it from a later one with the same number. Empty when unknown. */
async function processStart(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything, so count from its end; the start time is field 22 (proc(5)).
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
