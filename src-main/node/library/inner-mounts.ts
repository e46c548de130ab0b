import { existsSync } from 'node:fs';
import { isMountAway, isMountPoint } from '#main/disk/volume/mount-point.ts';
import { onDisk, parentOf } from './tables.ts';

/** A share holds more of them only by mistake; the others are folders like all. */
const mostKept = 256;

export interface MountsOutside {
  /** Where the share lies on disk. */
  readonly root: string;
  /** Those that are known have changed. */
  save(mounts: string[]): Promise<void>;
  /** One went away, or came back. */
  moved(): void;
}

/**
 * Folders of one share at which other volumes begin. What is listed of one that is away is not gone but out of reach, so it stays. A
 * volume is away while nothing is mounted where it was and no file lies there, or the folder itself is gone from where it was, as
 * systems do that make it for the drive.
 */
export class InnerMounts {
  readonly #outside: MountsOutside;
  readonly #known: Set<string>;
  readonly #away = new Set<string>();

  constructor(known: readonly string[], outside: MountsOutside) {
    this.#known = new Set(known);
    this.#outside = outside;
  }

  /** Those that were away when they were last looked for. */
  get away(): readonly string[] {
    return [...this.#away].toSorted();
  }

  /** Whether what lies at a path is on a volume that is away now. */
  isAway(path: string): boolean {
    for (const mount of this.#known) if ((path === mount || path.startsWith(`${mount}/`)) && this.#look(mount)) return true;
    return false;
  }

  /** Looks for those that were away; returns whether one is back. */
  hasOneBack(): boolean {
    return this.away.filter((mount) => !this.#look(mount)).length > 0;
  }

  /** A folder is seen, on the same volume as the one that it lies in or on another one. Returns whether what lies in it is what is there to list. */
  async seen(path: string, isOther: boolean): Promise<boolean> {
    if (isOther === this.#known.has(path)) return !isOther || !this.#look(path);
    if (!isOther) {
      if (this.#look(path)) return false;
      this.#known.delete(path);
    } else {
      if (this.#known.size >= mostKept || !(await isMountPoint(onDisk(this.#outside.root, path)))) return true;
      this.#known.add(path);
    }
    await this.#outside.save([...this.#known]);
    return true;
  }

  #look(mount: string): boolean {
    const isAway = this.#isAwayNow(mount);
    if (isAway === this.#away.has(mount)) return isAway;
    if (isAway) this.#away.add(mount);
    else this.#away.delete(mount);
    this.#outside.moved();
    return isAway;
  }

  /** Without the folder that it was mounted in nobody misses it, unless that one is away, too. */
  #isAwayNow(mount: string): boolean {
    const above = parentOf(mount);
    if (!existsSync(onDisk(this.#outside.root, above))) return above !== '' && this.isAway(above);
    try {
      return isMountAway(onDisk(this.#outside.root, mount));
    } catch {
      // It cannot be asked: a drive that was pulled out, a server that does not answer.
      return true;
    }
  }
}
