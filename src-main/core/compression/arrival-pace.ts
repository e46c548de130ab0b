import { second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** When this much waiting is counted, both sums are halved: what is older counts less and less. */
const windowMs = 2 * second;
/** Before so much waiting nothing is said: a first block that comes late would make a fast line look slow. */
const enoughMs = second / 2;

/**
 * How fast bytes arrive while some are being waited for. Time without an open request does not count: then it is our own
 * disk, limit or want of pieces that takes its time, not the line. Bytes are those of the line, compressed ones as they
 * came. Costs an addition a block.
 */
export class ArrivalPace {
  #open = 0;
  #at: Millis = 0;
  #waitedMs: Millis = 0;
  #bytes: Bytes = 0;

  asked(now: Millis): void {
    if (this.#open++ === 0) this.#at = now;
  }

  /** A request is over; `bytes` came for it. */
  ended(now: Millis, bytes: Bytes): void {
    if (this.#open === 0) return;
    this.#open--;
    this.#waitedMs += Math.max(0, now - this.#at);
    this.#at = now;
    this.#bytes += bytes;
    if (this.#waitedMs < windowMs) return;
    this.#waitedMs /= 2;
    this.#bytes /= 2;
  }

  /** Bytes/s; null while too little was waited for. */
  get bytesPerSecond(): number | null {
    return this.#waitedMs < enoughMs ? null : (this.#bytes * second) / this.#waitedMs;
  }
}
