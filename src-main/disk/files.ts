import type { Bytes, Timestamp } from '#shared/units.ts';

/**
 * The one way to the disk for everything that receives. Names are single components, always relative to an opened
 * folder, so that a parent which turns into a link meanwhile leads nowhere. Failures are thrown as Node's system errors
 * (`code` ENOSPC, EEXIST …). Calls return when done, except the slow ones that wait for the device.
 */
export interface Files {
  /** Opens a folder by path, following links. */
  openFolder(path: string): Folder;
  /** Opens a folder inside another, following links: look at `path` of the result. */
  openSubfolder(folder: Folder, name: string): Folder;
  closeFolder(folder: Folder): void;
  /** Real path of an opened folder as it is now. */
  whereIs(folder: Folder): string;
  makeFolder(folder: Folder, name: string): void;
  /** Names of what lies in the folder, in no order. */
  list(folder: Folder): readonly string[];
  /** Makes names in the folder durable. */
  syncFolder(folder: Folder): Promise<void>;

  /** What has this name, links not followed; null when nothing has. */
  lookup(folder: Folder, name: string): FileState | null;
  /** Creates a file exclusively: EEXIST when anything has that name. */
  create(folder: Folder, name: string): number;
  /** Opens an existing plain file; never follows a link. */
  open(folder: Folder, name: string, access: 'read' | 'write'): number;
  /**
   * A second handle for an opened file, which writes to the device and reads from it without a copy in the system's cache; null where there
   * is no such way. What it takes is up to system and device (whole blocks, aligned memory): EINVAL says no to one call.
   */
  openDirect(fd: number): number | null;
  /** Whether the device of a file takes as long wherever the bytes lie; false also when nobody knows. */
  isSteady(fd: number): boolean;
  close(fd: number): void;
  stat(fd: number): FileState;
  /** Whether the file has a name left, wherever. To be trusted where a file can have several. */
  isNamed(fd: number): boolean;
  /** May read less than asked for; 0 at the end of the file. */
  read(fd: number, buffer: Uint8Array, position: Bytes): Bytes;
  /** As `read`, while this thread goes on. The buffer is not to be touched and the handle not to be closed until it is over. */
  readLater(fd: number, buffer: Uint8Array, position: Bytes): Promise<Bytes>;
  /** May write less than asked for. */
  write(fd: number, data: Uint8Array, position: Bytes): Bytes;
  /** As `write`, while this thread goes on. The data is not to be touched and the handle not to be closed until it is over. */
  writeLater(fd: number, data: Uint8Array, position: Bytes): Promise<Bytes>;
  truncate(fd: number, bytes: Bytes): void;
  setModified(fd: number, at: Timestamp): void;
  setExecutable(fd: number): void;
  /** Makes content durable. */
  syncData(fd: number): Promise<void>;
  /** Makes content, times and mode durable. */
  sync(fd: number): Promise<void>;

  /** Second name for a file; never replaces anything. */
  link(folder: Folder, from: string, to: string): void;
  /** Replaces what has the name `to`. */
  rename(folder: Folder, from: string, to: string): void;
  unlink(folder: Folder, name: string): void;

  freeBytes(folder: Folder): Bytes;
  /** Name of the file system, as far as it is known and matters: see `volume-kind.ts`. */
  volumeKind(folder: Folder): VolumeKind;
}

export interface Folder {
  /** Real path when it was opened. */
  readonly path: string;
}

export interface FileState {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly bytes: Bytes;
  readonly allocatedBytes: Bytes;
  readonly modifiedNs: bigint;
  /** When it was made; 0 where that is not known, or where numbers of files are never used again. */
  readonly bornNs: bigint;
  readonly device: bigint;
  readonly inode: bigint;
}

/** `memory`: gone with the power anyway. `loose-inodes`: inode numbers change while the file stays (FAT, network). */
export type VolumeKind = 'memory' | 'loose-inodes' | 'other';

/** Writes all of `data`; throws what the disk says, ENOSPC when it takes nothing any more. */
export function writeFully(files: Files, fd: number, data: Uint8Array, position: Bytes): void {
  for (let done = 0; done < data.length; ) {
    const written = files.write(fd, done === 0 ? data : data.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    done += written;
  }
}

/** Fills `buffer` as far as the file goes; returns how many bytes there were. */
export function readFully(files: Files, fd: number, buffer: Uint8Array, position: Bytes): Bytes {
  let done = 0;
  while (done < buffer.length) {
    const read = files.read(fd, done === 0 ? buffer : buffer.subarray(done), position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
