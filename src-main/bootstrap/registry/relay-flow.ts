import { limits } from '#shared/limits.ts';
import type { Millis } from '#shared/units.ts';
import type { TokenBucket } from '../../core/rate/token-bucket.ts';

/** What a message that waits takes besides its bytes, roughly: or a million messages of one byte would count as one megabyte and take a hundred. */
const messageOverheadBytes = 512;

/** One direction of a relayed connection: whether more may be read from its source. */
export class RelayFlow {
  readonly #bucket: TokenBucket | null;
  #waitingBytes = 0;
  #isFull = false;

  /** `bucket`: what the connection may carry in a second, shared by both directions; null without a limit. */
  constructor(bucket: TokenBucket | null) {
    this.#bucket = bucket;
  }

  /** Whether something waits for the reader. */
  get isWaiting(): boolean {
    return this.#waitingBytes > 0;
  }

  /** A message has been read from the source. */
  taken(now: Millis, bytes: number): void {
    this.#waitingBytes += bytes + messageOverheadBytes;
    this.#bucket?.charge(now, bytes);
    if (this.#waitingBytes > limits.bootstrap.relayBufferBytes) this.#isFull = true;
  }

  /** It has gone out to the reader. */
  written(bytes: number): void {
    this.#waitingBytes -= bytes + messageOverheadBytes;
    if (this.#waitingBytes <= limits.bootstrap.relayBufferBytes / 2) this.#isFull = false;
  }

  /** How long nothing may be read from the source: 0 when it may, Infinity until the reader has taken more. */
  holdMs(now: Millis): Millis {
    return this.#isFull ? Infinity : (this.#bucket?.waitMs(now, 0) ?? 0);
  }
}
