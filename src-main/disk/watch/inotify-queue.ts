import { readFileSync } from 'node:fs';

const usualLength = 16_384;

function lengthHere(): number {
  try {
    const length = Number.parseInt(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'ascii'), 10);
    return length > 0 ? length : usualLength;
  } catch {
    return usualLength;
  }
}

/**
 * Changes in folders that a process has not read yet wait in one queue of the kernel. When that is full the rest is
 * dropped, and Node does not say so (libuv reads the queue until it is empty and ignores IN_Q_OVERFLOW). Hence: who
 * gets half as many in one turn of the loop as the queue can hold has to expect that others are missing.
 */
export class InotifyQueue {
  readonly #enough: number;
  readonly #listeners = new Set<() => void>();
  #inThisTurn = 0;

  /** `length`: events that the kernel keeps for a process. */
  constructor(length = lengthHere()) {
    this.#enough = Math.max(1, length >> 1);
  }

  /** Counts one event that was read. */
  read(): void {
    if (this.#inThisTurn === 0) setImmediate(() => { this.#inThisTurn = 0; });
    this.#inThisTurn++;
    if (this.#inThisTurn === this.#enough) for (const listener of this.#listeners) listener();
  }

  /** `listener` hears of it when changes may be missing. Returns the function that ends this. */
  onMissing(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }
}
