import { MiB } from '#shared/units.ts';
import type { Receiver, SmallFile, SmallOutcome } from '../../ports/receiver.ts';

const maxFiles = 128;
const maxBytes = 2 * MiB;

/**
 * Collects small files, so that one trip to the disk worker serves many of them: while one batch is being written, those
 * that arrive meanwhile wait together, up to a full batch.
 */
export class SmallFileBatch {
  readonly #receiver: Receiver;
  #waiting: { file: SmallFile; settle: (outcome: SmallOutcome) => void }[] = [];
  #bytes = 0;
  #scheduled = false;
  #underway = 0;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Never rejects: what goes wrong is an outcome. */
  write(file: SmallFile): Promise<SmallOutcome> {
    return new Promise((settle) => {
      this.#waiting.push({ file, settle });
      this.#bytes += file.data.length;
      if (this.#waiting.length >= maxFiles || this.#bytes >= maxBytes) void this.#send();
      else if (this.#underway === 0) this.#sendSoon();
    });
  }

  #sendSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    this.#underway++;
    const outcomes = await this.#receiver.writeSmall(batch.map(({ file }) => file)).catch(
      (error: unknown): SmallOutcome[] => batch.map(() => ({ kind: 'error', error: { code: 'disk-error', params: { detail: String(error) } } })),
    );
    this.#underway--;
    batch.forEach(({ settle }, at) => { settle(outcomes[at] ?? { kind: 'error', error: { code: 'internal' } }); });
    this.#sendSoon();
  }
}
