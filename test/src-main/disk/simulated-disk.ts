import type { FileState, Files, Folder, VolumeKind } from '#main/disk/files.ts';

/** A change of names that happens wholly or not at all. */
type NameChange = readonly { readonly name: string; readonly node: Node | null }[];
type Write = { readonly at: number; readonly data: Uint8Array } | { readonly length: number };

interface FileNode {
  readonly kind: 'file';
  readonly inode: bigint;
  content: Uint8Array;
  durable: Uint8Array;
  /** Since the last sync, in order. */
  writes: Write[];
  modifiedNs: bigint;
}
interface FolderNode {
  readonly kind: 'folder';
  readonly inode: bigint;
  readonly path: string;
  names: Map<string, Node>;
  durable: Map<string, Node>;
  changes: NameChange[];
}
type Node = FileNode | FolderNode;
interface SimulatedFolder extends Folder {
  readonly node: FolderNode;
}

export type Operation = Exclude<keyof Files, 'closeFolder' | 'whereIs'>;

export const systemError = (code: string): Error => Object.assign(new Error(code), { code });

function applied(content: Uint8Array, write: Write): Uint8Array {
  const length = 'length' in write ? write.length : Math.max(content.length, write.at + write.data.length);
  const next = length === content.length ? content.slice() : new Uint8Array(length);
  next.set(content.subarray(0, length));
  if ('data' in write) next.set(write.data, write.at);
  return next;
}

/**
 * A disk in memory with a cache that a power cut loses: every file and every folder has what is there and what is
 * durable. A cut keeps, beyond the durable state, any subset of the writes and name changes since the last sync, torn
 * writes included, which is more than real file systems do to us.
 */
export class SimulatedDisk {
  /** Asked before each operation: an error code makes it fail. */
  fault: (operation: Operation, name: string) => string | null = () => null;
  kind: VolumeKind = 'other';
  hasHoles = true;
  free = 2 ** 40;
  #inodes = 1n;
  readonly #root: FolderNode = this.#newFolder('/');
  #clock = 1_700_000_000_000_000_000n;
  #generation = 0;

  constructor() {
    this.#root.names.set('base', this.#newFolder('/base'));
    this.#root.durable.set('base', this.#folder('/base'));
  }

  #newFolder(path: string): FolderNode {
    return { kind: 'folder', inode: (this.#inodes += 1n), path, names: new Map(), durable: new Map(), changes: [] };
  }

  #folder(path: string): FolderNode {
    let node = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next = node.names.get(name);
      if (next === undefined) throw systemError('ENOENT');
      if (next.kind !== 'folder') throw systemError('ENOTDIR');
      node = next;
    }
    return node;
  }

  /** Names in a folder, sorted. */
  list(path = '/base'): string[] {
    return [...this.#folder(path).names.keys()].sort();
  }

  contentOf(path: string): Uint8Array {
    const cut = path.lastIndexOf('/');
    const node = this.#folder(path.slice(0, cut)).names.get(path.slice(cut + 1));
    if (node?.kind !== 'file') throw systemError('ENOENT');
    return node.content;
  }

  /** What somebody else deletes. */
  remove(path: string): void {
    const cut = path.lastIndexOf('/');
    const folder = this.#folder(path.slice(0, cut));
    folder.names.delete(path.slice(cut + 1));
    folder.durable.delete(path.slice(cut + 1));
  }

  /** What somebody else puts there, durably; `at` in milliseconds is when. */
  put(path: string, content: Uint8Array, at?: number): void {
    const cut = path.lastIndexOf('/');
    const folder = this.#folder(path.slice(0, cut));
    const node: FileNode = { kind: 'file', inode: (this.#inodes += 1n), content, durable: content, writes: [], modifiedNs: at === undefined ? (this.#clock += 1000n) : BigInt(at) * 1_000_000n };
    folder.names.set(path.slice(cut + 1), node);
    folder.durable.set(path.slice(cut + 1), node);
  }

  /** Changes one byte of a file behind everybody's back. */
  damage(path: string, at: number): void {
    const content = this.contentOf(path);
    content[at] = (content[at] ?? 0) ^ 1;
  }

  /** Ends every process; the system keeps what it has. */
  kill(): void {
    this.#generation++;
  }

  /** Ends every process and forgets what was not synced, but for a random part of it. */
  cutPower(random: () => number): void {
    this.kill();
    const seen = new Set<Node>();
    const cut = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.kind === 'file') {
        let content = node.durable;
        for (const write of node.writes) {
          if (random() < 0.5) continue;
          const torn = 'data' in write && random() < 0.3 ? { at: write.at, data: write.data.subarray(0, Math.floor(random() * write.data.length)) } : write;
          content = applied(content, torn);
        }
        Object.assign(node, { content, durable: content, writes: [], modifiedNs: (this.#clock += 1000n) });
        return;
      }
      const names = new Map(node.durable);
      for (const change of node.changes) {
        if (random() < 0.5) continue;
        for (const { name, node: child } of change) {
          if (child === null) names.delete(name);
          else names.set(name, child);
        }
      }
      Object.assign(node, { names, durable: new Map(names), changes: [] });
      for (const child of names.values()) cut(child);
    };
    cut(this.#root);
  }

  /** The disk as one process sees it, until it is killed. */
  process(): Files {
    const generation = this.#generation;
    const open = new Map<number, FileNode>();
    let lastFd = 2;

    const guard = (operation: Operation, name = ''): void => {
      if (generation !== this.#generation) throw systemError('EKILLED');
      const code = this.fault(operation, name);
      if (code !== null) throw systemError(code);
    };
    const fileOf = (fd: number): FileNode => {
      const node = open.get(fd);
      if (node === undefined) throw systemError('EBADF');
      return node;
    };
    const nameOf = (fd: number): string => {
      const node = fileOf(fd);
      const find = (folder: FolderNode): string | undefined => [...folder.names].find(([, child]) => child === node)?.[0] ?? [...folder.names.values()].map((child) => (child.kind === 'folder' ? find(child) : undefined)).find((name) => name !== undefined);
      return find(this.#root) ?? '';
    };
    const change = (folder: FolderNode, ...changes: NameChange): void => {
      for (const { name, node } of changes) {
        if (node === null) folder.names.delete(name);
        else folder.names.set(name, node);
      }
      folder.changes.push(changes);
    };
    const write = (node: FileNode, what: Write): void => {
      node.content = applied(node.content, what);
      node.writes.push(what);
      node.modifiedNs = this.#clock += 1000n;
    };
    const stateOf = (node: Node): FileState => ({
      kind: node.kind,
      bytes: node.kind === 'file' ? node.content.length : 0,
      allocatedBytes: node.kind === 'file' && !this.hasHoles ? node.content.length : 0,
      modifiedNs: node.kind === 'file' ? node.modifiedNs : 0n,
      device: 1n,
      inode: node.inode,
    });
    const existing = (folder: SimulatedFolder, name: string): Node => {
      const node = folder.node.names.get(name);
      if (node === undefined) throw systemError('ENOENT');
      return node;
    };
    const opened = (node: FileNode): number => {
      open.set(++lastFd, node);
      return lastFd;
    };
    const later = async (operation: Operation, name: string, work: () => void): Promise<void> => {
      guard(operation, name);
      await Promise.resolve();
      guard(operation, name);
      work();
    };
    const syncFile = (fd: number): void => {
      const node = fileOf(fd);
      node.durable = node.content;
      node.writes = [];
    };
    const asFolder = (node: FolderNode): SimulatedFolder => ({ path: node.path, node });

    const files: Files = {
      openFolder: (path) => {
        guard('openFolder', path);
        return asFolder(this.#folder(path));
      },
      openSubfolder: (folder: SimulatedFolder, name) => {
        guard('openSubfolder', name);
        const node = existing(folder, name);
        if (node.kind !== 'folder') throw systemError('ENOTDIR');
        return asFolder(node);
      },
      closeFolder: () => undefined,
      whereIs: (folder: SimulatedFolder) => folder.path,
      makeFolder: (folder: SimulatedFolder, name) => {
        guard('makeFolder', name);
        if (folder.node.names.has(name)) throw systemError('EEXIST');
        change(folder.node, { name, node: this.#newFolder(`${folder.path}/${name}`) });
      },
      syncFolder: (folder: SimulatedFolder) =>
        later('syncFolder', folder.path, () => {
          folder.node.durable = new Map(folder.node.names);
          folder.node.changes = [];
        }),
      lookup: (folder: SimulatedFolder, name) => {
        guard('lookup', name);
        const node = name === '.' ? folder.node : folder.node.names.get(name);
        return node === undefined ? null : stateOf(node);
      },
      create: (folder: SimulatedFolder, name) => {
        guard('create', name);
        if (folder.node.names.has(name)) throw systemError('EEXIST');
        const empty = new Uint8Array(0);
        const node: FileNode = { kind: 'file', inode: (this.#inodes += 1n), content: empty, durable: empty, writes: [], modifiedNs: (this.#clock += 1000n) };
        change(folder.node, { name, node });
        return opened(node);
      },
      open: (folder: SimulatedFolder, name) => {
        guard('open', name);
        const node = existing(folder, name);
        if (node.kind !== 'file') throw systemError('ELOOP');
        return opened(node);
      },
      close: (fd) => {
        guard('close');
        fileOf(fd);
        open.delete(fd);
      },
      stat: (fd) => {
        guard('stat');
        return stateOf(fileOf(fd));
      },
      read: (fd, buffer, position) => {
        guard('read', nameOf(fd));
        const part = fileOf(fd).content.subarray(position, position + Math.min(buffer.length, 50_000));
        buffer.set(part);
        return part.length;
      },
      write: (fd, data, position) => {
        guard('write', nameOf(fd));
        const part = data.slice(0, 50_000);
        write(fileOf(fd), { at: position, data: part });
        return part.length;
      },
      truncate: (fd, bytes) => {
        guard('truncate', nameOf(fd));
        if (fileOf(fd).content.length !== bytes) write(fileOf(fd), { length: bytes });
      },
      setModified: (fd, at) => {
        guard('setModified');
        fileOf(fd).modifiedNs = BigInt(at) * 1_000_000n;
      },
      setExecutable: () => guard('setExecutable'),
      syncData: (fd) => later('syncData', nameOf(fd), () => syncFile(fd)),
      sync: (fd) => later('sync', nameOf(fd), () => syncFile(fd)),
      link: (folder: SimulatedFolder, from, to) => {
        guard('link', to);
        if (folder.node.names.has(to)) throw systemError('EEXIST');
        change(folder.node, { name: to, node: existing(folder, from) });
      },
      rename: (folder: SimulatedFolder, from, to) => {
        guard('rename', to);
        change(folder.node, { name: to, node: existing(folder, from) }, { name: from, node: null });
      },
      unlink: (folder: SimulatedFolder, name) => {
        guard('unlink', name);
        existing(folder, name);
        change(folder.node, { name, node: null });
      },
      freeBytes: () => {
        guard('freeBytes');
        return this.free;
      },
      volumeKind: () => this.kind,
    };
    return files;
  }
}
