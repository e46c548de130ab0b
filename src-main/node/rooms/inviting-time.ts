import { hour } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';

/** Who was shown an invitation comes within this time, and is nobody we know. */
const invitingMs: Millis = 1 * hour;

/** The time in which whoever was invited may come; each invitation begins it anew. */
export class InvitingTime {
  readonly #elapsed: () => Millis;
  readonly #onOver: () => void;
  #endsAt: Millis = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  /** `elapsed` counts the time that the machine slept; `onOver` is called once when the time is over, after a sleep somewhat late. */
  constructor(elapsed: () => Millis, onOver: () => void) {
    this.#elapsed = elapsed;
    this.#onOver = onOver;
  }

  get lasts(): boolean {
    return this.#elapsed() < this.#endsAt;
  }

  begin(): void {
    this.close();
    this.#endsAt = this.#elapsed() + invitingMs;
    this.#timer = setTimeout(() => { this.end(); }, invitingMs).unref();
  }

  end(): void {
    this.close();
    this.#endsAt = -Infinity;
    this.#onOver();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
