import { AppError } from '#shared/errors.ts';
import { fromHex, type DeviceId } from '#shared/ids.ts';
import type { Link, Links } from '../../ports/links.ts';
import type { SwarmDriver } from '../../swarm/swarm-driver.ts';
import type { ContentDirectory } from '../content-directory.ts';
import type { EqualFile, EqualFiles } from '../copies/equal-files.ts';
import type { FileIdentity } from './file-identity.ts';
import type { FileOrigin, FileOwner } from './file-owner.ts';

/** The file that others are asked for. */
export interface SourcedFile extends EqualFile {
  readonly name: string;
  /** Its number in the swarm. */
  readonly number: number;
  /** Another file of this content, whose pieces are copied as they come. */
  readonly first: EqualFile | null;
  fail(error: unknown): void;
}

interface SourcesContext {
  readonly directory: Pick<ContentDirectory, 'hasOfFile'>;
  readonly equal: Pick<EqualFiles, 'followersOf'>;
  readonly links: () => Pick<Links, 'all'>;
  readonly swarm: Pick<SwarmDriver, 'addMember' | 'addSource' | 'isBanned'>;
}

type SourcedIdentity = Pick<FileIdentity, 'askOrigin' | 'id' | 'isOpenedByPath' | 'provisionalKey' | 'root'>;

/** Who has one file of a download: everybody who is linked is asked, and the origin is taken at its word, also when it has another version now. */
export class FileSources {
  /** Nobody who is linked has what is missing. */
  isStarved = false;
  readonly #context: SourcesContext;
  readonly #file: SourcedFile;
  readonly #identity: SourcedIdentity;
  readonly #origin: FileOrigin | null;
  readonly #owner: Pick<FileOwner, 'starved'>;
  #originLost = false;
  /** Devices that have not answered yet whether they have it. */
  #asking = 0;
  /** Devices that are linked and have all or a part of it. */
  readonly #linked = new Set<DeviceId>();

  constructor(context: SourcesContext, file: SourcedFile, identity: SourcedIdentity, origin: FileOrigin | null, owner: Pick<FileOwner, 'starved'>) {
    this.#context = context;
    this.#file = file;
    this.#identity = identity;
    this.#origin = origin;
    this.#owner = owner;
  }

  /** Somebody who is linked has it, but is not asked any more. */
  get haveBanned(): boolean {
    for (const id of this.#linked) if (this.#context.swarm.isBanned(id)) return true;
    return false;
  }

  /** Nobody who is linked has what is missing, nor is asked whether it has. Not of a file that its origin has no more: that is tried again by itself, and says why it waits. */
  get isWaiting(): boolean {
    return this.#nobodyHas && !this.#originLost;
  }

  get #nobodyHas(): boolean {
    return this.isStarved && this.#asking === 0;
  }

  /** A device is linked: perhaps it has this file. */
  async consider(link: Link): Promise<void> {
    this.#asking++;
    try {
      await this.#consider(link);
    } finally {
      this.#asking--;
      this.#endIfChanged();
      if (this.isWaiting) this.#owner.starved();
    }
  }

  async #consider(link: Link): Promise<void> {
    const identity = this.#identity;
    const isOrigin = this.#origin?.peer === link.remote.id;
    if (identity.id === null) {
      if (!isOrigin) return;
      if (identity.provisionalKey === null) await identity.askOrigin();
      if (identity.id === null && identity.provisionalKey !== null) return this.add(link, fromHex(identity.provisionalKey), 'all');
    }
    const { id, root } = identity;
    if (id === null || root === null) return;
    const has = isOrigin ? 'all' : await this.#context.directory.hasOfFile(link, id);
    if (has !== 'none') this.add(link, root, has);
  }

  linkDown(id: DeviceId): void {
    this.#linked.delete(id);
    if (this.#origin?.peer === id) this.#identity.provisionalKey = null;
  }

  /** Who of those who are linked has it. */
  askEverybody(): void {
    const asked: Promise<void>[] = [];
    for (const link of this.#context.links().all()) {
      // The origin of a file with a known root needs no question.
      const { root } = this.#identity;
      if (root !== null && this.#origin?.peer === link.remote.id) {
        this.add(link, root, 'all');
        continue;
      }
      asked.push(this.consider(link).catch((error: unknown) => {
        // Another source may still have it; what the origin said decides only when it is the only one.
        if (this.#origin?.peer === link.remote.id && this.#identity.id === null) this.#file.fail(error);
      }));
    }
    if (this.#linked.size === 0) void Promise.all(asked).then(() => { if (this.#file.isFetched && this.#linked.size === 0) this.starved(); });
  }

  /** A device has all of it, or a part. */
  add(link: Link, key: Uint8Array, has: 'all' | 'part'): void {
    const { first, isFetched, number } = this.#file;
    if (link.isClosed || (!isFetched && first === null)) return;
    this.#note(link);
    if (first !== null) first.addSource(link, key, has);
    else if (has === 'all') this.#context.swarm.addSource(number, link.remote.id, key);
    else this.#context.swarm.addMember(number, link.remote.id, key);
  }

  #note(link: Link): void {
    this.#linked.add(link.remote.id);
    if (!this.#context.swarm.isBanned(link.remote.id)) this.isStarved = false;
  }

  /** So it is for whoever takes the pieces from this file, too. */
  starved(): void {
    this.isStarved = true;
    for (const other of this.#followers()) other.starved();
    if (this.#originLost) return this.#endIfChanged();
    this.#owner.starved();
  }

  lost(from: DeviceId): void {
    for (const other of this.#followers()) other.sourceLost(from);
    if (this.#origin?.peer !== from) return;
    this.#identity.provisionalKey = null;
    this.#originLost = true;
    if (this.#identity.isOpenedByPath) this.#fail();
    else this.#endIfChanged();
  }

  #followers(): readonly EqualFile[] {
    const { id } = this.#identity;
    return id === null ? [] : this.#context.equal.followersOf(id, this.#file);
  }

  /** Others may still have what the origin has no more, also those who are being asked; without them the origin is asked what it has instead. */
  #endIfChanged(): void {
    if (this.#originLost && this.#nobodyHas) this.#fail();
  }

  #fail(): void {
    this.#file.fail(new AppError('source-changed', { name: this.#file.name }));
  }
}
