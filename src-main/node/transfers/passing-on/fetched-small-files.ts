import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { ContentId, DeviceId, TransferId } from '#shared/ids.ts';
import { minute, second, type Bytes, type Millis, type Timestamp } from '#shared/units.ts';
import { maySee } from '../../../core/access/audience.ts';
import { NumberMap } from '../../../core/number-map.ts';
import { fileVersion } from '../../../disk/file-version.ts';
import type { Store } from '../../../disk/store/store.ts';
import { volumeKindOf } from '../../../disk/volume/volume-kind.ts';
import { longestTickMs } from '../../library/coarse-times.ts';
import type { FileRef, Viewer } from '../../ports/library.ts';
import type { Inherited } from '../file/file-owner.ts';
import { ListedFiles } from '../listing/listed-files.ts';

/** What was fetched is served on for so long after the last of it came. */
const servedAfterMs = 30 * minute;
/** Files remembered; beyond that the oldest downloads are forgotten. Each takes some 20 to 40 bytes. */
const remembered = 100_000;
/** Digits of a content id that tell files apart, 52 bits: what is found by them is compared with the whole id. */
const digits = 13;

/** The download that brought the files. */
export interface FetchedFor {
  readonly id: TransferId;
  readonly base: string;
  /** Whom the origin shares it with; null: nobody has it from us. */
  audience(): Promise<Inherited | null>;
}

/** What one device gave of one download. */
interface Fetched {
  readonly owner: FetchedFor;
  readonly listed: ListedFiles;
  readonly giver: DeviceId;
  readonly begunAt: Timestamp;
  until: Millis;
  /** By the first digits of the id: seconds from `begunAt` to when it was there, times 2³², plus its number in the download. */
  readonly files: NumberMap;
  /** Real path of the download's folder, looked up once. */
  inside: Promise<string> | null;
}

/**
 * Small files that were fetched from their origin, for those it shares them with; what others gave is not passed on, because the
 * origin need not have it. Ten thousands of them must not take memory, so only
 * where they are listed is remembered; the rest is in the store, and read when somebody asks.
 */
export class FetchedSmallFiles {
  readonly #store: Store;
  readonly #now: () => Timestamp;
  readonly #elapsed: () => Millis;
  /** By download and giver, oldest first. */
  readonly #downloads = new Map<string, Fetched>();
  #count = 0;

  /** `now`: as files are stamped; `elapsed`: what passes, whoever sets that. */
  constructor(store: Store, now: () => Timestamp, elapsed: () => Millis) {
    this.#store = store;
    this.#now = now;
    this.#elapsed = elapsed;
  }

  /** A file of the download lies complete at `path`. One that had to be put beside another is not passed on: the store does not know where it is. */
  note(owner: FetchedFor, index: number, { path: names, contentId, giver }: { readonly path: readonly string[]; readonly contentId: ContentId; readonly giver: DeviceId }, path: string): void {
    if (!path.endsWith(sep + names.join(sep))) return;
    const [now, elapsed] = [this.#now(), this.#elapsed()];
    const key = `${owner.id}/${giver}`;
    let fetched = this.#downloads.get(key);
    if (fetched === undefined) {
      fetched = { owner, listed: new ListedFiles(this.#store, owner.id), giver, begunAt: now, until: elapsed, files: new NumberMap(), inside: null };
      this.#downloads.set(key, fetched);
    }
    fetched.until = elapsed + servedAfterMs;
    const before = fetched.files.size;
    if (before >= remembered) return;
    fetched.files.set(keyOf(contentId), (Math.ceil((now - fetched.begunAt) / second) + 1) * 2 ** 32 + index);
    this.#count += fetched.files.size - before;
    this.#forgetOld(elapsed);
  }

  /** Whether the viewer may have it from here, as far as is remembered. */
  async has(viewer: Viewer, id: ContentId): Promise<boolean> {
    return (await this.#placeOf(viewer, id)) !== null;
  }

  /** The file as it lies there, if it has not been touched since; null when it is not here, or not for the viewer. */
  async find(viewer: Viewer, id: ContentId): Promise<FileRef | null> {
    const place = await this.#placeOf(viewer, id);
    if (place === null) return null;
    const { fetched, index, before } = place;
    const { base } = fetched.owner;
    const record = await fetched.listed.get(index);
    if (record === undefined || record.contentId !== id) return null;
    const { bytes, modifiedAt, executable } = record;
    try {
      const inside = await (fetched.inside ??= realpath(base));
      const diskPath = join(inside, ...record.path);
      const stats = await stat(diskPath, { bigint: true });
      if (!stats.isFile() || Number(stats.size) !== bytes || Number(stats.ctimeMs) > before || !keepsTime(Number(stats.mtimeMs), modifiedAt)) return null;
      return { share: null, path: record.path.join('/'), diskPath, inside, bytes, modifiedAt, executable, version: fileVersion(stats, await volumeKindOf(dirname(diskPath))), contentId: id };
    } catch {
      // Taken away by the user.
      return null;
    }
  }

  /** As `Library.resolve`. */
  async resolve(viewer: Viewer, id: ContentId): Promise<{ kind: 'file'; name: string; bytes: Bytes; files: number } | null> {
    const file = await this.find(viewer, id);
    return file === null ? null : { kind: 'file', name: basename(file.path), bytes: file.bytes, files: 1 };
  }

  /** `before`: it was complete then, so a later change is not ours. */
  async #placeOf(viewer: Viewer, id: ContentId): Promise<{ fetched: Fetched; index: number; before: Timestamp } | null> {
    const key = keyOf(id);
    for (const fetched of this.#downloads.values()) {
      const { owner, giver, begunAt, until, files } = fetched;
      const place = until < this.#elapsed() ? undefined : files.get(key);
      if (place === undefined) continue;
      const inherited = await owner.audience();
      if (inherited?.by === giver && maySee(inherited.audience, viewer)) return { fetched, index: place % 2 ** 32, before: begunAt + (Math.floor(place / 2 ** 32) + 1) * second };
    }
    return null;
  }

  #forgetOld(elapsed: Millis): void {
    for (const [id, { until, files }] of this.#downloads) {
      if (until >= elapsed && (this.#count <= remembered || this.#downloads.size === 1)) return;
      this.#downloads.delete(id);
      this.#count -= files.size;
    }
  }
}

/** What was received has its origin's time, as exactly as the volume keeps times; whoever writes to it gives it another one. */
const keepsTime = (at: Timestamp, modifiedAt: Timestamp): boolean => Math.abs(at - modifiedAt) <= (at % second === 0 ? longestTickMs : 1);

const keyOf = (id: ContentId): number => Number.parseInt(id.slice(0, digits), 16);
