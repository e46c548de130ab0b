import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { isInside } from '../../disk/is-inside.ts';
import { isMountAway, mountPointOf } from '../../disk/volume/mount-point.ts';
import { keyTable, type Store } from '../../disk/store/store.ts';
import { diskError, makeFolders } from '../data-dir.ts';

/** Where volumes begin that something was fetched to, or was to be. */
const mountPointsTable = keyTable('mount-points');

/** The folders that downloads go to, and what is known of the volumes that they lie on. Outlives the list of downloads. */
export class BaseFolders {
  readonly #store: Store;
  #mountPoints: Promise<Set<string>> | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  async note(mountPoint: string): Promise<void> {
    const known = await this.#known();
    if (known.has(mountPoint)) return;
    known.add(mountPoint);
    await this.#store.put(mountPointsTable, mountPoint, true);
  }

  /**
   * Makes a folder where it is missing, but not beneath the mount point of a volume that is away: that is waited for. Resolves with where its
   * volume begins; null: on the system's own. Rejects with `no-permission`, `disk-full`, `not-a-folder`, `disk-error`.
   */
  async prepare(base: string): Promise<string | null> {
    return (await this.#prepare(base)).mountPoint;
  }

  /** As `prepare`, for whom a volume that is away is a failure: rejects with `folder-gone`, too. */
  async make(base: string): Promise<void> {
    if ((await this.#prepare(base)).isAway) throw new AppError('folder-gone', { path: base });
  }

  async #prepare(base: string): Promise<{ readonly mountPoint: string | null; readonly isAway: boolean }> {
    try {
      const real = await realPathOf(base);
      const above = [...(await this.#known())].filter((mountPoint) => isInside(mountPoint, real));
      const away = above.find(isMountAway);
      if (away !== undefined) return { mountPoint: away, isAway: true };
      await makeFolders(base);
      const mountPoint = await mountPointOf(base);
      if (mountPoint !== null) await this.note(mountPoint);
      for (const noted of above) if (mountPoint === null || !isInside(noted, mountPoint)) await this.#forget(noted);
      return { mountPoint, isAway: false };
    } catch (error) {
      throw diskError(error, base);
    }
  }

  /** Nothing is mounted there, and files are in it: the user keeps there now what was on the volume. */
  async #forget(mountPoint: string): Promise<void> {
    (await this.#known()).delete(mountPoint);
    await this.#store.delete(mountPointsTable, mountPoint);
  }

  #known(): Promise<Set<string>> {
    return (this.#mountPoints ??= this.#store.keys(mountPointsTable).then((keys) => new Set(keys)));
  }
}

/** With all links on the way followed, as far as it is there. */
async function realPathOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return real;
  return dirname(path) === path ? path : join(await realPathOf(dirname(path)), basename(path));
}
