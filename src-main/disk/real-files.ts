import * as fs from 'node:fs';
import { join } from 'node:path';
import type { FileState, Files, Folder } from './files.ts';
import { isSteadyDevice } from './volume/steady-device.ts';
import { volumeKindFrom } from './volume/volume-kind.ts';

/** Linux: what is opened stays what it is, whatever happens to the names above it. */
const hasDescriptors = process.platform === 'linux' && fs.existsSync('/proc/self/fd');
/** By the number that this process has there, which `self` is a link to: to follow that is a tenth of what a small file costs. */
const descriptors = hasDescriptors ? `/proc/${fs.readlinkSync('/proc/self')}/fd` : '';

const { constants } = fs;
/** Not all systems have these; where `O_NOFOLLOW` is missing, the kind is checked before and after opening. */
const noFollow = constants.O_NOFOLLOW ?? 0;
const nonBlock = constants.O_NONBLOCK ?? 0;
const folderOnly = constants.O_DIRECTORY ?? 0;

/** Local file systems whose direct writes are what they should be: past the cache, and safe beside cached reads. */
const directKinds: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
]);

interface RealFolder extends Folder {
  /** Handle that holds the folder; null where folders cannot be opened. */
  readonly fd: number | null;
}

function kindOf(stat: fs.BigIntStats): FileState['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'folder';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

/** Windows counts how often a number was used, and gives a new file the birthday of one that had its name a moment ago. */
const numbersReturn = process.platform !== 'win32';

function stateOf(stat: fs.BigIntStats): FileState {
  return {
    kind: kindOf(stat),
    bytes: Number(stat.size),
    allocatedBytes: Number(stat.blocks) * 512,
    modifiedNs: stat.mtimeNs,
    bornNs: numbersReturn ? stat.birthtimeNs : 0n,
    device: stat.dev,
    inode: stat.ino,
  };
}

function openRealFolder(path: string): RealFolder {
  if (hasDescriptors) {
    const fd = fs.openSync(path, constants.O_RDONLY | folderOnly);
    return { fd, path: fs.readlinkSync(`${descriptors}/${fd}`) };
  }
  const real = fs.realpathSync.native(path);
  if (!fs.statSync(real).isDirectory()) throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR' });
  if (process.platform === 'win32') return { fd: null, path: real };
  return { fd: fs.openSync(real, constants.O_RDONLY | folderOnly | noFollow), path: real };
}

const atFolder = (folder: RealFolder, name: string): string =>
  hasDescriptors && folder.fd !== null ? `${descriptors}/${folder.fd}/${name}` : join(folder.path, name);

function openPlainFile(path: string, access: 'read' | 'write'): number {
  const fd = fs.openSync(path, (access === 'read' ? constants.O_RDONLY : constants.O_RDWR) | noFollow | nonBlock);
  const isPlain = fs.fstatSync(fd).isFile() && (noFollow !== 0 || fs.lstatSync(path).isFile());
  if (isPlain) return fd;
  fs.closeSync(fd);
  throw Object.assign(new Error(`${path} is no plain file`), { code: 'ELOOP' });
}

function openDirectly(fd: number): number | null {
  if (!hasDescriptors || constants.O_DIRECT === undefined) return null;
  const path = `${descriptors}/${fd}`;
  try {
    return directKinds.has(fs.statfsSync(path).type) ? fs.openSync(path, constants.O_RDWR | constants.O_DIRECT) : null;
  } catch {
    // Whatever refuses: the plain way is there.
    return null;
  }
}

const settled = (resolve: () => void, reject: (error: Error) => void) => (error: Error | null): void => (error === null ? resolve() : reject(error));

/** The disk of this machine. */
export const realFiles: Files = {
  openFolder: openRealFolder,
  openSubfolder: (folder: RealFolder, name) => openRealFolder(atFolder(folder, name)),
  closeFolder(folder: RealFolder) {
    if (folder.fd !== null) fs.closeSync(folder.fd);
  },
  whereIs: (folder: RealFolder) => (hasDescriptors && folder.fd !== null ? fs.readlinkSync(`${descriptors}/${folder.fd}`) : fs.realpathSync.native(folder.path)),
  makeFolder: (folder: RealFolder, name) => fs.mkdirSync(atFolder(folder, name)),
  list: (folder: RealFolder) => fs.readdirSync(atFolder(folder, '.')),
  syncFolder: (folder: RealFolder) =>
    new Promise((resolve, reject) => {
      if (folder.fd === null) reject(Object.assign(new Error('folders cannot be synced here'), { code: 'ENOTSUP' }));
      else fs.fsync(folder.fd, settled(resolve, reject));
    }),

  lookup(folder: RealFolder, name) {
    const stat = fs.lstatSync(atFolder(folder, name), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? null : stateOf(stat);
  },
  create: (folder: RealFolder, name) => fs.openSync(atFolder(folder, name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow, 0o666),
  open: (folder: RealFolder, name, access) => openPlainFile(atFolder(folder, name), access),
  openDirect: openDirectly,
  isSteady: (fd) => isSteadyDevice(fs.fstatSync(fd, { bigint: true }).dev),
  close: (fd) => fs.closeSync(fd),
  stat: (fd) => stateOf(fs.fstatSync(fd, { bigint: true })),
  isNamed: (fd) => fs.fstatSync(fd).nlink > 0,
  read: (fd, buffer, position) => fs.readSync(fd, buffer, 0, buffer.length, position),
  readLater: (fd, buffer, position) =>
    new Promise((resolve, reject) => fs.read(fd, buffer, 0, buffer.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))),
  write: (fd, data, position) => fs.writeSync(fd, data, 0, data.length, position),
  writeLater: (fd, data, position) =>
    new Promise((resolve, reject) => fs.write(fd, data, 0, data.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))),
  truncate: (fd, bytes) => fs.ftruncateSync(fd, bytes),
  setModified: (fd, at) => fs.futimesSync(fd, at / 1000, at / 1000),
  setExecutable(fd) {
    const mode = fs.fstatSync(fd).mode & 0o777;
    // Whoever may read it may start it, as a copy by hand would have it.
    fs.fchmodSync(fd, mode | ((mode & 0o444) >> 2));
  },
  syncData: (fd) => new Promise((resolve, reject) => fs.fdatasync(fd, settled(resolve, reject))),
  sync: (fd) => new Promise((resolve, reject) => fs.fsync(fd, settled(resolve, reject))),

  link: (folder: RealFolder, from, to) => fs.linkSync(atFolder(folder, from), atFolder(folder, to)),
  rename: (folder: RealFolder, from, to) => fs.renameSync(atFolder(folder, from), atFolder(folder, to)),
  unlink: (folder: RealFolder, name) => fs.unlinkSync(atFolder(folder, name)),

  freeBytes(folder: RealFolder) {
    const stat = fs.statfsSync(atFolder(folder, '.'));
    return stat.bavail * stat.bsize;
  },
  volumeKind: (folder: RealFolder) => volumeKindFrom(fs.statfsSync(atFolder(folder, '.'))),
};
