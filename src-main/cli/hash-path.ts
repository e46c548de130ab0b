import { join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { contentIdOf } from '#shared/ids.ts';
import type { ContentId } from '#shared/ids.ts';
import { compareNames } from '#shared/protocol/manifest.ts';
import { KiB } from '#shared/units.ts';
import type { Bytes } from '#shared/units.ts';
import { ManifestBuilder } from '../core/content/manifest-tree.ts';
import { observe, observeFolder } from '../disk/observe.ts';
import type { Observed } from '../disk/observe.ts';
import { createOwnHasher } from '../disk/hash/own-hasher.ts';
import { sha256 } from '../disk/hash/sha256.ts';
import type { Hasher } from '../node/ports/hasher.ts';

export interface HashedPath {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly contentId: ContentId;
  readonly bytes: Bytes;
  readonly files: number;
  /** What cannot be shared and so is not part of the folder's content. */
  readonly skipped: readonly string[];
}

interface HashOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: Bytes, name: string) => void;
}

type FilesHasher = Pick<Hasher, 'hashFile' | 'hashFiles'>;

interface Hashed {
  readonly root: Uint8Array;
  readonly bytes: Bytes;
  readonly files: number;
}

/** Content id of a file or folder, the same as sharing it gives. Rejects with `file-missing`, `no-permission`, `file-changed`, `cancelled`. */
export async function hashPath(path: string, options: HashOptions): Promise<HashedPath> {
  const seen = await observe(path);
  if (seen.kind === 'problem') throw new AppError(seen.error.code, { path });
  if (seen.kind === 'absent') throw new AppError('file-missing', { path });
  const hasher = createOwnHasher();
  const walk = new HashWalk(hasher, options);
  try {
    const hashed = seen.kind === 'folder' ? await walk.folder(path) : await walk.file(path);
    return { path, kind: seen.kind, contentId: contentIdOf(hashed.root), bytes: hashed.bytes, files: hashed.files, skipped: walk.skipped };
  } finally {
    await hasher.close();
  }
}

/** Small files are hashed in batches. */
const smallFileBytes = 256 * KiB;
const filesPerTrip = 256;

/** One walk through a tree; memory is bounded by the largest folder. */
class HashWalk {
  readonly skipped: string[] = [];
  readonly #hasher: FilesHasher;
  readonly #options: HashOptions;
  #doneBytes = 0;

  constructor(hasher: FilesHasher, options: HashOptions) {
    this.#hasher = hasher;
    this.#options = options;
  }

  async file(path: string): Promise<Hashed> {
    const { signal, onProgress } = this.#options;
    const before = this.#doneBytes;
    const { root, bytes } = await this.#hasher.hashFile(path, { signal, onProgress: (done) => { onProgress(before + done, path); } });
    this.#doneBytes = before + bytes;
    return { root, bytes, files: 1 };
  }

  async folder(path: string): Promise<Hashed> {
    const entries = await this.#list(path);
    const small = await this.#smallFiles(path, entries.filter(({ state }) => state.kind === 'file' && state.bytes <= smallFileBytes).map(({ name }) => name));
    const builder = new ManifestBuilder(sha256);
    let bytes = 0;
    let files = 0;
    for (const { name, state } of entries) {
      const below = join(path, name);
      const hashed = small.get(name) ?? (state.kind === 'folder' ? await this.folder(below) : await this.file(below));
      builder.add({ kind: state.kind, name, bytes: hashed.bytes, root: hashed.root });
      bytes += hashed.bytes;
      files += hashed.files;
    }
    return { root: builder.finish(files, bytes).id, bytes, files };
  }

  /** What of a folder is shareable, in the order of a manifest. */
  async #list(path: string): Promise<{ name: string; state: Extract<Observed, { kind: 'file' | 'folder' }> }[]> {
    const entries: { name: string; state: Extract<Observed, { kind: 'file' | 'folder' }> }[] = [];
    for await (const batch of observeFolder(path, this.#options.signal)) {
      for (const [name, state] of batch) {
        if (state.kind === 'problem') this.skipped.push(join(path, name));
        else if (state.kind !== 'absent') entries.push({ name, state });
      }
    }
    return entries.sort((a, b) => compareNames(a.name, b.name));
  }

  async #smallFiles(folder: string, names: readonly string[]): Promise<Map<string, Hashed>> {
    const found = new Map<string, Hashed>();
    for (let from = 0; from < names.length; from += filesPerTrip) {
      const some = names.slice(from, from + filesPerTrip);
      const results = await this.#hasher.hashFiles(some.map((name) => join(folder, name)), { signal: this.#options.signal });
      for (const [at, name] of some.entries()) {
        const result = results[at];
        if (result === undefined) throw new AppError('internal', { detail: 'a hash is missing' });
        if ('error' in result) throw new AppError(result.error, { path: join(folder, name) });
        found.set(name, { root: result.root, bytes: result.bytes, files: 1 });
        this.#doneBytes += result.bytes;
      }
      this.#options.onProgress(this.#doneBytes, folder);
    }
    return found;
  }
}
