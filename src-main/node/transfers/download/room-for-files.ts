import { limits } from '#shared/limits.ts';
import type { DownloadFile } from '../file/download-file.ts';
import { rankOf } from '../ranks.ts';
import type { FileRecord } from '../records.ts';

/** Large files at once: each holds a journal and a buffer window. */
const largeFilesAtOnce = 4;
/** Files of any size at once. */
const filesAtOnce = limits.transfer.filesOpenAtOnce * 2;
/** Once so many are open, small ones are begun again when half of them are done: many together cost less than one after the other. */
const beginAgainAt = filesAtOnce / 2;

/** How many files of one download are fetched by themselves at once. Those that the user wants less hold nothing up: they are open besides, and asked for nothing while others want something. */
export class RoomForFiles {
  readonly #open: ReadonlyMap<number, DownloadFile>;
  /** So many were open that the next small ones wait for `beginAgainAt`. */
  #isFull = false;

  constructor(open: ReadonlyMap<number, DownloadFile>) {
    this.#open = open;
  }

  /** Whether a file that has just ended made enough room to go on. */
  get isWorthALook(): boolean {
    return !this.#isFull || this.#open.size <= beginAgainAt;
  }

  fits({ bytes, priority }: Pick<FileRecord, 'bytes' | 'priority'>): boolean {
    const isSmall = bytes <= limits.content.minPieceBytes;
    const most = isSmall && this.#isFull ? beginAgainAt + 1 : filesAtOnce;
    this.#isFull = false;
    if (isSmall && this.#open.size < most) return true;
    let [all, large] = [0, 0];
    for (const file of this.#open.values()) {
      if (file.rank < rankOf[priority]) continue;
      all++;
      if (!file.isSmall) large++;
    }
    const hasRoom = all < most && (isSmall || large < largeFilesAtOnce);
    this.#isFull = isSmall && !hasRoom && all === this.#open.size;
    return hasRoom;
  }
}
