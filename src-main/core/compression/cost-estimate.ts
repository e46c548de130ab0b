import { MiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** What an ordinary core takes for text; it counts as if so much had been measured, because a first small block may take its time. */
const usualMsPerByte = 4 / MiB;
const usualBytes = 1 * MiB;
/** What was measured is forgotten as new bytes are: after this many, half of it. */
const windowBytes = 8 * MiB;
/** What was measured this long ago says nothing of how busy the machine is now. */
const validMs = 5 * second;

/** Milliseconds a byte, out of what the latest bytes took. */
export class CostEstimate {
  #ms: Millis = usualBytes * usualMsPerByte;
  #bytes: Bytes = usualBytes;
  #at: Millis = -Infinity;

  note(now: Millis, bytes: Bytes, ms: Millis): void {
    this.#forgetOld(now);
    this.#at = now;
    this.#ms += ms;
    this.#bytes += bytes;
    if (this.#bytes < windowBytes) return;
    this.#ms /= 2;
    this.#bytes /= 2;
  }

  msPerByte(now: Millis): number {
    this.#forgetOld(now);
    return this.#ms / this.#bytes;
  }

  #forgetOld(now: Millis): void {
    if (now - this.#at <= validMs) return;
    this.#at = now;
    this.#ms = usualBytes * usualMsPerByte;
    this.#bytes = usualBytes;
  }
}
