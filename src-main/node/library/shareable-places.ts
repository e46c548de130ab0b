import { lstat, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { isInside } from '#main/disk/is-inside.ts';
import { diskError } from '#main/disk/disk-error.ts';

/** Where a share may begin: anywhere but in the private folders, of which some may be shared all the same. */
export class ShareablePlaces {
  readonly #wanted: readonly string[];
  readonly #sharedInside: readonly string[];
  #private: readonly string[] = [];

  constructor(privatePaths: readonly string[], sharedInside: readonly string[]) {
    this.#wanted = privatePaths;
    this.#sharedInside = sharedInside;
  }

  /** Finds out where the private folders really are. Nothing is private before. */
  async start(): Promise<void> {
    this.#private = await Promise.all(this.#wanted.map((path) => realpath(path).catch(() => resolve(path))));
  }

  isPrivate(path: string): boolean {
    return this.#private.some((folder) => isInside(folder, path)) && !this.#sharedInside.some((folder) => isInside(folder, path));
  }

  /** Resolves links once, at the root: what is shared is a place on disk, whatever leads to it. Rejects with `bad-argument` where it is private, `not-shareable`, `file-missing`. */
  async rootAt(path: string): Promise<{ real: string; kind: 'file' | 'folder'; disk: string }> {
    try {
      const real = await realpath(resolve(path));
      const stats = await lstat(real, { bigint: true });
      if (this.isPrivate(real)) throw new AppError('bad-argument', { argument: 'path', detail: real });
      if (!stats.isFile() && !stats.isDirectory()) throw new AppError('not-shareable', { name: real });
      return { real, kind: stats.isFile() ? 'file' : 'folder', disk: String(stats.dev) };
    } catch (error) {
      throw diskError(error, path, 'file-missing');
    }
  }
}
