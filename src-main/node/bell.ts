/**
 * Tells waiters that something changed. Who waits names the last ring it knows of, so that a ring between looking and
 * waiting is not lost.
 */
export class Bell {
  #rings = 0;
  readonly #waiting = new Set<() => void>();

  /** How often it rang; read before looking. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves with the first ring after `seen`, at once when there was one, or when the signal fires: whoever waits looks at it. */
  after(seen: number, signal: AbortSignal): Promise<void> {
    if (seen !== this.#rings || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
