import type { Bytes } from '#shared/units.ts';

/** More than a receiver fetches at once, so that blocks of one file that come between those of others count it once. */
const remembered = 1024;

/**
 * Counts different files by their paths without remembering all of them: a file that comes again after 1,024 others counts
 * as another one. The same of their sizes.
 */
export class RecentFiles {
  /** Longest not sent first. */
  readonly #recent = new Set<string>();
  #last: string | null = null;
  #count = 0;
  #bytes: Bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** What they are together, whole. */
  get bytes(): Bytes {
    return this.#bytes;
  }

  /** A part of a file went out; `bytes`: what the file is, whole. */
  sent(path: string, bytes: Bytes): void {
    if (path === this.#last) return;
    this.#last = path;
    if (!this.#recent.delete(path)) {
      this.#count++;
      this.#bytes += bytes;
    }
    this.#recent.add(path);
    if (this.#recent.size <= remembered) return;
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest);
      return;
    }
  }
}
