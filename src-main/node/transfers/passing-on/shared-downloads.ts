import type { BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ContentId } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import { minute } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { maySee } from '../../../core/access/audience.ts';
import type { Bitfield } from '../../../core/bitfield.ts';
import { diskError } from '../../../disk/disk-error.ts';
import { fileVersion } from '../../../disk/file-version.ts';
import { volumeKindOf } from '../../../disk/volume/volume-kind.ts';
import type { FileRef, Viewer } from '../../ports/library.ts';

/** What was fetched is served on for so long after it is complete. */
const servedAfterMs = 30 * minute;
/** Bounds what a download of very many small files can leave here; the oldest go first. */
const remembered = 100_000;

/** A file of which not everything is passed on: it is still being fetched, or its origin has not shown that it has all of it. */
export interface PartialFile extends FileRef {
  readonly verified: Verified;
  /** Its part changes all the time. */
  readonly isArriving: boolean;
}

/** What of a file may be read at any time: verified pieces that are passed on. */
export interface Verified extends Pick<Bitfield, 'has'> {
  /** Of its pieces, 0 … 1. */
  readonly share: number;
  /** One bit for each piece, most significant first. */
  readonly bits: Uint8Array;
}

/** A file that is being fetched and passed on. */
export interface UnderWay {
  readonly contentId: ContentId;
  readonly name: string;
  /** The folder that it lies in, links resolved. */
  readonly inside: string;
  readonly bytes: Bytes;
  /** For whom its origin lets it be passed on. */
  readonly audience: Audience;
  readonly share: number;
}

interface Shared {
  readonly audience: Audience;
  readonly file: FileRef | PartialFile;
  /** Piece hashes, 32 bytes each; null for a file of one piece. */
  readonly layer: Uint8Array | null;
  /** Null while it is being fetched. */
  readonly until: Millis | null;
}

export interface WhatIsShared {
  /** Its path below the folder it was fetched into, as people see it: `/`-separated. */
  readonly name: string;
  /** Where it lies after it is complete, or its part while it is fetched. */
  readonly path: string;
  readonly bytes: Bytes;
  readonly layer: Uint8Array | null;
}
/** For whom it is. */
type ForSome = WhatIsShared & { readonly audience: Audience };

/**
 * What this device fetches or has just fetched, for those the origin shares it with: verified pieces are served while the
 * rest arrives and for a while after. Without the origin's word on its audience nothing is.
 */
export class SharedDownloads {
  readonly #elapsed: () => Millis;
  readonly #onDropped: () => void;
  readonly #shared = new Map<ContentId, Shared>();

  /** `onDropped`: something is not passed on any more. */
  constructor(elapsed: () => Millis, onDropped: () => void) {
    this.#elapsed = elapsed;
    this.#onDropped = onDropped;
  }

  /** A file is being fetched into `path`. False: so is another one of this content, and that one is served. Rejects with `file-missing` where its part was taken away, `no-permission`, `disk-error`. */
  async begin(id: ContentId, { name, path, bytes, audience, layer }: ForSome, verified: Verified): Promise<boolean> {
    const file = await partOf(name, path, bytes, id).catch((error: unknown) => { throw diskError(error, path, 'file-missing'); });
    if (this.#shared.get(id)?.until === null) return false;
    this.#keep(id, { audience, layer, until: null, file: { ...file, verified, isArriving: true } });
    return true;
  }

  /** A file lies complete at `path`. `verified`: only this is passed on; null: all of it. */
  async finish(id: ContentId, { name, path, bytes, audience, layer }: ForSome, verified: Verified | null): Promise<void> {
    const stats = await stat(path, { bigint: true });
    if (Number(stats.size) !== bytes) return;
    const file = await refOf(name, path, bytes, stats, id);
    this.#keep(id, { audience, layer, until: this.#elapsed() + servedAfterMs, file: verified === null ? file : { ...file, verified, isArriving: false } });
  }

  /** What was begun or finished with this `verified` is not passed on any more. */
  drop(id: ContentId, verified: Pick<Bitfield, 'has'>): void {
    const file = this.#shared.get(id)?.file;
    if (file === undefined || !('verified' in file) || file.verified !== verified) return;
    this.#shared.delete(id);
    this.#onDropped();
  }

  /** What is being fetched now, and passed on. */
  underWay(): UnderWay[] {
    return [...this.#shared].flatMap(([contentId, { audience, file, until }]) => (until === null && 'verified' in file ? [{ contentId, name: file.path, inside: file.inside, bytes: file.bytes, audience, share: file.verified.share }] : []));
  }

  find(viewer: Viewer, id: ContentId): FileRef | PartialFile | null {
    return this.#visible(viewer, id)?.file ?? null;
  }

  /** As `Library.resolve`. */
  resolve(viewer: Viewer, id: ContentId): { kind: 'file'; name: string; bytes: Bytes; files: number } | null {
    const file = this.find(viewer, id);
    return file === null ? null : { kind: 'file', name: basename(file.path), bytes: file.bytes, files: 1 };
  }

  /** Not before anything of it is passed on: the hashes tell what is in a file to whoever can guess it. */
  layer(viewer: Viewer, id: ContentId): Uint8Array | null {
    const shared = this.#visible(viewer, id);
    return shared === null || shareOf(shared) === 0 ? null : shared.layer;
  }

  /** `f` complete, `p` in part, null: not here, or not for that device. */
  has(viewer: Viewer, id: ContentId): 'f' | 'p' | null {
    const shared = this.#visible(viewer, id);
    return shared === null ? null : shared.until === null || shareOf(shared) < 1 ? 'p' : 'f';
  }

  #visible(viewer: Viewer, id: ContentId): Shared | null {
    const shared = this.#shared.get(id);
    if (shared === undefined) return null;
    if (shared.until !== null && shared.until < this.#elapsed()) {
      this.#shared.delete(id);
      return null;
    }
    if (shared.until !== null && shareOf(shared) === 0) return null;
    return maySee(shared.audience, viewer) ? shared : null;
  }

  #keep(id: ContentId, shared: Shared): void {
    this.#shared.delete(id);
    this.#shared.set(id, shared);
    for (const [oldest, { until }] of this.#shared) {
      if (this.#shared.size <= remembered && (until === null || until >= this.#elapsed())) break;
      this.#shared.delete(oldest);
    }
  }
}

const shareOf = ({ file }: Shared): number => ('verified' in file ? file.verified.share : 1);

/** A part changes all the time, but it stays the same file. */
export const partVersion = (stats: BigIntStats): string => `part-${stats.dev}-${stats.ino}`;

async function partOf(name: string, path: string, bytes: Bytes, id: ContentId): Promise<FileRef> {
  const stats = await stat(path, { bigint: true });
  return { ...(await refOf(name, path, bytes, stats, id)), version: partVersion(stats) };
}

async function refOf(name: string, diskPath: string, bytes: Bytes, stats: BigIntStats, contentId: ContentId): Promise<FileRef> {
  const inside = await realpath(dirname(diskPath));
  return { share: null, path: name, diskPath, inside, bytes, modifiedAt: Number(stats.mtimeMs), executable: (stats.mode & 0o100n) !== 0n, version: fileVersion(stats, await volumeKindOf(inside)), contentId };
}
