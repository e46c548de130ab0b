import type { FileTarget, Receiver } from '../../ports/receiver.ts';

const filesAtOnce = 256;

/**
 * Finds out whether small files are there already, so that none is fetched for nothing: many in one trip to the disk
 * worker, those together that were asked for while it was away.
 */
export class ExistingFiles {
  readonly #receiver: Receiver;
  #waiting: { target: FileTarget; settle: (path: string | null) => void }[] = [];
  #isLooking = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Path of an identical, verified file under the target's name, else null. */
  find(target: FileTarget): Promise<string | null> {
    if (target.root === null) return Promise.resolve(null);
    return new Promise((settle) => {
      this.#waiting.push({ target, settle });
      if (this.#isLooking) return;
      this.#isLooking = true;
      setImmediate(() => { void this.#look(); });
    });
  }

  async #look(): Promise<void> {
    while (this.#waiting.length > 0) {
      const part = this.#waiting.splice(0, filesAtOnce);
      // What cannot be read counts as different: ours is put beside it.
      const found = await this.#receiver.existing(part.map(({ target }) => target)).catch(() => []);
      part.forEach(({ settle }, at) => { settle(found[at] ?? null); });
    }
    this.#isLooking = false;
  }
}
