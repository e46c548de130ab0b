import type { ErrorInfo } from '#shared/errors.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';

/** One file that is to appear on this disk. */
export interface FileTarget {
  /** Existing folder chosen by the user; nothing is ever written outside it. */
  readonly base: string;
  /** Components below `base`, already made safe by `safeName`; the last one is the file's name. */
  readonly path: readonly string[];
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  /** Merkle root, or null while the sender has not hashed it (then every piece brings its own hash). */
  readonly root: Uint8Array | null;
  /** Piece hashes, 32 bytes each, proven against `root`; null for one piece or without a root. */
  readonly layer: Uint8Array | null;
  readonly modifiedAt: Timestamp;
  readonly executable: boolean;
}

export interface ReceivedFile {
  /** Number by which the other calls name it. */
  readonly handle: number;
  /** One bit per piece, most significant first: verified and on disk. */
  readonly have: Uint8Array;
  readonly haveBytes: Bytes;
  /** Where its bytes lie until it is finished; null when `existing` is set. */
  readonly partPath: string | null;
  /** Its volume has no holes: a piece written far from the others would have everything before it filled with zeros first. */
  readonly isGrowing: boolean;
  /** Set when an identical file was already there under this name: nothing to do. */
  readonly existing: string | null;
}

/** What lies under a file's name, without opening it. */
export interface SeenFile {
  /** One bit per piece, most significant first: what the journal says is there. Opening it may find less. */
  readonly have: Uint8Array;
  readonly haveBytes: Bytes;
  /** As in `ReceivedFile`. */
  readonly existing: string | null;
}

export type WriteOutcome =
  /** Verified, written, recorded. */
  | { readonly kind: 'written' }
  /** The bytes do not hash to what was expected. Nothing was written. */
  | { readonly kind: 'corrupt' }
  /** The disk refused; the file stays as it was. */
  | { readonly kind: 'error'; readonly error: ErrorInfo };

/** A whole file of at most one piece, fetched at once. */
export interface SmallFile {
  readonly target: FileTarget;
  readonly data: Uint8Array;
}
export type SmallOutcome =
  | { readonly kind: 'done'; readonly path: string; readonly existed: boolean }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'error'; readonly error: ErrorInfo };

/** What the volume of a folder can do, found by trying. */
export interface VolumeAbilities {
  /** Memory only (tmpfs): nothing outlives the power, so nothing is synced. */
  readonly isMemory: boolean;
  readonly folderSync: boolean;
  /** Inode numbers stay, so a file can be recognised by its own. */
  readonly stableInodes: boolean;
  /** Unwritten parts of a file take no space; without them far writes fill everything before with zeros. */
  readonly holes: boolean;
  readonly hardLinks: boolean;
  /** `a` and `A` are two files. */
  readonly caseSensitive: boolean;
  /** Composed and decomposed é are two files. */
  readonly formSensitive: boolean;
  /** ß and ss are two files. */
  readonly sharpSensitive: boolean;
}

/**
 * The receiving disk: verifies, writes, journals and finishes files in worker threads, as
 * docs/architecture/transfers.md describes. Buffers handed over lie in shared memory and must not be touched until the answer.
 */
export interface Receiver {
  /** Opens or resumes `NAME.part` + `NAME.progress`. Rejects with `file-locked`, `disk-full`, `no-permission`, `folder-gone`. */
  open(target: FileTarget, options?: { signal?: AbortSignal; onCheck?: (checkedBytes: Bytes) => void }): Promise<ReceivedFile>;
  /** What is there of it already, for as long as it cannot be opened: neither piece layer nor root is needed, and nothing is locked. */
  look(target: FileTarget, options?: { signal?: AbortSignal }): Promise<SeenFile>;
  /** Verifies one whole piece and writes it. `pieceHash` is needed when the target has no root. `isReadSoon`: where the disk may seek it should stay in the system's cache. */
  write(handle: number, piece: number, data: Uint8Array, pieceHash: Uint8Array | null, isReadSoon?: boolean): Promise<WriteOutcome>;
  /** Binds a provisional file to its root once the sender knows it. Pieces that do not match are given back as missing. */
  bindRoot(handle: number, root: Uint8Array, layer: Uint8Array | null): Promise<{ missing: readonly number[] }>;
  /** All pieces are there: proves the root, makes the bytes durable, gives the file its final name without overwriting. */
  finish(handle: number): Promise<{ path: string }>;
  /** Leaves it resumable, with a clean-close record. */
  close(handle: number): Promise<void>;
  /** Closes and deletes `.part` and `.progress`: only when the user said so. */
  discard(handle: number): Promise<void>;
  /**
   * Deletes `.part` and `.progress` of a file of this length that is not open, whatever number its name got, if there are any: only when the
   * user said so. With a root, those of that content alone.
   */
  discardPartial(base: string, path: readonly string[], bytes: Bytes, root: Uint8Array | null): Promise<void>;
  /** Verifies and writes a batch of small files under their final names; one outcome each, in order. */
  writeSmall(files: readonly SmallFile[]): Promise<readonly SmallOutcome[]>;
  /** For each target with a root: path of an identical file that is there already under its name, verified; else null. */
  existing(targets: readonly FileTarget[]): Promise<readonly (string | null)[]>;
  /** Whether anything lies under this name in a folder. Waits for no thread. Rejects with system errors. */
  isThere(folder: string, name: string): Promise<boolean>;
  /** What the volume of this folder can do. Asked beforehand, opening the first file there waits neither for that nor for a thread to start. */
  volume(folder: string): Promise<VolumeAbilities>;
  /** Creates an empty folder below a base, parents included. */
  makeFolder(base: string, path: readonly string[]): Promise<void>;
  /** Where the volume begins that a base lies on; null: on the system's own. While it is away nothing is made there: whatever would rejects with `folder-gone`. */
  setMount(base: string, mountPoint: string | null): void;
  /** Syncs what small files and folders left to sync. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}
