import { createHash } from 'node:crypto';

/** What lies on a simulated disk, with what of it is durable. Contents are never changed in place, so clones share them. */
export interface FileNode {
  readonly kind: 'file';
  readonly inode: bigint;
  content: Uint8Array;
  durable: Uint8Array;
  /** Since the last sync, in order. */
  writes: Write[];
  /** A sync failed and the system dropped what it should have written, but still shows it to readers. */
  isBehind: boolean;
  modifiedNs: bigint;
  readonly bornNs: bigint;
}
export interface FolderNode {
  readonly kind: 'folder';
  readonly inode: bigint;
  readonly path: string;
  names: Map<string, Node>;
  durable: Map<string, Node>;
  changes: NameChange[];
}
export type Node = FileNode | FolderNode;

/** A change of names that happens wholly or not at all. */
export type NameChange = readonly { readonly name: string; readonly node: Node | null }[];
export type Write = { readonly at: number; readonly data: Uint8Array } | { readonly length: number };

export function applied(content: Uint8Array, write: Write): Uint8Array {
  const length = 'length' in write ? write.length : Math.max(content.length, write.at + write.data.length);
  const next = new Uint8Array(length);
  next.set(content.length <= length ? content : content.subarray(0, length));
  if ('data' in write) next.set(write.data, write.at);
  return next;
}

export function changeNames(names: Map<string, Node>, change: NameChange): void {
  for (const { name, node } of change) {
    if (node === null) names.delete(name);
    else names.set(name, node);
  }
}

/** A copy that shares nothing that changes. Files with several names stay one file. */
export function cloneTree(root: FolderNode): FolderNode {
  const clones = new Map<Node, Node>();
  const cloneNames = (names: Map<string, Node>): Map<string, Node> => new Map([...names].map(([name, node]) => [name, clone(node)]));
  const cloneFolder = (node: FolderNode): FolderNode => {
    const copy: FolderNode = { ...node, names: new Map(), durable: new Map(), changes: [] };
    clones.set(node, copy);
    copy.names = cloneNames(node.names);
    copy.durable = cloneNames(node.durable);
    copy.changes = node.changes.map((change) => change.map(({ name, node: child }) => ({ name, node: child === null ? null : clone(child) })));
    return copy;
  };
  const clone = (node: Node): Node => {
    const known = clones.get(node);
    if (known !== undefined) return known;
    if (node.kind === 'folder') return cloneFolder(node);
    const copy: FileNode = { ...node, writes: [...node.writes] };
    clones.set(node, copy);
    return copy;
  };
  return cloneFolder(root);
}

/** Every node that is there or may come back, once. */
export function allNodes(root: FolderNode): Set<Node> {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'file') return;
    for (const child of node.names.values()) visit(child);
    for (const child of node.durable.values()) visit(child);
    for (const change of node.changes) for (const { node: child } of change) if (child !== null) visit(child);
  };
  visit(root);
  return seen;
}

const hashes = new WeakMap<Uint8Array, Buffer>();

function hashOf(content: Uint8Array): Buffer {
  const known = hashes.get(content);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(content).digest();
  hashes.set(content, hash);
  return hash;
}

/** A text that is the same for the same names and contents. */
export function digestOf(root: FolderNode): string {
  const hash = createHash('sha256');
  const visit = (folder: FolderNode): void => {
    for (const name of [...folder.names.keys()].sort()) {
      const node = folder.names.get(name);
      hash.update(`${folder.path}/${name} ${node?.kind} ${node?.kind === 'file' ? `${node.inode} ${node.content.length}` : ''}\n`);
      if (node?.kind === 'file') hash.update(hashOf(node.content));
      else if (node !== undefined) visit(node);
    }
  };
  visit(root);
  return hash.digest('base64');
}
