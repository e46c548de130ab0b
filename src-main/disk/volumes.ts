import type { VolumeAbilities } from '#main/node/ports/receiver.ts';
import { toHex } from '#shared/ids.ts';
import type { Files, Folder } from './files.ts';
import { probeVolume } from './volume.ts';

/** What each volume can do, found out once. */
export class Volumes {
  readonly #files: Files;
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #known = new Map<bigint, Promise<VolumeAbilities>>();

  constructor(files: Files, randomBytes: (count: number) => Uint8Array) {
    this.#files = files;
    this.#randomBytes = randomBytes;
  }

  /** Abilities of the volume that an opened folder lies on. Rejects with system errors, and tries again next time. */
  of(folder: Folder): Promise<VolumeAbilities> {
    const device = this.#files.lookup(folder, '.')?.device ?? 0n;
    const known = this.#known.get(device);
    if (known !== undefined) return known;
    const probing = probeVolume(this.#files, folder, toHex(this.#randomBytes(8)));
    this.#known.set(device, probing);
    probing.catch(() => this.#known.delete(device));
    return probing;
  }
}
