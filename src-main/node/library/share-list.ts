import { basename } from 'node:path';
import { AppError } from '#shared/errors.ts';
import type { ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { maySee } from '#main/core/access/audience.ts';
import { fold } from '#main/core/search/text.ts';
import type { Viewer } from '../ports/library.ts';
import type { ShareRuntime } from './share-runtime.ts';

/** A path as viewers name it, taken apart: the share and the path inside it. */
export interface Place {
  readonly share: ShareRuntime;
  readonly path: string;
}

/** The shares of this device by id, name and path, and who may see which. */
export class ShareList {
  readonly #byId = new Map<ShareId, ShareRuntime>();

  add(share: ShareRuntime): void {
    this.#byId.set(share.id, share);
  }

  delete(id: ShareId): void {
    this.#byId.delete(id);
  }

  get(id: ShareId): ShareRuntime | undefined {
    return this.#byId.get(id);
  }

  all(): ShareRuntime[] {
    return [...this.#byId.values()];
  }

  /** By id, name or path on disk. Throws `share-unknown`. */
  find(reference: string): ShareRuntime {
    const found = this.all().find(({ record }) => record.id === reference || record.name === reference || record.path === reference);
    if (found === undefined) throw new AppError('share-unknown', { name: reference });
    return found;
  }

  visible(viewer: Viewer): ShareRuntime[] {
    return this.all().filter((share) => maySee(share.record.audience, viewer)).sort((one, other) => (one.record.name < other.record.name ? -1 : 1));
  }

  /** The share if this viewer may see it. */
  visibleById(viewer: Viewer, id: ShareId): ShareRuntime | null {
    const share = this.#byId.get(id);
    return share !== undefined && maySee(share.record.audience, viewer) ? share : null;
  }

  /** Takes `SHARE/FOLDER/FILE` apart. Throws `not-found`, alike for what is not there and what is not for this viewer. */
  place(viewer: Viewer, path: string): Place {
    const slash = path.indexOf('/');
    const name = slash < 0 ? path : path.slice(0, slash);
    const share = this.all().find(({ record }) => record.name === name);
    if (share === undefined || !maySee(share.record.audience, viewer)) throw notFound(path);
    return { share, path: slash < 0 ? '' : path.slice(slash + 1).replace(/\/+$/, '') };
  }

  /** `wanted`, or `wanted (2)` and so on when a share has a name that reads the same. */
  uniqueName(wanted: string, except?: ShareId): string {
    const taken = new Set(this.all().filter(({ id }) => id !== except).map(({ record }) => fold(record.name)));
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted} (${number})`;
      if (!taken.has(fold(name))) return name;
    }
  }
}

export const notFound = (path: string): AppError => new AppError('not-found', { name: path });

/** Name of a share for a path on disk that was given none. */
export function defaultShareName(diskPath: string): string {
  const name = basename(diskPath).replace(/[\p{Cc}\p{Surrogate}\ufffd]/gu, '_').slice(0, limits.names.shareNameChars);
  // The root of a disk has no name of its own.
  return name === '' ? diskPath.replace(/[^\p{L}\p{N}]/gu, '') || 'disk' : name;
}

/** Throws `bad-argument` for what cannot be the first part of a path. */
export function checkShareName(name: string): string {
  const isText = !/[/\p{Cc}\p{Surrogate}\ufffd]/u.test(name) && name.trim() !== '' && name !== '.' && name !== '..';
  if (!isText || name.length > limits.names.shareNameChars) throw new AppError('bad-argument', { argument: 'name', detail: name });
  return name;
}
