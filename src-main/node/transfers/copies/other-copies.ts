import type { ContentId } from '#shared/ids.ts';
import type { DownloadContext } from '../download/download-context.ts';
import type { EqualFile } from './equal-files.ts';
import { copyAsItComes, copyLocally, type CopiedFile, type WritePiece } from './local-copy.ts';

/** What this device has of a file somewhere else, also while it is fetched there. */
export class OtherCopies {
  readonly #context: Pick<DownloadContext, 'equal' | 'library'>;
  readonly #into: CopiedFile;
  readonly #write: WritePiece;
  /** Another file of this content, whose pieces are copied as they come. */
  #first: EqualFile | null = null;

  constructor(context: Pick<DownloadContext, 'equal' | 'library'>, into: CopiedFile, write: WritePiece) {
    this.#context = context;
    this.#into = into;
    this.#write = write;
  }

  get first(): EqualFile | null {
    return this.#first;
  }

  /** A file of one piece: whether it lies in a share, and could be copied from there. */
  async takeWhole(id: ContentId): Promise<boolean> {
    const local = await this.#context.library.findFile({ kind: 'self' }, id);
    return local !== null && copyLocally(local, this.#into, this.#write);
  }

  /** Returns when the rest has to be fetched for this file, or when it has ended. */
  async take(id: ContentId): Promise<void> {
    const { equal, library } = this.#context;
    const into = this.#into;
    while (!into.hasEnded) {
      const local = (await library.findFile({ kind: 'self' }, id)) ?? equal.wholeAt(id);
      if (local !== null && (await copyLocally(local, into, this.#write))) return;
      const first = equal.join(id, into);
      if (first === null) return;
      this.#first = first;
      const isOver = await copyAsItComes(id, first, into, equal, this.#write).finally(() => { this.#first = null; });
      if (into.verified.isFull) return;
      const { rings } = equal.bell;
      if (isOver || !equal.isJoined(id, first)) continue;
      if (!first.verified.isFull) return;
      // It is just being given its name: then it lies there whole.
      await equal.bell.after(rings, into.stopSignal);
    }
  }
}
