import { MiB } from '#shared/units.ts';
import type { Receiver, SmallFile, SmallOutcome } from '../ports/receiver.ts';

const maxFiles = 128;
const maxBytes = 2 * MiB;

/** Collects small files that arrive together, so that one trip to the disk worker serves many of them. */
export class SmallFileBatch {
  readonly #receiver: Receiver;
  #waiting: { file: SmallFile; settle: (outcome: SmallOutcome) => void }[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Never rejects: what goes wrong is an outcome. */
  write(file: SmallFile): Promise<SmallOutcome> {
    return new Promise((settle) => {
      this.#waiting.push({ file, settle });
      this.#bytes += file.data.length;
      if (this.#waiting.length >= maxFiles || this.#bytes >= maxBytes) return void this.#send();
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => { void this.#send(); });
    });
  }

  async #send(): Promise<void> {
    this.#scheduled = false;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    const outcomes = await this.#receiver.writeSmall(batch.map(({ file }) => file)).catch(
      (error: unknown): SmallOutcome[] => batch.map(() => ({ kind: 'error', error: { code: 'disk-error', params: { detail: String(error) } } })),
    );
    batch.forEach(({ settle }, at) => { settle(outcomes[at] ?? { kind: 'error', error: { code: 'internal' } }); });
  }
}
