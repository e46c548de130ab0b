import { dirname } from 'node:path';
import type { FileTarget, SmallFile, SmallOutcome } from '#main/node/ports/receiver.ts';
import { pathIn } from '../path-in.ts';

/**
 * Many targets as one message to another thread, in columns: a message costs by the objects in it, and a small file as it
 * is would be ten of them.
 */
export interface PackedTargets {
  readonly folders: readonly { readonly base: string; readonly path: readonly string[] }[];
  readonly names: readonly string[];
  /** `numbersEach` for each target: folder, bytes, piece bytes, modified at, flags. */
  readonly numbers: Float64Array;
  /** 32 bytes each; zeros where there is none. */
  readonly roots: Uint8Array;
  /** By number of target; those that have none are missing. */
  readonly layers: ReadonlyMap<number, Uint8Array>;
}

/** With the bytes of the files, where they lie in shared memory. */
export interface PackedSmallFiles {
  readonly targets: PackedTargets;
  readonly buffers: readonly ArrayBufferLike[];
  /** Buffer, offset and length of each. */
  readonly places: Float64Array;
}

export interface PackedOutcomes {
  /** Real paths of the folders in which files lie under the very names they were to have. */
  readonly folders: readonly string[];
  /** For each file the number of its folder, or -1 when its outcome is another. */
  readonly folderOf: Int32Array;
  readonly others: ReadonlyMap<number, SmallOutcome>;
}

const rootBytes = 32;
const numbersEach = 5;
const flags = { executable: 1, root: 2, badRoot: 4, noName: 8 } as const;

/** Number of a value in a list that is mostly asked for the same one again. */
function numberIn<Value>(list: Value[], value: Value): number {
  const known = list.lastIndexOf(value);
  return known >= 0 ? known : list.push(value) - 1;
}

type FolderName = PackedTargets['folders'][number];

/** Whether a file is to lie in this folder. */
function isIn(folder: FolderName, { base, path }: FileTarget): boolean {
  if (folder.base !== base || folder.path.length !== Math.max(0, path.length - 1)) return false;
  for (let at = folder.path.length - 1; at >= 0; at--) if (folder.path[at] !== path[at]) return false;
  return true;
}

function folderNumber(folders: FolderName[], target: FileTarget): number {
  for (let at = folders.length - 1; at >= 0; at--) {
    const known = folders[at];
    if (known !== undefined && isIn(known, target)) return at;
  }
  return folders.push({ base: target.base, path: target.path.slice(0, -1) }) - 1;
}

export function packTargets(targets: readonly FileTarget[]): PackedTargets {
  const folders: FolderName[] = [];
  const numbers = new Float64Array(targets.length * numbersEach);
  const roots = new Uint8Array(targets.length * rootBytes);
  const layers = new Map<number, Uint8Array>();
  const names = targets.map((target, at) => {
    const { path, bytes, pieceBytes, root, layer, modifiedAt, executable } = target;
    const isRoot = root?.length === rootBytes;
    if (isRoot) roots.set(root, at * rootBytes);
    if (layer !== null) layers.set(at, layer);
    const flag = (executable ? flags.executable : 0) | (isRoot ? flags.root : root === null ? 0 : flags.badRoot) | (path.length === 0 ? flags.noName : 0);
    const first = at * numbersEach;
    numbers[first] = folderNumber(folders, target);
    numbers[first + 1] = bytes;
    numbers[first + 2] = pieceBytes;
    numbers[first + 3] = modifiedAt;
    numbers[first + 4] = flag;
    return path[path.length - 1] ?? '';
  });
  return { folders, names, numbers, roots, layers };
}

export function unpackTargets({ folders, names, numbers, roots, layers }: PackedTargets): FileTarget[] {
  return names.map((name, at) => {
    const first = at * numbersEach;
    const { base, path } = folders[numbers[first] ?? 0] ?? { base: '', path: [] };
    const [bytes, pieceBytes, modifiedAt, flag] = [numbers[first + 1] ?? 0, numbers[first + 2] ?? 0, numbers[first + 3] ?? 0, numbers[first + 4] ?? 0];
    const root = (flag & flags.root) !== 0 ? roots.subarray(at * rootBytes, (at + 1) * rootBytes) : (flag & flags.badRoot) !== 0 ? new Uint8Array(0) : null;
    return { base, path: (flag & flags.noName) !== 0 ? [] : [...path, name], bytes, pieceBytes, root, layer: layers.get(at) ?? null, modifiedAt, executable: (flag & flags.executable) !== 0 };
  });
}

export function packSmallFiles(files: readonly SmallFile[]): PackedSmallFiles {
  const buffers: ArrayBufferLike[] = [];
  const places = new Float64Array(files.length * 3);
  files.forEach(({ data }, at) => {
    places[at * 3] = numberIn(buffers, data.buffer);
    places[at * 3 + 1] = data.byteOffset;
    places[at * 3 + 2] = data.length;
  });
  return { targets: packTargets(files.map(({ target }) => target)), buffers, places };
}

export function unpackSmallFiles({ targets, buffers, places }: PackedSmallFiles): SmallFile[] {
  return unpackTargets(targets).map((target, at) => {
    const buffer = buffers[places[at * 3] ?? 0] ?? new ArrayBuffer(0);
    return { target, data: new Uint8Array(buffer, places[at * 3 + 1], places[at * 3 + 2]) };
  });
}

export function packOutcomes(outcomes: readonly SmallOutcome[], names: readonly string[]): PackedOutcomes {
  const folders: string[] = [];
  const folderOf = new Int32Array(outcomes.length).fill(-1);
  const others = new Map<number, SmallOutcome>();
  outcomes.forEach((outcome, at) => {
    const name = names[at] ?? '';
    const folder = outcome.kind === 'done' && !outcome.existed ? dirname(outcome.path) : null;
    if (outcome.kind !== 'done' || folder === null || pathIn(folder, name) !== outcome.path) others.set(at, outcome);
    else folderOf[at] = numberIn(folders, folder);
  });
  return { folders, folderOf, others };
}

/** `names`: the last components of the paths that were asked for. */
export function unpackOutcomes({ folders, folderOf, others }: PackedOutcomes, names: readonly string[]): SmallOutcome[] {
  return names.map((name, at) => {
    const folder = folders[folderOf[at] ?? -1];
    return folder === undefined ? (others.get(at) ?? { kind: 'error', error: { code: 'internal' } }) : { kind: 'done', path: pathIn(folder, name), existed: false };
  });
}
