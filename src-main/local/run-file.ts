import { readFile, rm, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { dataPaths, diskError } from '../node/data-dir.ts';
import { writeFileAtomic } from '../node/write-file-atomic.ts';

/** How the command line finds the node that serves a data directory, and what it must know to be let in. */
const runFileSchema = z.object({
  version: z.literal(1),
  pid: z.int().positive(),
  /** Path of a Unix socket, or name of a Windows pipe. */
  socket: z.string().min(1).max(400),
  /** 256 random bits in hex; only who can read the owner's files knows them. */
  token: z.string().regex(/^[0-9a-f]{64}$/),
});
export type RunFile = z.infer<typeof runFileSchema>;

/** Prefix of the folders under the system's temporary folder that hold sockets of data directories with long paths. */
export const socketFolderPrefix = 'distrishare-';
/** Name of the socket in such a folder. */
export const outsideSocketName = 's';

export const writeRunFile = (dataDir: string, run: RunFile): Promise<void> => writeFileAtomic(dataPaths(dataDir).run, `${JSON.stringify(run)}\n`);

/** Null when there is none, or one that a crash left unreadable. Rejects with `no-permission`, `disk-error`. */
export async function readRunFile(dataDir: string): Promise<RunFile | null> {
  const file = dataPaths(dataDir).run;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw diskError(error, file);
  }
  try {
    return runFileSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: as good as none.
    return null;
  }
}

/** Removes what a node leaves behind, be it ours at the end or that of one that was killed. Call only while holding the data directory. */
export async function removeRunFile(dataDir: string): Promise<void> {
  const run = await readRunFile(dataDir);
  await rm(dataPaths(dataDir).socket, { force: true });
  if (run !== null) await removeSocketFolder(run.socket);
  await unlink(dataPaths(dataDir).run).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw diskError(error, join(dataDir, 'run.json'));
  });
}

/** Removes a socket in a folder of its own and that folder, if nothing else is in it: what it says may be anybody's folder. */
async function removeSocketFolder(socket: string): Promise<void> {
  const folder = dirname(socket);
  if (basename(socket) !== outsideSocketName || dirname(folder) !== tmpdir() || !basename(folder).startsWith(socketFolderPrefix)) return;
  await rm(socket, { force: true });
  await rmdir(folder).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw diskError(error, folder);
  });
}
