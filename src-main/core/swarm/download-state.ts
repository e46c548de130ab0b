import { MiB } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { PriorityRank } from './events.ts';
import type { DownloadNumber, PeerNumber } from './numbers.ts';
import type { Fetch } from './fetch.ts';
import type { FileState } from './file-state.ts';
import type { PeerState } from './peer-state.ts';
import type { SwarmLimits } from './options.ts';
import { Room } from './room.ts';

/** So much more than the others a download may fetch in a row, after it could not. */
const mostSavedUp = 1 * MiB;

/** One download: its files, and which of them still want something. */
export class Download {
  readonly number: DownloadNumber;
  priority: PriorityRank;
  /** Somebody watches it while it arrives: files one after the other, pieces from the beginning to the end. */
  inOrder: boolean;
  /** Bytes it has fetched, as turns count them. */
  turnBytes: Bytes = 0;
  readonly files = new Set<FileState>();
  /** Reserved for pieces on their way or being written: what a crash could make us fetch again. */
  readonly room: Room;
  readonly #wanting: FileState[] = [];

  constructor(number: DownloadNumber, priority: PriorityRank, inOrder: boolean, windowBytes: Bytes) {
    this.number = number;
    this.room = new Room(windowBytes);
    this.priority = priority;
    this.inOrder = inOrder;
  }

  /** Files with pieces that nobody fetches yet: highest priority first, then lowest number, which is the order they were opened in. */
  get wanting(): readonly FileState[] {
    return this.#wanting;
  }

  /** A file wants something, wants nothing any more, or has another priority. */
  note(file: FileState): void {
    if (!file.isWanting) return this.remove(file);
    if (file.isInLine) return;
    const line = this.#wanting;
    let at = line.length;
    while (at > 0 && comesBefore(file, line[at - 1])) at--;
    line.splice(at, 0, file);
    file.isInLine = true;
  }

  remove(file: FileState): void {
    if (!file.isInLine) return;
    this.#wanting.splice(this.#wanting.indexOf(file), 1);
    file.isInLine = false;
  }

  /** What the peer is to give next; null: nothing. */
  pick(peer: PeerState, random: () => number): { readonly file: FileState; readonly piece: number } | null {
    for (const file of this.#wanting) {
      const piece = file.pick(peer, random);
      if (piece !== null) return { file: file.content.pieces > 1 ? file : this.#rarestLike(file, peer), piece };
    }
    return null;
  }

  /** Whether a peer has something that is missed and that nobody fetches. */
  isServedBy(peer: PeerNumber): boolean {
    return this.#wanting.some((file) => file.content.useful(peer) > 0);
  }

  /** Whether another of the peers has something that this one is to give, and can be asked for it. */
  hasAnotherFor(peer: PeerState, peers: ReadonlyMap<PeerNumber, PeerState>): boolean {
    for (const { content } of this.#wanting) {
      if (content.useful(peer.number) <= 0) continue;
      for (const number of content.members.keys()) {
        const other = peers.get(number);
        if (other === undefined || other === peer || other.isBanned || other.isResting || other.isChoking) continue;
        if (content.useful(number) > 0) return true;
      }
    }
    return false;
  }

  /** Of files of one piece, wanted as much as this one, the one that fewest have among those the peer has: what only one device has spreads first. */
  #rarestLike(first: FileState, peer: PeerState): FileState {
    if (this.inOrder) return first;
    let rarest = first;
    for (const file of this.#wanting) {
      if (rarest.content.members.size <= 1) break;
      if (file.priority === first.priority && file.content.members.size < rarest.content.members.size && file.canGive(peer)) rarest = file;
    }
    return rarest;
  }
}

const comesBefore = (file: FileState, other: FileState | undefined): boolean =>
  other !== undefined && (file.priority > other.priority || (file.priority === other.priority && file.number < other.number));

/** Whose turn it is first: below 0 for the one before. */
const byTurn = (download: Download, other: Download): number => other.priority - download.priority || download.turnBytes - other.turnBytes || download.number - other.number;

/**
 * All downloads, those that fetch first in front, and the buffers of their pieces on the way. Those wanted as much as each
 * other take turns by bytes (start-time fair queueing), so that a small one does not wait until a large one is complete.
 */
export class Downloads {
  /** Buffers of all of them. */
  readonly room: Room;
  readonly #limits: SwarmLimits;
  /** Highest priority first, then who has fetched least. */
  #line: Download[] = [];
  /** The most that anybody had fetched, as turns count it, when its turn came. */
  #turnBytes: Bytes = 0;

  constructor(limits: SwarmLimits) {
    this.#limits = limits;
    this.room = new Room(limits.receiveBudgetBytes);
  }

  get line(): readonly Download[] {
    return this.#line;
  }

  get(number: DownloadNumber): Download | undefined {
    return this.#line.find((download) => download.number === number);
  }

  add(number: DownloadNumber, priority: PriorityRank, inOrder: boolean): void {
    this.#line.push(new Download(number, priority, inOrder, this.#limits.requestWindowBytes));
    this.#sort();
  }

  setPriority(number: DownloadNumber, priority: PriorityRank): void {
    const download = this.get(number);
    if (download !== undefined) download.priority = priority;
    this.#sort();
  }

  setInOrder(number: DownloadNumber, inOrder: boolean): void {
    const download = this.get(number);
    if (download !== undefined) download.inOrder = inOrder;
  }

  remove(gone: Download): void {
    this.#line = this.#line.filter((download) => download !== gone);
  }

  hasAnotherFor(peer: PeerState, peers: ReadonlyMap<PeerNumber, PeerState>): boolean {
    return this.#line.some((download) => download.hasAnotherFor(peer, peers));
  }

  begun({ file: { download }, bytes, isSlow }: Fetch): void {
    for (const room of [this.room, download.room]) room.take(bytes, isSlow);
    this.#takeTurn(download, bytes);
  }

  ended({ file: { download }, bytes, isSlow }: Fetch): void {
    for (const room of [this.room, download.room]) room.free(bytes, isSlow);
  }

  setAside({ file: { download }, bytes, isSlow }: Fetch): void {
    for (const room of [this.room, download.room]) room.setAside(bytes, isSlow);
  }

  freeAside({ file: { download }, bytes }: Fetch): void {
    for (const room of [this.room, download.room]) room.freeAside(bytes);
  }

  fits(now: Millis, { room }: Download, bytes: Bytes, isSlow: boolean): boolean {
    return this.room.fits(now, bytes, isSlow) && room.fits(now, bytes, isSlow);
  }

  /**
   * A fast peer found no room: slow ones keep to their half for a while if they hold more of it, or lately did. Returns
   * whether they do hold more.
   */
  contest(now: Millis, download: Download): boolean {
    for (const room of [this.room, download.room]) room.contest(now);
    return this.areHeldBySlow(download);
  }

  /** Whether slow peers hold more than half of what a download may use. */
  areHeldBySlow({ room }: Download): boolean {
    return this.room.isHeldBySlow || room.isHeldBySlow;
  }

  #takeTurn(download: Download, bytes: Bytes): void {
    const begins = Math.max(download.turnBytes, this.#turnBytes - mostSavedUp);
    this.#turnBytes = Math.max(this.#turnBytes, begins);
    download.turnBytes = begins + bytes;
    const line = this.#line;
    let at = line.indexOf(download);
    for (let next = line[at + 1]; next !== undefined && byTurn(next, download) < 0; next = line[at + 1]) line[at++] = next;
    line[at] = download;
  }

  #sort(): void {
    this.#line.sort(byTurn);
  }
}
