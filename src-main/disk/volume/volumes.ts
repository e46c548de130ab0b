import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import { toHex } from '#shared/ids.ts';
import type { Folder } from '../files.ts';
import type { ReceiveWorld } from '../receive/receive-world.ts';
import { removeOldTrials } from './old-trials.ts';
import { probeVolume } from './volume.ts';

/** What each volume can do, found out once. */
export class Volumes {
  readonly #world: Pick<ReceiveWorld, 'files' | 'now' | 'randomBytes'>;
  readonly #known = new Map<bigint, Promise<VolumeAbilities>>();
  /** Paths of folders without old trial files. */
  readonly #tidy = new Set<string>();

  constructor(world: Pick<ReceiveWorld, 'files' | 'now' | 'randomBytes'>) {
    this.#world = world;
  }

  /** Abilities of the volume that an opened folder lies on. Rejects with system errors, and tries again next time. */
  of(folder: Folder): Promise<VolumeAbilities> {
    const device = this.#world.files.lookup(folder, '.')?.device ?? 0n;
    const known = this.#known.get(device);
    if (known !== undefined) return known;
    this.tidy(folder);
    const probing = probeVolume(this.#world.files, folder, toHex(this.#world.randomBytes(8)));
    this.#known.set(device, probing);
    probing.catch(() => this.#known.delete(device));
    return probing;
  }

  /** Resolves when nothing is tried out any more: whoever ended before would leave the trial file. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#known.values());
  }

  /** Removes, once for each folder, what was left there by those who were killed when they tried out its volume. */
  tidy(folder: Folder): void {
    if (this.#tidy.has(folder.path)) return;
    this.#tidy.add(folder.path);
    removeOldTrials(this.#world.files, folder, this.#world.now());
  }
}
