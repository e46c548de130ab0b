import type { ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import type { Bytes } from '#shared/units.ts';
import type { FileRecord } from '../records.ts';

/** Where a file was seen. */
export interface FileOrigin {
  readonly peer: DeviceId;
  readonly path: string;
}

/** For whom a download is, and who says so: that device must have what is passed on for its word. */
export interface Inherited {
  readonly audience: Audience;
  readonly by: DeviceId;
}

/** What a file, or a batch of small ones, tells the download it belongs to. */
export interface FileOwner {
  readonly number: number;
  /** The device that was asked for a path, with the path of this file there; null for a download by content id. */
  originPath(file: FileRecord): FileOrigin | null;
  readonly base: string;
  /** Whom the origin shares this with, as the origin itself says; null: nobody else may have it from us. */
  audience(): Promise<Inherited | null>;
  /** So many bytes in so many pieces (one, if it is not said), from a device or found here. */
  progressed(bytes: Bytes, from: DeviceId | null, pieces?: number): void;
  /** What of a file is there already was seen on the disk, while nobody gives it. */
  seen(): void;
  /** So many bytes did not have to travel. */
  saved(bytes: Bytes): void;
  /** A piece came damaged, or late. */
  troubled(from: DeviceId): void;
  /** Nobody who is linked has what is missing. */
  starved(): void;
  /** The disk refused: the whole download has to wait. */
  diskFailed(error: ErrorInfo): void;
}
