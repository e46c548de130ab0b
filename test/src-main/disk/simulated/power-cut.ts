import { allNodes, changeNames, type FileNode, type FolderNode, type Write } from './simulated-nodes.ts';

/** What a disk writes wholly or not at all. */
export const sectorBytes = 512;

/**
 * What a power cut keeps of what was not synced: chances between 0 and 1. For one name or one sector the last of several
 * kept changes wins, so keeping any subset in order gives every result that any order of writing back can give.
 */
export interface CutStyle {
  /** That a change of names is kept. */
  readonly names: number;
  /** That a write, or a sector of a torn write, is kept. */
  readonly data: number;
  /** That a write is torn into sectors, each kept or lost by itself. */
  readonly torn: number;
  /** That a lost write leaves its file as long as if it had happened: with zeros, or with blocks of deleted files. */
  readonly length: number;
}

export const cutStyles: Readonly<Record<string, CutStyle>> = {
  nothing: { names: 0, data: 0, torn: 0, length: 0 },
  everything: { names: 1, data: 1, torn: 0, length: 0 },
  names: { names: 1, data: 0, torn: 0, length: 0.5 },
  data: { names: 0, data: 1, torn: 0, length: 0 },
  some: { names: 0.5, data: 0.5, torn: 0.5, length: 0.3 },
  most: { names: 0.85, data: 0.85, torn: 0.7, length: 0.5 },
  few: { names: 0.2, data: 0.2, torn: 0.5, length: 0.3 },
};

class Platter {
  readonly bytes: Uint8Array;
  length: number;

  constructor(node: FileNode) {
    const most = node.writes.reduce((longest, write) => Math.max(longest, 'length' in write ? write.length : write.at + write.data.length), node.durable.length);
    this.bytes = new Uint8Array(most);
    this.bytes.set(node.durable);
    this.length = node.durable.length;
  }

  setLength(length: number): void {
    if (length < this.length) this.bytes.fill(0, length, this.length);
    this.length = length;
  }

  put(at: number, data: Uint8Array): void {
    this.bytes.set(data, at);
    this.length = Math.max(this.length, at + data.length);
  }
}

function keepPartOf(platter: Platter, write: Write, style: CutStyle, random: () => number, stale: Uint8Array): void {
  if ('length' in write) {
    if (random() < style.data) platter.setLength(write.length);
    return;
  }
  const { at, data } = write;
  const end = at + data.length;
  if (random() < style.length && end > platter.length) {
    const from = platter.length;
    platter.setLength(end);
    // Blocks that a file got but that were never written may still hold what a deleted file had there.
    if (random() < 0.3) for (let to = from; to < end && stale.length > 0; to++) platter.bytes[to] = stale[to % stale.length] ?? 0;
  }
  if (random() >= style.torn) {
    if (random() < style.data) platter.put(at, data);
    return;
  }
  for (let from = at; from < end; ) {
    const to = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
    if (random() < style.data) platter.put(from, data.subarray(from - at, to - at));
    from = to;
  }
}

/** Changes a tree into what may be found after the power was cut; `now` is the time stamp of all that was not synced. */
export function cutPower(root: FolderNode, style: CutStyle, random: () => number, now: bigint): void {
  const nodes = [...allNodes(root)];
  const contents = nodes.filter((node) => node.kind === 'file' && node.content.length > 0);
  const some = contents[Math.floor(random() * contents.length)];
  const stale = some?.kind === 'file' ? some.content : new Uint8Array(0);
  for (const node of nodes) {
    if (node.kind === 'file') {
      if (node.writes.length === 0 && !node.isBehind) continue;
      const platter = new Platter(node);
      for (const write of node.writes) keepPartOf(platter, write, style, random, stale);
      const content = new Uint8Array(platter.bytes.subarray(0, platter.length));
      Object.assign(node, { content, durable: content, writes: [], isBehind: false, modifiedNs: now });
      continue;
    }
    const names = new Map(node.durable);
    for (const change of node.changes) if (random() < style.names) changeNames(names, change);
    Object.assign(node, { names, durable: new Map(names), changes: [] });
  }
}
