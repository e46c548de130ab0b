import type { ErrorInfo } from '#shared/errors.ts';
import { fromHex, type ContentId, type DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import { hashBytes } from '../../../core/content/merkle.ts';
import { pieceBytesFor } from '../../../core/content/piece-size.ts';
import type { Link } from '../../ports/links.ts';
import type { FileTarget, SmallOutcome, WriteOutcome } from '../../ports/receiver.ts';
import type { FileListener } from '../../swarm/swarm-ports.ts';
import type { DownloadContext } from '../download/download-context.ts';
import type { FileOwner } from '../file/file-owner.ts';
import { hasNoPlace } from '../file/own-place.ts';
import { isSmall } from './file-runs.ts';
import type { NewFolders } from './new-folders.ts';
import { rankOf } from '../ranks.ts';
import type { FileRecord } from '../records.ts';

/** A file whose content is known. */
export interface BatchFile {
  readonly index: number;
  readonly record: FileRecord & { readonly contentId: ContentId };
}

/** At least one. */
export type Batch = readonly [BatchFile, ...BatchFile[]];

/** The row as a file that can be fetched with others; null when it goes by itself. */
export function asBatchFile(index: number, record: FileRecord): BatchFile | null {
  return hasContent(record) && isSmall(record) ? { index, record } : null;
}

const hasContent = (record: FileRecord): record is BatchFile['record'] => record.contentId !== null;

function rootsOf(ids: readonly ContentId[]): Uint8Array {
  const roots = new Uint8Array(ids.length * hashBytes);
  ids.forEach((id, at) => { roots.set(fromHex(id), at * hashBytes); });
  return roots;
}

/**
 * Small files that are fetched as one block and written as one batch: what each costs by itself is more than its bytes.
 * It ends with whatever it could get; what is left over is fetched file by file, from whoever has it.
 */
export class FileBatch implements FileListener {
  readonly #context: DownloadContext;
  readonly #owner: FileOwner;
  readonly #number: number;
  readonly #finished: (file: BatchFile, path: string, giver: DeviceId | null) => void;
  readonly #companions: ReadonlySet<Link>;
  readonly #newFolders: NewFolders;
  /** The device that was asked for the folder; null for a download by content id. */
  readonly origin: DeviceId | null;
  /** One of the files. */
  readonly sample: ContentId;
  /** Not there yet. */
  #left: readonly BatchFile[];
  /** Where each content lies in the block: files that are equal come once. */
  #places: ReadonlyMap<ContentId, Bytes> = new Map();
  /** Files that were asked for. */
  #asked = 0;
  #corrupt: BatchFile | null = null;
  #isStopped = false;
  #isAsked = false;
  /** Who is asked for it, or was. */
  readonly #sources = new Set<Link>();
  /** Ends `run`; set while the batch is in the swarm. */
  #settle: (() => void) | null = null;
  /** Ends with the last write. */
  #writing: Promise<unknown> = Promise.resolve();

  /** `newFolders`: of this run. `companions`: devices that have others of these files. `finished` is called for each file as soon as it lies under its name; `giver`: who gave it; null: it lay there before. */
  constructor(context: DownloadContext, owner: FileOwner, files: Batch, newFolders: NewFolders, companions: ReadonlySet<Link>, finished: (file: BatchFile, path: string, giver: DeviceId | null) => void) {
    this.#context = context;
    this.#owner = owner;
    this.#number = context.nextFileNumber();
    this.#left = files;
    this.#finished = finished;
    this.#companions = companions;
    this.#newFolders = newFolders;
    this.origin = owner.originPath(files[0].record)?.peer ?? null;
    this.sample = files[0].record.contentId;
  }

  /** Somebody who did not want it any more ended it. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Resolves with the files that could not be had together. Called once. */
  async run(): Promise<readonly BatchFile[]> {
    if (!(await this.#newFolders.holdAll(this.#owner.base, this.#left.map(({ record }) => record.path)))) await this.#findExisting();
    if (this.#left.length > 0 && !this.#isStopped) await this.#fetch();
    await this.#writing;
    return this.#left;
  }

  /** `run` ends as soon as nothing is being written. */
  stop(): void {
    this.#isStopped = true;
    this.#leave();
  }

  /** It is on its way, or has come. */
  get isAsked(): boolean {
    return this.#isAsked ||= [...this.#context.swarm.arriving(this.#number)].length > 0;
  }

  /** Perhaps the device has these files, or has them meanwhile. */
  async consider(link: Link): Promise<void> {
    if (this.#settle === null || !link.knowsBatches || link.isClosed || this.#sources.has(link)) return;
    const ids = [...this.#places.keys()];
    if (link.remote.id !== this.origin && !(await this.#context.directory.hasAll(link, ids))) return;
    if (this.#settle === null || link.isClosed) return;
    this.#sources.add(link);
    this.#context.swarm.addSource(this.#number, link.remote.id, rootsOf(ids));
  }

  write(_piece: number, data: Uint8Array, _pieceHash: Uint8Array | null, _isReadSoon: boolean, giver: DeviceId | null): Promise<WriteOutcome> {
    const writing = this.#write(data, giver);
    this.#writing = writing;
    return writing;
  }

  pieceWritten(_piece: number, bytes: Bytes, from: DeviceId): void {
    this.#owner.progressed(bytes, from, this.#asked);
  }

  complete(): void {
    this.#leave();
  }

  /** Nobody has all of them. */
  starved(): void {
    this.#leave();
  }

  sourceLost(): void {
    // What it means is told by `starved`, unless others have them all.
  }

  corrupt(_piece: number, from: DeviceId): void {
    this.#owner.troubled(from);
    this.#leave();
  }

  saved(bytes: Bytes): void {
    this.#owner.saved(bytes);
  }

  about(): ReturnType<FileListener['about']> {
    const { record } = this.#corrupt ?? this.#left[0] ?? { record: null };
    return { file: record?.path.join('/') ?? '', contentId: record?.contentId ?? null, expected: record?.contentId ?? null };
  }

  diskFailed(error: ErrorInfo): void {
    // Which of them it is shows when each goes by itself.
    if (!hasNoPlace(error, this.#owner.base)) this.#owner.diskFailed(error);
    this.#leave();
  }

  async #findExisting(): Promise<void> {
    const files = this.#left;
    // What cannot be read counts as different: ours is put beside it.
    const found = await this.#context.receiver.existing(files.map((file) => this.#target(file))).catch(() => []);
    this.#left = files.filter((file, at) => {
      const path = found[at] ?? null;
      if (path === null) return true;
      this.#owner.progressed(file.record.bytes, null);
      this.#finished(file, path, null);
      return false;
    });
  }

  async #fetch(): Promise<void> {
    const ended = new Promise<void>((resolve) => { this.#settle = resolve; });
    this.#asked = this.#left.length;
    const places = new Map<ContentId, Bytes>();
    let bytes = 0;
    for (const { record } of this.#left) {
      if (places.has(record.contentId)) continue;
      places.set(record.contentId, bytes);
      bytes += record.bytes;
    }
    this.#places = places;
    const priority = rankOf[this.#left[0]?.record.priority ?? 'normal'];
    this.#context.swarm.openFile(this.#owner.number, this.#number, { bytes, pieceBytes: bytes, have: null, root: null, priority, isGrowing: false, isContinuable: false }, this);
    const all = [...this.#context.links().all()];
    // Of the many devices there may be most have nothing of it: they are asked only where it matters.
    const links = all.some(({ remote }) => remote.id === this.origin) ? all.filter((link) => link.remote.id === this.origin || this.#companions.has(link)) : all;
    await Promise.all(links.map((link) => this.consider(link)));
    if (this.#sources.size === 0) this.#leave();
    return ended;
  }

  #leave(): void {
    const settle = this.#settle;
    if (settle === null) return;
    this.#settle = null;
    this.#context.swarm.closeFile(this.#number);
    settle();
  }

  async #write(data: Uint8Array, giver: DeviceId | null): Promise<WriteOutcome> {
    const files = this.#left;
    const small = files.map((file) => {
      const at = this.#places.get(file.record.contentId) ?? 0;
      return { target: this.#target(file), data: data.subarray(at, at + file.record.bytes) };
    });
    const outcomes = await this.#context.receiver.writeSmall(small).catch((error: unknown): SmallOutcome[] => [{ kind: 'error', error: { code: 'disk-error', params: { detail: String(error) } } }]);
    let failure: ErrorInfo | null = null;
    this.#left = files.filter((file, index) => {
      const outcome = outcomes[index];
      if (outcome?.kind === 'done') this.#finished(file, outcome.path, giver);
      else if (outcome?.kind === 'corrupt') this.#corrupt ??= file;
      else if (outcome?.kind === 'error') failure ??= outcome.error;
      return outcome?.kind !== 'done';
    });
    if (this.#corrupt !== null) return { kind: 'corrupt' };
    if (failure !== null) return { kind: 'error', error: failure };
    return { kind: 'written' };
  }

  #target({ record: { path, bytes, modifiedAt, executable, contentId } }: BatchFile): FileTarget {
    return { base: this.#owner.base, path, bytes, pieceBytes: pieceBytesFor(bytes), root: fromHex(contentId), layer: null, modifiedAt, executable };
  }
}
