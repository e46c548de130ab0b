import type { Bytes } from '#shared/units.ts';
import type { DownloadNumber, PeerNumber, PriorityRank } from './events.ts';
import type { FileState } from './file-state.ts';

/** One download: its files, and which of them still want something. */
export class Download {
  readonly number: DownloadNumber;
  priority: PriorityRank;
  /** Somebody watches it while it arrives: files one after the other, pieces from the beginning to the end. */
  inOrder: boolean;
  readonly files = new Set<FileState>();
  /** Reserved for pieces on their way or being written: what a crash could make us fetch again. */
  inFlightBytes: Bytes = 0;
  readonly #wanting: FileState[] = [];

  constructor(number: DownloadNumber, priority: PriorityRank, inOrder: boolean) {
    this.number = number;
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

  /** Whether a peer has something that is missed and that nobody fetches. */
  isServedBy(peer: PeerNumber): boolean {
    return this.#wanting.some((file) => (file.content.members.get(peer)?.useful ?? 0) > 0);
  }
}

const comesBefore = (file: FileState, other: FileState | undefined): boolean =>
  other !== undefined && (file.priority > other.priority || (file.priority === other.priority && file.number < other.number));

/** All downloads, those that fetch first in front. */
export class Downloads {
  /** Highest priority first, then oldest first. */
  #line: Download[] = [];

  get line(): readonly Download[] {
    return this.#line;
  }

  get(number: DownloadNumber): Download | undefined {
    return this.#line.find((download) => download.number === number);
  }

  add(number: DownloadNumber, priority: PriorityRank, inOrder: boolean): void {
    this.#line.push(new Download(number, priority, inOrder));
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

  #sort(): void {
    this.#line.sort((a, b) => b.priority - a.priority || a.number - b.number);
  }
}
