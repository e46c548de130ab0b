import type { ShareId } from '#shared/ids.ts';
import type { Millis } from '#shared/units.ts';

/** A share is told of at most this often. */
const everyMs: Millis = 500;
/** What changes together is told together: the first word waits this long. */
const gatherMs: Millis = 50;

/** Gathers changes of shares, so that listeners hear of each share at once and then at most twice a second. */
export class Announcer {
  readonly #announce: (share: ShareId, listing: boolean) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #waiting = new Map<ShareId, { timer: NodeJS.Timeout; listing: boolean }>();
  readonly #lastAt = new Map<ShareId, number>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  /** `announce`: tells the listeners; `listing`: what viewers see of the share has changed. */
  constructor(announce: (share: ShareId, listing: boolean) => Promise<void>, failed: (error: unknown) => void) {
    this.#announce = announce;
    this.#failed = failed;
  }

  changed(share: ShareId, listing: boolean): void {
    if (this.#closed) return;
    const waiting = this.#waiting.get(share);
    if (waiting !== undefined) {
      waiting.listing ||= listing;
      return;
    }
    const sinceLast = performance.now() - (this.#lastAt.get(share) ?? -Infinity);
    const timer = setTimeout(() => this.#tell(share), Math.max(gatherMs, everyMs - sinceLast));
    this.#waiting.set(share, { timer, listing });
  }

  forget(share: ShareId): void {
    clearTimeout(this.#waiting.get(share)?.timer);
    this.#waiting.delete(share);
    this.#lastAt.delete(share);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const share of [...this.#waiting.keys()]) this.forget(share);
    await Promise.all(this.#running);
  }

  #tell(share: ShareId): void {
    const listing = this.#waiting.get(share)?.listing ?? false;
    this.#waiting.delete(share);
    this.#lastAt.set(share, performance.now());
    const task = this.#announce(share, listing).catch(this.#failed).finally(() => this.#running.delete(task));
    this.#running.add(task);
  }
}
