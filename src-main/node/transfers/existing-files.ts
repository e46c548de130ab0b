import type { FileTarget, Receiver } from '../ports/receiver.ts';

const filesAtOnce = 256;

/** Finds out whether small files are there already, many in one trip to the disk worker, so that none is fetched for nothing. */
export class ExistingFiles {
  readonly #receiver: Receiver;
  #waiting: { target: FileTarget; settle: (path: string | null) => void }[] = [];

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Path of an identical, verified file under the target's name, else null. */
  find(target: FileTarget): Promise<string | null> {
    if (target.root === null) return Promise.resolve(null);
    return new Promise((settle) => {
      this.#waiting.push({ target, settle });
      if (this.#waiting.length === 1) setImmediate(() => { void this.#look(); });
    });
  }

  async #look(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < all.length; from += filesAtOnce) {
      const part = all.slice(from, from + filesAtOnce);
      // What cannot be read counts as different: ours is put beside it.
      const found = await this.#receiver.existing(part.map(({ target }) => target)).catch(() => []);
      part.forEach(({ settle }, at) => { settle(found[at] ?? null); });
    }
  }
}
