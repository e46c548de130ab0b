import { chmod, mkdir, stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { homedir, platform, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { AppError } from '#shared/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What HOME says, or the system where that is empty or no whole path: otherwise a start from each other folder would be another device. */
const ownHome = (): string => (isAbsolute(homedir()) ? homedir() : userInfo().homedir);

/** Where a node keeps everything of its own when nobody says `--data`: the platform's folder for application data. */
export function defaultDataDir(env: Env = process.env, system: NodeJS.Platform = platform(), home: string = ownHome()): string {
  if (system === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'DistriShare');
  if (system === 'darwin') return join(home, 'Library', 'Application Support', 'DistriShare');
  const xdg = env['XDG_DATA_HOME'];
  return join(xdg !== undefined && xdg.startsWith('/') ? xdg : join(home, '.local', 'share'), 'distrishare');
}

/** Folder for downloads: a folder of our own inside the user's, which XDG lets them move (user-dirs.dirs). */
export function defaultDownloadDir(env: Env = process.env, system: NodeJS.Platform = platform(), home: string = ownHome()): string {
  return join(system === 'linux' ? xdgDownloadDir(env, home) : join(home, 'Downloads'), 'DistriShare');
}

function xdgDownloadDir(env: Env, home: string): string {
  const file = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'user-dirs.dirs');
  try {
    const match = /^XDG_DOWNLOAD_DIR="(?:\$HOME\/)?([^"]+)"$/m.exec(readFileSync(file, 'utf8'));
    if (match?.[1] !== undefined) return resolve(home, match[1]);
  } catch {
    // Most systems have no such file; then the usual name holds.
  }
  return join(home, 'Downloads');
}

/** Paths inside a data directory that more than one part needs. */
export const dataPaths = (dataDir: string) => ({
  settings: join(dataDir, 'settings.json'),
  run: join(dataDir, 'run.json'),
  lock: join(dataDir, 'lock'),
  socket: join(dataDir, 'node.sock'),
  outbox: join(dataDir, 'outbox'),
}) as const;

/** Creates the data directory, readable by its owner only. Rejects with `no-permission`, `disk-full` or `disk-error`. */
export async function ensureDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolders(dataDir, 0o700);
  } catch (error) {
    throw diskError(error, dataDir);
  }
}

/** Takes away what copying or a restore from a backup may have opened to others. Windows and some volumes have no such bits. */
export async function closeToOthers(folder: string): Promise<void> {
  if (platform() !== 'win32') await chmod(folder, 0o700).catch((error: unknown) => { if (!isUnsupported(error)) throw diskError(error, folder); });
}

const isUnsupported = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOTSUP' || error.code === 'EPERM' || error.code === 'ENOSYS');

/** One folder after the other: Node's own recursive mkdir never returns where folders cannot be made, as below /proc. */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolders(dirname(path), mode);
  await mkdir(path, { mode }).catch(async (error: unknown) => {
    if (!(await isFolder(path))) throw error;
  });
}

const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false);

/** A file system error as one a user may meet. */
export function diskError(error: unknown, path: string): AppError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const known = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'no-permission' : code === 'ENOSPC' ? 'disk-full' : code === 'ENOTDIR' || code === 'EEXIST' ? 'not-a-folder' : 'disk-error';
  return new AppError(known, { path }, { cause: error });
}
