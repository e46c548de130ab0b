import type { FileState, Files, Folder, VolumeKind } from '#main/disk/files.ts';
import { applied, changeNames, type FileNode, type FolderNode, type NameChange, type Node, type Write } from './simulated-nodes.ts';

export type Operation = Exclude<keyof Files, 'closeFolder' | 'whereIs'>;
/** Slow calls are asked about twice: when they begin and just before they have their effect. */
export type Phase = 'start' | 'effect';

/** The disk beneath, as far as these operations look at it. */
interface DiskBeneath {
  readonly fault: (operation: Operation, name: string, phase: Phase) => string | null;
  readonly done: (operation: Operation, name: string) => void;
  readonly dropsWhenSyncFails: boolean;
  readonly kind: VolumeKind;
  readonly keepsBirths: boolean;
  readonly hasHoles: boolean;
  readonly root: FolderNode;
  readonly generation: number;
  readonly handles: Set<object>;
  free: number;
  tick(): bigint;
  newFolder(path: string): FolderNode;
  newFile(content: Uint8Array): FileNode;
  folder(path: string): FolderNode;
}

interface SimulatedFolder extends Folder {
  readonly node: FolderNode;
  readonly token: object;
}

/** Reads and writes take at most this at once, as systems may. */
const mostAtOnce = 50_000;

/** Direct writes begin and end at multiples of it. */
const directUnit = 4096;

export const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** The disk as one process sees it. Handles that are used or closed after they were closed are errors. */
export function simulatedFiles(disk: DiskBeneath): Files {
  const { generation, handles } = disk;
  const open = new Map<number, { node: FileNode; token: object; isDirect: boolean }>();
  let lastFd = 2;

  const guard = (operation: Operation, name: string, phase: Phase = 'start'): string | null => {
    if (generation !== disk.generation) throw systemError('EKILLED');
    const code = disk.fault(operation, name, phase);
    if (generation !== disk.generation) throw systemError('EKILLED');
    if (code !== null && code !== 'short') throw systemError(code);
    return code;
  };
  const fileOf = (fd: number): FileNode => {
    const file = open.get(fd);
    if (file === undefined) throw systemError('EBADF');
    return file.node;
  };
  const folderOf = ({ node, token }: SimulatedFolder): FolderNode => {
    if (generation === disk.generation && !handles.has(token)) throw systemError('EBADF');
    return node;
  };
  const find = (node: FileNode, folder: FolderNode): string | undefined => {
    for (const [name, child] of folder.names) {
      const found = child === node ? name : child.kind === 'folder' ? find(node, child) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const isNamed = (node: FileNode): boolean => find(node, disk.root) !== undefined;
  const nameOf = (fd: number): string => find(fileOf(fd), disk.root) ?? '';
  const change = (folder: FolderNode, ...changes: NameChange): void => {
    changeNames(folder.names, changes);
    folder.changes.push(changes);
  };
  const write = (node: FileNode, what: Write): void => {
    node.content = applied(node.content, what);
    node.writes.push(what);
    node.modifiedNs = disk.tick();
  };
  const stateOf = (node: Node): FileState => ({
    kind: node.kind,
    bytes: node.kind === 'file' ? node.content.length : 0,
    allocatedBytes: node.kind === 'file' && !disk.hasHoles ? node.content.length : 0,
    modifiedNs: node.kind === 'file' ? node.modifiedNs : 0n,
    bornNs: node.kind === 'file' && disk.keepsBirths ? node.bornNs : 0n,
    device: 1n,
    inode: node.inode,
  });
  const existing = (folder: SimulatedFolder, name: string): Node => {
    const node = folderOf(folder).names.get(name);
    if (node === undefined) throw systemError('ENOENT');
    return node;
  };
  const opened = (node: FileNode, isDirect = false): number => {
    const token = {};
    handles.add(token);
    open.set(++lastFd, { node, token, isDirect });
    return lastFd;
  };
  const later = async (operation: Operation, name: string, work: () => void, failed: () => void): Promise<void> => {
    try {
      guard(operation, name);
      await Promise.resolve();
      guard(operation, name, 'effect');
    } catch (thrown) {
      if (generation === disk.generation && disk.dropsWhenSyncFails) failed();
      throw thrown;
    }
    work();
    disk.done(operation, name);
  };
  const syncFile = (node: FileNode): void => {
    node.durable = node.isBehind ? node.writes.reduce(applied, node.durable) : node.content;
    node.writes = [];
  };
  const dropWrites = (node: FileNode): void => {
    if (node.writes.length > 0) node.isBehind = true;
    node.writes = [];
  };
  const asFolder = (node: FolderNode): SimulatedFolder => {
    const token = {};
    handles.add(token);
    return { path: node.path, node, token };
  };
  /** A plain operation: asked about, done, told. */
  const at = <T>(operation: Operation, name: string, work: () => T): T => {
    guard(operation, name);
    const result = work();
    disk.done(operation, name);
    return result;
  };
  const sync = (operation: Operation, fd: number): Promise<void> => {
    const node = fileOf(fd);
    return later(operation, nameOf(fd), () => syncFile(node), () => dropWrites(node));
  };

  return {
    openFolder: (path) => at('openFolder', path, () => asFolder(disk.folder(path))),
    openSubfolder: (folder: SimulatedFolder, name) =>
      at('openSubfolder', name, () => {
        const node = existing(folder, name);
        if (node.kind !== 'folder') throw systemError('ENOTDIR');
        return asFolder(node);
      }),
    closeFolder: (folder: SimulatedFolder) => {
      folderOf(folder);
      handles.delete(folder.token);
    },
    whereIs: (folder: SimulatedFolder) => {
      const node = folderOf(folder);
      try {
        if (disk.folder(node.path) === node) return node.path;
      } catch {
        // Gone, as the system says it.
      }
      return `${node.path} (deleted)`;
    },
    makeFolder: (folder: SimulatedFolder, name) =>
      at('makeFolder', name, () => {
        if (folderOf(folder).names.has(name)) throw systemError('EEXIST');
        change(folder.node, { name, node: disk.newFolder(`${folder.path}/${name}`) });
      }),
    list: (folder: SimulatedFolder) => at('list', folder.path, () => [...folderOf(folder).names.keys()]),
    syncFolder: (folder: SimulatedFolder) =>
      later('syncFolder', folder.path, () => {
        folder.node.durable = new Map(folder.node.names);
        folder.node.changes = [];
      }, () => undefined),
    lookup: (folder: SimulatedFolder, name) =>
      at('lookup', name, () => {
        const node = name === '.' ? folderOf(folder) : folderOf(folder).names.get(name);
        return node === undefined ? null : stateOf(node);
      }),
    create: (folder: SimulatedFolder, name) =>
      at('create', name, () => {
        if (folderOf(folder).names.has(name)) throw systemError('EEXIST');
        const node = disk.newFile(new Uint8Array(0));
        change(folder.node, { name, node });
        return opened(node);
      }),
    open: (folder: SimulatedFolder, name) =>
      at('open', name, () => {
        const node = existing(folder, name);
        if (node.kind !== 'file') throw systemError('ELOOP');
        return opened(node);
      }),
    openDirect: (fd) => at('openDirect', nameOf(fd), () => opened(fileOf(fd), true)),
    isSteady: (fd) => at('isSteady', nameOf(fd), () => false),
    close: (fd) => {
      const file = open.get(fd);
      if (file === undefined) throw systemError('EBADF');
      open.delete(fd);
      handles.delete(file.token);
    },
    stat: (fd) => at('stat', '', () => stateOf(fileOf(fd))),
    isNamed: (fd) => at('isNamed', '', () => isNamed(fileOf(fd))),
    read: (fd, buffer, position) =>
      at('read', nameOf(fd), () => {
        const part = fileOf(fd).content.subarray(position, position + Math.min(buffer.length, mostAtOnce));
        buffer.set(part);
        return part.length;
      }),
    readLater: async (fd, buffer, position) => {
      const file = open.get(fd);
      guard('readLater', nameOf(fd));
      if (file?.isDirect === true && (position % directUnit !== 0 || buffer.length % directUnit !== 0)) throw systemError('EINVAL');
      await Promise.resolve();
      const node = fileOf(fd);
      // Past the cache one sees what the device has, with what is still to be written to it.
      const content = file?.isDirect === true && node.isBehind ? node.writes.reduce(applied, node.durable) : node.content;
      const part = content.subarray(position, position + buffer.length);
      buffer.set(part);
      return part.length;
    },
    write: (fd, data, position) => {
      const name = nameOf(fd);
      const short = guard('write', name) === 'short';
      const length = Math.min(mostAtOnce, short ? data.length >> 1 : data.length);
      write(fileOf(fd), { at: position, data: new Uint8Array(data.subarray(0, length)) });
      disk.done('write', name);
      return length;
    },
    writeLater: async (fd, data, position) => {
      const file = open.get(fd);
      const name = nameOf(fd);
      const short = guard('writeLater', name) === 'short';
      if (file?.isDirect === true && (position % directUnit !== 0 || data.length % directUnit !== 0)) throw systemError('EINVAL');
      await Promise.resolve();
      guard('writeLater', name, 'effect');
      const length = short ? data.length >> 1 : data.length;
      write(fileOf(fd), { at: position, data: new Uint8Array(data.subarray(0, length)) });
      disk.done('writeLater', name);
      return length;
    },
    truncate: (fd, bytes) =>
      at('truncate', nameOf(fd), () => {
        if (fileOf(fd).content.length !== bytes) write(fileOf(fd), { length: bytes });
      }),
    setModified: (fd, time) =>
      at('setModified', nameOf(fd), () => {
        fileOf(fd).modifiedNs = BigInt(time) * 1_000_000n;
      }),
    setExecutable: (fd) => at('setExecutable', nameOf(fd), () => undefined),
    syncData: (fd) => sync('syncData', fd),
    sync: (fd) => sync('sync', fd),
    link: (folder: SimulatedFolder, from, to) =>
      at('link', to, () => {
        if (folderOf(folder).names.has(to)) throw systemError('EEXIST');
        change(folder.node, { name: to, node: existing(folder, from) });
      }),
    rename: (folder: SimulatedFolder, from, to) =>
      at('rename', to, () => {
        const node = existing(folder, from);
        // POSIX: two names of one file are left as they are.
        if (folder.node.names.get(to) !== node) change(folder.node, { name: to, node }, { name: from, node: null });
      }),
    unlink: (folder: SimulatedFolder, name) =>
      at('unlink', name, () => {
        existing(folder, name);
        change(folder.node, { name, node: null });
      }),
    freeBytes: () => at('freeBytes', '', () => disk.free),
    volumeKind: () => disk.kind,
  };
}
