import type { Files, VolumeKind } from '#main/disk/files.ts';
import { cutPower, cutStyles, type CutStyle } from './power-cut.ts';
import { simulatedFiles, systemError, type Operation, type Phase } from './simulated-files.ts';
import { cloneTree, digestOf, type FileNode, type FolderNode, type Node } from './simulated-nodes.ts';

/**
 * A disk in memory with a cache that a power cut loses: every file and every folder has what is there and what is
 * durable. A cut keeps, beyond the durable state, any subset of the writes (by sector) and name changes since the last
 * sync, which is more than real file systems do to us.
 */
export class SimulatedDisk {
  /** Asked before each operation: an error code makes it fail, `short` makes a write take half. */
  fault: (operation: Operation, name: string, phase: Phase) => string | null = () => null;
  /** Told of each operation that succeeded. */
  done: (operation: Operation, name: string) => void = () => undefined;
  /** A sync that fails drops what it should have written, as Linux does, and readers do not notice. */
  dropsWhenSyncFails = false;
  kind: VolumeKind = 'other';
  /** The volume keeps when a file was made. */
  keepsBirths = true;
  hasHoles = true;
  free = 2 ** 40;
  readonly #handles = new Set<object>();
  #inodes = 1n;
  #root: FolderNode = this.newFolder('/');
  #clock = 1_700_000_000_000_000_000n;
  #generation = 0;

  constructor() {
    this.#root.names.set('base', this.newFolder('/base'));
    this.#root.durable.set('base', this.folder('/base'));
  }

  get root(): FolderNode {
    return this.#root;
  }

  /** Goes up whenever all processes end. */
  get generation(): number {
    return this.#generation;
  }

  /** Files and folders that processes hold open. */
  get handles(): Set<object> {
    return this.#handles;
  }

  /** The time, a little later each time. */
  tick(): bigint {
    return (this.#clock += 1000n);
  }

  newFolder(path: string): FolderNode {
    return { kind: 'folder', inode: (this.#inodes += 1n), path, names: new Map(), durable: new Map(), changes: [] };
  }

  newFile(content: Uint8Array, inode = (this.#inodes += 1n)): FileNode {
    const now = this.tick();
    return { kind: 'file', inode, content, durable: content, writes: [], isBehind: false, modifiedNs: now, bornNs: now };
  }

  folder(path: string): FolderNode {
    let node = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next = node.names.get(name);
      if (next === undefined) throw systemError('ENOENT');
      if (next.kind !== 'folder') throw systemError('ENOTDIR');
      node = next;
    }
    return node;
  }

  /** What has a path, or undefined. */
  at(path: string): Node | undefined {
    const cut = path.lastIndexOf('/');
    return this.folder(path.slice(0, cut)).names.get(path.slice(cut + 1));
  }

  /** Names in a folder, sorted. */
  list(path = '/base'): string[] {
    return [...this.folder(path).names.keys()].sort();
  }

  contentOf(path: string): Uint8Array {
    const node = this.at(path);
    if (node?.kind !== 'file') throw systemError('ENOENT');
    return node.content;
  }

  /** Another disk in the same state, its processes ended. */
  clone(): SimulatedDisk {
    const copy = new SimulatedDisk();
    copy.#root = cloneTree(this.#root);
    copy.#inodes = this.#inodes;
    copy.#clock = this.#clock;
    copy.kind = this.kind;
    copy.keepsBirths = this.keepsBirths;
    copy.hasHoles = this.hasHoles;
    copy.dropsWhenSyncFails = this.dropsWhenSyncFails;
    return copy;
  }

  /** The same for the same names and contents. */
  digest(): string {
    return digestOf(this.#root);
  }

  /** What somebody else deletes. */
  remove(path: string): void {
    const cut = path.lastIndexOf('/');
    const folder = this.folder(path.slice(0, cut));
    folder.names.delete(path.slice(cut + 1));
    folder.durable.delete(path.slice(cut + 1));
  }

  /** What somebody else puts there, durably; `at` in milliseconds is when. */
  put(path: string, content: Uint8Array, at?: number): void {
    const cut = path.lastIndexOf('/');
    const folder = this.folder(path.slice(0, cut));
    const node = this.newFile(content);
    if (at !== undefined) node.modifiedNs = BigInt(at) * 1_000_000n;
    folder.names.set(path.slice(cut + 1), node);
    folder.durable.set(path.slice(cut + 1), node);
  }

  /** What somebody else puts in the place of a file that nobody has open: it gets the number that has just become free. */
  putInstead(path: string, content: Uint8Array): void {
    const cut = path.lastIndexOf('/');
    const folder = this.folder(path.slice(0, cut));
    const node = this.newFile(content, this.at(path)?.inode);
    folder.names.set(path.slice(cut + 1), node);
    folder.durable.set(path.slice(cut + 1), node);
  }

  /** What somebody else writes into a file that is there, durably. */
  overwrite(path: string, content: Uint8Array): void {
    const node = this.at(path);
    if (node?.kind !== 'file') throw systemError('ENOENT');
    Object.assign(node, { content, durable: content, writes: [], modifiedNs: this.tick() });
  }

  /** A folder that somebody else makes, durably. */
  putFolder(path: string): void {
    const cut = path.lastIndexOf('/');
    const parent = this.folder(path.slice(0, cut));
    const node = this.newFolder(path);
    parent.names.set(path.slice(cut + 1), node);
    parent.durable.set(path.slice(cut + 1), node);
  }

  /** Changes one byte of a file behind everybody's back. */
  damage(path: string, at: number): void {
    const node = this.at(path);
    if (node?.kind !== 'file') throw systemError('ENOENT');
    node.content = new Uint8Array(node.content);
    node.content[at] = (node.content[at] ?? 0) ^ 1;
  }

  /** Ends every process; the system keeps what it has. */
  kill(): void {
    this.#generation++;
    this.#handles.clear();
  }

  /** Ends every process and forgets what was not synced, but for a random part of it. */
  cutPower(random: () => number, style: CutStyle = cutStyles['some'] ?? { names: 0, data: 0, torn: 0, length: 0 }): void {
    this.kill();
    cutPower(this.#root, style, random, this.tick());
  }

  /** The disk as one process sees it, until it is killed. */
  process(): Files {
    return simulatedFiles(this);
  }
}
