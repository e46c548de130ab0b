import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { Bitfield } from '../../../core/bitfield.ts';
import { Bell } from '../../bell.ts';
import type { Link } from '../../ports/links.ts';

/** What was fetched lately is found again: so many files, the oldest go first. */
const remembered = 1000;

/** A file that is being fetched, as others of the same content see it. */
export interface EqualFile {
  readonly bytes: Bytes;
  readonly verifiedBytes: Bytes;
  /** Its pieces that are verified on disk, and where they lie. */
  readonly verified: Pick<Bitfield, 'has' | 'isFull'>;
  readonly partPath: string | null;
  /** Piece hashes, proven against the root. */
  readonly layer: Uint8Array | null;
  /** It is asked of others now, so it can be told who else has it. */
  readonly isFetched: boolean;
  /** A device has all of it, or a part. */
  addSource(link: Link, root: Uint8Array, has: 'all' | 'part'): void;
  /** As of `FileListener`: so it is for whoever takes the pieces from this file. */
  starved(): void;
  sourceLost(from: DeviceId): void;
}

/**
 * Large files of one content that are fetched to several places at the same time: the first one is fetched, and the others
 * take each piece from its part as soon as it is verified there. Each has a part and a journal of its own, so any of them
 * may stop at any time, and the next one goes on.
 */
export class EqualFiles {
  readonly #groups = new Map<ContentId, EqualFile[]>();
  readonly #whole = new Map<ContentId, { readonly diskPath: string; readonly bytes: Bytes }>();
  /** Rings when a file of a content with several has another piece, begins to be fetched or leaves. */
  readonly bell = new Bell();

  /** The file of this content that was there first; null: there was none, and now it is this one. */
  join(id: ContentId, file: EqualFile): EqualFile | null {
    const group = this.#groups.get(id) ?? [];
    if (!group.includes(file)) group.push(file);
    this.#groups.set(id, group);
    const [first] = group;
    return first === undefined || first === file ? null : first;
  }

  /** It is fetched no more. `path`: where it lies complete now. */
  leave(id: ContentId, file: EqualFile, path: string | null): void {
    const left = (this.#groups.get(id) ?? []).filter((other) => other !== file);
    if (left.length === 0) this.#groups.delete(id);
    else this.#groups.set(id, left);
    if (left.length > 0) this.bell.ring();
    if (path === null) return;
    this.#whole.delete(id);
    this.#whole.set(id, { diskPath: path, bytes: file.bytes });
    const [oldest] = this.#whole.keys();
    if (this.#whole.size > remembered && oldest !== undefined) this.#whole.delete(oldest);
  }

  isJoined(id: ContentId, file: EqualFile): boolean {
    return this.#groups.get(id)?.includes(file) === true;
  }

  /** Something about this content's first file changed. */
  moved(id: ContentId): void {
    if ((this.#groups.get(id)?.length ?? 0) > 1) this.bell.ring();
  }

  /** Those that take their pieces from this file. */
  followersOf(id: ContentId, file: EqualFile): readonly EqualFile[] {
    const [first, ...others] = this.#groups.get(id) ?? [];
    return first === file ? others : [];
  }

  /** The piece layer, when a file of this content has it already. */
  layerOf(id: ContentId): Uint8Array | null {
    return this.#groups.get(id)?.find(({ layer }) => layer !== null)?.layer ?? null;
  }

  /** Of those of this content the bytes of the one with the most. */
  verifiedBytesOf(id: ContentId): Bytes {
    return Math.max(0, ...(this.#groups.get(id) ?? []).map(({ verifiedBytes }) => verifiedBytes));
  }

  /** Where a file of this content was put lately: it may have been changed or taken away since. */
  wholeAt(id: ContentId): { readonly diskPath: string; readonly bytes: Bytes } | null {
    return this.#whole.get(id) ?? null;
  }
}
