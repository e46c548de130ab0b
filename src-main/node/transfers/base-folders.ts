import { realpath } from 'node:fs/promises';
import { isInside } from '../../disk/destination.ts';
import { isMountAway, mountPointOf } from '../../disk/mount-point.ts';
import { diskError, makeFolders } from '../data-dir.ts';

/** The folders that downloads go to, and what is known of the volumes that they lie on. */
export class BaseFolders {
  /** Where volumes begin that something was fetched to. */
  readonly #mountPoints = new Set<string>();

  note(mountPoint: string | null): void {
    if (mountPoint !== null) this.#mountPoints.add(mountPoint);
  }

  /**
   * Makes a folder where it is missing, but not beneath the mount point of a volume that is away: that is waited for. Resolves with where its
   * volume begins; null: on the system's own. Rejects with `no-permission`, `disk-full`, `not-a-folder`, `disk-error`.
   */
  async prepare(base: string): Promise<string | null> {
    try {
      const real = await realpath(base).catch(() => base);
      const away = [...this.#mountPoints].find((mountPoint) => isInside(mountPoint, real) && isMountAway(mountPoint));
      if (away !== undefined) return away;
      await makeFolders(base);
      const mountPoint = await mountPointOf(base);
      this.note(mountPoint);
      return mountPoint;
    } catch (error) {
      throw diskError(error, base);
    }
  }
}
